/* SPDX-License-Identifier: MIT */
/* The engine, and the callbacks through which stream delivers bytes. */
#include "http2/http2.h"

#include <stdlib.h>
#include <string.h>

#include "http/message.h"
#include "http/on_proxy.h"
#include "http/room.h"
#include "http/successor.h"
#include "http2/driver.h"
#include "http2/head.h"
#include "http2/messages.h"
#include "http2/progress.h"
#include "http2/streams.h"
#include "stream/hand_over.h"

/* Streams that one http2_tick() examines. */
#define TICK_MAX 4096u
/* What the peer of a reset sends in the meantime is waited for as long. */
#define RESET_NS (1000000000ull)

const struct http2_stats *http2_stats(const struct http2_engine *e)
{
	return &e->stats;
}

void http2_tick(struct http2_engine *e, uint64_t now_ns)
{
	const struct http_conf *conf = &e->http->conf;

	if (conf->progress_ns)
		h2_progress_check(e, now_ns);
	for (unsigned int i = 0; i < TICK_MAX; i++) {
		struct h2_stream *s = e->active.oldest;
		uint64_t timeout;

		if (!s)
			break;
		timeout = s->half[H2_REQUEST].msg ? conf->response_timeout_ns
						  : conf->request_timeout_ns;
		if (s->touched_ns + timeout > now_ns)
			break;
		h2_finish(s, HTTP_F_TIMEOUT);
	}
	for (unsigned int i = 0; i < TICK_MAX; i++) {
		struct h2_stream *s = e->reset.oldest;

		if (!s || s->touched_ns + RESET_NS > now_ns)
			break;
		h2_finish(s, 0);
	}
	e->http->stats.memory_used = e->http->store.used;
}

/* --- room in the memory ----------------------------------------------------- */

static void unlist(struct h2_conn *c)
{
	struct http2_engine *e = c->engine;

	if (!c->listed)
		return;
	c->listed = false;
	*(c->idler ? &c->idler->busier : &e->idle) = c->busier;
	*(c->busier ? &c->busier->idler : &e->busy) = c->idler;
}

/* The connection did something: it becomes the last one to lose its tables. */
static void touch(struct h2_conn *c)
{
	struct http2_engine *e = c->engine;

	c->touched_ns = e->http->now_ns;
	if (!c->dir[0].hpack_cost && !c->dir[1].hpack_cost) {
		unlist(c);
		return;
	}
	if (c->listed && !c->busier)
		return;
	unlist(c);
	c->listed = true;
	c->idler = e->busy;
	c->busier = NULL;
	*(e->busy ? &e->busy->busier : &e->idle) = c;
	e->busy = c;
}

/* The fields of its messages that refer to them will not be known. */
static void evict_tables(struct h2_conn *c)
{
	unlist(c);
	for (unsigned int i = 0; i < 2; i++) {
		if (!c->dir[i].hpack)
			continue;
		h2_table_free(c, &c->dir[i]);
		c->dir[i].table_lost = true;
	}
}

static bool evict(void *ctx, uint64_t since_ns)
{
	struct http2_engine *e = ctx;
	struct h2_stream *s = e->active.oldest;
	struct h2_conn *c = e->idle;

	if (e->reset.oldest) {
		h2_finish(e->reset.oldest, 0);
		return true;
	}
	if (c && (!s || c->touched_ns < s->touched_ns)) {
		if (c->touched_ns > since_ns)
			return false;
		e->http->stats.memory_limit++;
		evict_tables(c);
		return true;
	}
	if (!s || s->touched_ns > since_ns)
		return false;
	e->http->stats.memory_limit++;
	h2_finish(s, HTTP_F_EVICTED);
	return true;
}

/* --- connections ---------------------------------------------------------- */

/* The first bytes of a client that sends the preface, as far as they go. Every
 * connection is asked for it: most are not HTTP/2. */
static bool is_preface(const uint8_t *p, size_t n)
{
	return p[0] == PREFACE[0] &&
	       !memcmp(p, PREFACE, n < PREFACE_LEN ? n : PREFACE_LEN);
}

/* The first frame of a server is SETTINGS (RFC 9113 section 3.4). */
static bool is_server_start(const uint8_t *p, size_t n)
{
	static const uint8_t zero[4];
	struct frame_chain c;

	if (n < FRAME_HEADER)
		return !p[0] && (n < 2 || p[1] <= 2) &&
		       (n < 4 || p[3] == FRAME_SETTINGS) && (n < 5 || !p[4]) &&
		       (n < 6 || !memcmp(p + 5, zero, n - 5));
	if (p[3] != FRAME_SETTINGS)
		return false;
	c = frame_chain(p, n);
	return c.n && !c.broken;
}

/* Of a connection joined midway, or in which HTTP/1 found nothing. */
static bool claims_chunk(const uint8_t *p, size_t n)
{
	const struct frame_chain c = frame_chain(p, n);

	return frame_chain_convincing(&c) || frame_long_headers(p, n) ||
	       frame_chain_within(p, n);
}

static bool claims(const struct stream_tuple *tuple, const uint8_t *data,
		   size_t len)
{
	if (!len)
		return false;
	if (is_preface(data, len))
		return len >= PREFACE_LEN || !tuple->midstream;
	if (!tuple->midstream)
		return is_server_start(data, len);
	return claims_chunk(data, len);
}

static struct h2_conn *conn_new(struct http2_engine *e,
				struct stream_flow *flow)
{
	struct h2_conn *c;
	size_t cap;

	c = store_alloc(&e->http->store, sizeof(*c), &cap);
	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->cap = cap;
	c->engine = e;
	c->flow = flow;
	c->dir[STREAM_C2S].state = H2_DIR_PREFACE;
	c->dir[STREAM_S2C].state = H2_DIR_HEADER;
	return c;
}

static void *h2_open(void *ctx, struct stream_flow *flow,
		     const struct stream_tuple *tuple)
{
	struct h2_conn *c = conn_new(ctx, flow);

	if (!c)
		return NULL;
	c->roles_known = tuple->client_known;
	c->midstream = tuple->midstream;
	if (tuple->origin.known)
		proxy_carried(c->engine->http, &tuple->origin, &c->proxied);
	return c;
}

/* Joined midway: both directions may start anywhere. */
static void join(struct h2_conn *c)
{
	for (unsigned int i = 0; i < 2; i++) {
		if (c->dir[i].state == H2_DIR_PREFACE && c->dir[i].left)
			continue;
		h2_lose(c, (enum stream_dir)i);
	}
}

/* A PROXY header came first, or part of it. */
static void follow_header(struct h2_conn *c, const struct http_takeover *t)
{
	const enum stream_dir client = h2_dir_of(c, H2_REQUEST);

	c->dir[client].state = H2_DIR_PREFACE;
	c->dir[client].proxy_left = t->proxy_left;
	c->dir[client ^ 1].state = H2_DIR_HEADER;
	if (t->line) {
		c->dir[client].left = SUCCESSOR_LINE_LEN;
		c->proven = true;
		c->engine->stats.connections++;
	}
	if (!t->server_known)
		h2_lose(c, (enum stream_dir)(client ^ 1));
}

/* A connection that HTTP/1 began with. */
static void *take(void *ctx, const struct http_takeover *t)
{
	struct http2_engine *e = ctx;
	struct h2_conn *c = conn_new(e, t->flow);

	stream_hand_over(t->flow, &http2_protocol, c);
	if (!c) {
		msg_free(e->http, t->request);
		for (struct msg *m = t->interim, *next; m; m = next) {
			next = m->next;
			msg_free(e->http, m);
		}
		proxy_forget(e->http, &(struct proxied *){t->proxied});
		return NULL;
	}
	memcpy(c->id, t->id, sizeof(c->id));
	c->swap = t->swap;
	c->roles_known = t->roles_known;
	c->midstream = t->midstream;
	c->proxied = t->proxied;
	c->begun = true;
	if (t->reason == TAKEOVER_PROXIED) {
		follow_header(c, t);
	} else if (t->reason == TAKEOVER_UPGRADED) {
		c->dir[h2_dir_of(c, H2_REQUEST)].state = H2_DIR_PREFACE;
		c->dir[h2_dir_of(c, H2_RESPONSE)].state = H2_DIR_HEADER;
		c->proven = true;
		e->stats.connections++;
		h2_upgrade(c, t->request, t->interim);
	} else {
		join(c);
	}
	return c;
}

/* The first bytes of a connection whose start was not captured. */
static void begin(struct h2_conn *c, enum stream_dir dir,
		  const struct stream_chunk *chunk)
{
	c->begun = true;
	if (!c->midstream)
		return;
	if (chunk->len >= PREFACE_LEN && is_preface(chunk->data, chunk->len)) {
		/* only the handshake is missing */
		c->swap = dir != STREAM_C2S;
		c->roles_known = true;
		c->dir[dir].state = H2_DIR_PREFACE;
		c->dir[dir ^ 1].state = H2_DIR_HEADER;
		return;
	}
	join(c);
}

static void conn_free(struct h2_conn *c)
{
	struct http_engine *http = c->engine->http;

	h2_dir_free(c, STREAM_C2S);
	h2_dir_free(c, STREAM_S2C);
	while (c->first)
		h2_stream_close(c->first);
	h2_streams_free(c);
	proxy_forget(http, &c->proxied);
	unlist(c);
	store_free(&http->store, c, c->cap);
	http->stats.memory_used = http->store.used;
}

/* The connection is not HTTP/2: HTTP/1 gets it, with what is held of the chunk. */
static void hand_back(struct h2_conn *c, enum stream_dir dir,
		      const struct stream_chunk *chunk,
		      const struct h2_input *in)
{
	struct http2_engine *e = c->engine;
	struct stream_flow *flow = c->flow;
	const struct h2_dir *d = &c->dir[dir];
	const bool begins = d->state == H2_DIR_PREFACE;
	const size_t held = begins ? d->block_len : 0;
	const size_t preface = begins && !held ? d->left : 0;
	uint8_t header[PROXY_PARSE_MAX];
	struct stream_chunk first = {
		.data = held ? header : (const uint8_t *)PREFACE,
		.len = held + preface,
		.ts_ns = c->began_ns,
		.acked = STREAM_UNKNOWN,
	};
	struct stream_chunk rest = *chunk;
	struct stream_tuple tuple;
	struct proxied *proxied = c->proxied;
	void *proto;

	e->stats.not_http2++;
	rest.data = in->p;
	rest.len = (size_t)(in->end - in->p);
	rest.offset = in->offset;
	first.offset = rest.offset - first.len;
	e->stats.bytes_in -= rest.len + first.len;
	e->stats.bytes_framing -= preface;
	e->stats.bytes_buffered -= held;
	if (held)
		memcpy(header, d->block, held);
	c->dir[dir].block_len -= (uint32_t)held;
	c->proxied = NULL;
	conn_free(c);
	proto = http_protocol.open(e->http, flow,
				   stream_flow_tuple(flow, &tuple));
	stream_hand_over(flow, &http_protocol, proto);
	proxy_adopt(e->http, proto, &proxied);
	if (!proto)
		return;
	if (first.len)
		http_protocol.data(proto, dir, &first);
	http_protocol.data(proto, dir, &rest);
}

static void h2_data(void *proto, enum stream_dir dir,
		    const struct stream_chunk *chunk)
{
	struct h2_conn *c = proto;
	struct http_engine *http = c->engine->http;
	struct h2_input in = {
		.p = chunk->data,
		.end = chunk->data + chunk->len,
		.offset = chunk->offset,
		.ts_ns = chunk->ts_ns,
		.acked = chunk->acked,
	};
	bool ok;

	if (chunk->ts_ns > http->now_ns)
		http->now_ns = chunk->ts_ns;
	c->engine->stats.bytes_in += chunk->len;
	room_make(http);
	if (http->conf.progress_ns)
		h2_progress_check(c->engine, chunk->ts_ns);
	if (!c->begun)
		begin(c, dir, chunk);
	http->chunk = chunk->data;
	http->chunk_end = chunk->data + chunk->len;
	http->ambiguous = chunk->ambiguous;
	ok = h2_drive(c, dir, &in);
	touch(c);
	msg_save_pending(http);
	http->chunk = http->chunk_end = NULL;
	http->stats.memory_used = http->store.used;
	if (!ok)
		hand_back(c, dir, chunk, &in);
}

static void h2_gap(void *proto, enum stream_dir dir, uint64_t len,
		   enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct h2_conn *c = proto;

	c->begun = true;
	h2_drive_gap(c, dir, len, kind, ts_ns);
	msg_save_pending(c->engine->http);
	c->engine->http->stats.memory_used = c->engine->http->store.used;
}

static void h2_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	/* the other direction may still answer */
	(void)proto;
	(void)dir;
	(void)ts_ns;
}

static void h2_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	struct h2_conn *c = proto;
	uint32_t flags = why == STREAM_END_IDLE	     ? HTTP_F_TIMEOUT
			 : why == STREAM_END_EVICTED ? HTTP_F_EVICTED
						     : 0;

	(void)ts_ns;
	if (!c->proven)
		c->engine->stats.not_http2++;
	while (c->first)
		h2_finish(c->first, flags);
	conn_free(c);
}

/* A response is awaited or under way. */
static bool h2_waits(const void *proto)
{
	const struct h2_conn *c = proto;
	const struct http_engine *http = c->engine->http;

	return c->last && c->last->touched_ns + http->conf.response_timeout_ns >
				  http->now_ns;
}

static void h2_prefetch(const void *proto)
{
	__builtin_prefetch(proto);
	__builtin_prefetch((const uint8_t *)proto + 64);
}

const struct stream_protocol http2_protocol = {
	.open = h2_open,
	.data = h2_data,
	.gap = h2_gap,
	.fin = h2_fin,
	.close = h2_close,
	.prefetch = h2_prefetch,
	.waits = h2_waits,
	.claims = claims,
};

struct http2_engine *http2_new(struct http_engine *http)
{
	struct http2_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->http = http;
	http->successor = (struct http_successor){
		.claims = claims_chunk,
		.begins = is_server_start,
		.evict = evict,
		.take = take,
		.protocol = &http2_protocol,
		.ctx = e,
	};
	return e;
}

void http2_free(struct http2_engine *e)
{
	if (e)
		e->http->successor = (struct http_successor){0};
	free(e);
}
