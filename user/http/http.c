/* SPDX-License-Identifier: MIT */
/*
 * The engine, and the callbacks through which stream delivers bytes. Each
 * callback leaves every message in memory of its own: stream reuses the chunk
 * afterwards.
 */
#include "http/conn.h"
#include "http/decode_pool.h"
#include "http/driver.h"
#include "http/exchange.h"
#include "http/http.h"
#include "http/identity.h"
#include "http/on_proxy.h"
#include "http/pair.h"
#include "http/progress.h"
#include "http/resync.h"
#include "http/room.h"
#include "http/secure.h"
#include "http/times.h"
#include "http/withdraw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How long a cached block of memory may stay unused. */
#define DECAY_NS (10 * 1000000000ull)
/* Connections that one http_tick() examines. */
#define TICK_MAX 4096u
/* How often each is examined while progress_ns passes: silent responses are
 * reported that much later at most. */
#define PROGRESS_VISITS 4

struct http_engine *http_new(const struct http_conf *conf)
{
	struct http_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->conf = *conf;
	e->conf.collector = NULL;
	e->id_seed = identity_seed(conf->collector);
	store_init(&e->store, conf->memory_limit);
	e->decoders = decode_pool_new(&e->store, &e->now_ns);
	e->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!e->decoders || !e->sha256) {
		EVP_MD_free(e->sha256);
		decode_pool_free(e->decoders);
		free(e);
		errno = ENOMEM;
		return NULL;
	}
	return e;
}

void http_free(struct http_engine *e)
{
	if (!e)
		return;
	decode_pool_free(e->decoders);
	store_destroy(&e->store);
	while (e->n_free_md)
		EVP_MD_CTX_free(e->free_md[--e->n_free_md]);
	EVP_MD_free(e->sha256);
	conn_free_all(e);
	free(e);
}

void http_set(struct http_engine *e, uint64_t body_limit, bool body_hash)
{
	e->conf.body_limit = body_limit;
	e->conf.body_hash = body_hash;
}

/* Has the exchange waited too long for its other half? While a message is in
 * progress, waits() decides. */
static bool is_overdue(const struct conn *c, const struct exchange *x,
		       uint64_t now_ns)
{
	const struct http_conf *conf = &c->engine->conf;
	const struct msg *m = x->rsp ? x->rsp : x->req;
	bool patient = x->list == LIST_REQUESTS && !c->rsp_hole;

	if (m && !m->complete)
		return false;
	/* the response before that to this request */
	if (x->list == LIST_REQUESTS && c->dir[STREAM_S2C ^ c->swap].msg)
		return false;
	return !m || m->last_ns + (patient ? conf->response_timeout_ns
					   : conf->request_timeout_ns) <=
			     now_ns;
}

static struct exchange *find_overdue(const struct conn *c, uint64_t now_ns)
{
	struct exchange *x = queue_oldest(c), *other;

	if (!x || is_overdue(c, x, now_ns))
		return x;
	other = x == c->requests ? c->responses : c->requests;
	return other && is_overdue(c, other, now_ns) ? other : NULL;
}

/* Emits exchanges that have waited too long for their other half. */
static void expire(struct conn *c, uint64_t now_ns)
{
	struct exchange *x;

	if (!find_overdue(c, now_ns))
		return;
	pair_settle(c);
	/* the other half may still arrive */
	while ((x = find_overdue(c, now_ns)))
		exchange_give_up(c, x, HTTP_F_TIMEOUT);
}

void http_tick(struct http_engine *e, uint64_t now_ns)
{
	const struct http_conf *conf = &e->conf;
	uint64_t timeout = conf->request_timeout_ns < conf->response_timeout_ns
				   ? conf->request_timeout_ns
				   : conf->response_timeout_ns;

	if (conf->progress_ns && conf->progress_ns / PROGRESS_VISITS < timeout)
		timeout = conf->progress_ns / PROGRESS_VISITS;
	if (now_ns > e->now_ns)
		e->now_ns = now_ns;
	for (unsigned int i = 0; i < TICK_MAX; i++) {
		struct waiting *w = e->oldest;
		struct conn *c;

		if (!w || w->since_ns + timeout > now_ns)
			break;
		c = w->conn;
		conn_list_again(c);
		progress_check(c, now_ns);
		expire(c, now_ns);
		if (!conn_pending(c))
			conn_unlist(c);
	}
	if (e->now_ns - e->decayed_ns >= DECAY_NS) {
		e->decayed_ns = e->now_ns;
		store_decay(&e->store);
	}
	e->stats.memory_used = e->store.used;
}

const struct http_stats *http_stats(const struct http_engine *e)
{
	return &e->stats;
}

/* Ends each callback from stream. */
static void end_call(struct conn *c)
{
	struct http_engine *e = c->engine;

	if (c->waiting && !conn_pending(c))
		conn_unlist(c);
	if (__builtin_expect(e->secured != NULL, 0))
		secure_finish(c);
	e->stats.memory_used = e->store.used;
}

static void *http_open(void *ctx, struct stream_flow *flow,
		       const struct stream_tuple *tuple)
{
	struct http_engine *e = ctx;
	struct conn *c = conn_new(e);

	if (!c)
		return NULL;
	c->flow = flow;
	c->engine = e;
	c->roles_known = tuple->client_known;
	if (tuple->origin.known)
		proxy_carried(e, &tuple->origin, &c->proxied);
	if (tuple->midstream) {
		c->midstream = true;
		c->dir[0].state = c->dir[1].state = DIR_RESYNC;
		c->req_hole = HOLE_MAYBE;
		c->rsp_hole = true;
		c->handshake = tuple->client_known;
		c->assumed = !c->handshake;
	}
	return c;
}

static void http_data(void *proto, enum stream_dir dir,
		      const struct stream_chunk *chunk)
{
	struct conn *c = proto;
	struct http_engine *e = c->engine;

	if (chunk->ts_ns > e->now_ns)
		e->now_ns = chunk->ts_ns;
	e->stats.bytes_in += chunk->len;
	room_make(e);
	e->chunk = chunk->data;
	e->chunk_end = chunk->data + chunk->len;
	e->ambiguous = chunk->ambiguous;
	if (chunk->ambiguous && c->dir[dir].msg)
		c->dir[dir].msg->ambiguous = true;
	if (times_kept(c))
		times_chunk(c, dir, chunk);
	if (e->conf.progress_ns)
		progress_check(c, chunk->ts_ns);
	drive_bytes(c, dir, chunk);
	c->dir[dir].pos = chunk->offset + chunk->len;
	e->chunk = e->chunk_end = NULL;
	end_call(c);
}

static void http_gap(void *proto, enum stream_dir dir, uint64_t len,
		     enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct conn *c = proto;

	drive_gap(c, dir, len, kind, ts_ns);
	end_call(c);
}

static uint8_t http_mark(const void *proto, enum stream_dir dir)
{
	return withdraw_mark(proto, dir);
}

static enum stream_resume http_withdraw(void *proto, enum stream_dir dir,
					uint64_t offset, uint8_t mark,
					bool repeated)
{
	struct conn *c = proto;
	enum stream_resume resume;

	resume = withdraw(c, dir, offset, mark, repeated);
	end_call(c);
	return resume;
}

static void http_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	struct conn *c = proto;

	c->dir[dir].fin = true;
	drive_end(c, dir, true, ts_ns);
	end_call(c);
}

static void http_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	struct conn *c = proto;
	struct http_engine *e = c->engine;
	uint32_t flags = why == STREAM_END_IDLE	     ? HTTP_F_TIMEOUT
			 : why == STREAM_END_EVICTED ? HTTP_F_EVICTED
						     : 0;

	e->end_flags = flags;
	drive_end(c, STREAM_C2S, false, ts_ns);
	drive_end(c, STREAM_S2C, false, ts_ns);
	e->end_flags = 0;
	pair_last(c);
	queue_emit(c, flags);
	if (!c->seen && c->dir[0].state != DIR_NOT_HTTP &&
	    (c->dir[0].scanned || c->dir[1].scanned))
		e->stats.not_http++; /* too few bytes to decide earlier */
	secure_forget(e);
	conn_unlist(c);
	proxy_forget(e, &c->proxied);
	conn_free(e, c);
	e->stats.memory_used = e->store.used;
}

/* A response is awaited or under way. */
static bool http_waits(const void *proto)
{
	const struct conn *c = proto;
	const struct http_engine *e = c->engine;
	const struct msg *m = c->dir[STREAM_S2C ^ c->swap].msg;

	if (!m && c->requests)
		m = c->requests->req;
	return m && m->last_ns + e->conf.response_timeout_ns > e->now_ns;
}

static void http_prefetch(const void *proto)
{
	__builtin_prefetch(proto);
	__builtin_prefetch((const uint8_t *)proto + 64);
}

const struct stream_protocol http_protocol = {
	.open = http_open,
	.data = http_data,
	.gap = http_gap,
	.mark = http_mark,
	.withdraw = http_withdraw,
	.fin = http_fin,
	.close = http_close,
	.prefetch = http_prefetch,
	.waits = http_waits,
};
