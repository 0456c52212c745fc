/* SPDX-License-Identifier: MIT */
/*
 * The engine, and the callbacks through which stream delivers bytes. A direction is
 * examined until its handshake is over; the rest is skipped, so that the kernel need
 * not deliver it, and only counted by its length. The report is emitted when the
 * connection ends, as only then is known how much was sent.
 */
#include "tls/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/identity.h"
#include "http/types.h"
#include "stream/carry.h"
#include "tls/claims.h"
#include "tls/decrypt.h"
#include "tls/decrypt_state.h"
#include "tls/endpoints.h"
#include "tls/examine.h"
#include "tls/facts.h"
#include "tls/late.h"
#include "tls/recency.h"

struct tls_engine *tls_new(const struct tls_conf *conf)
{
	struct tls_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->conf = *conf;
	e->conf.collector = NULL;
	e->id_seed = identity_seed(conf->collector);
	e->certs = cert_cache_new(&e->memory);
	e->prints = fingerprints_new();
	if (conf->keys)
		e->crypto = tls_crypto_new();
	if (e->certs && e->prints && !e->crypto == !conf->keys)
		return e;
	tls_free(e);
	errno = ENOMEM;
	return NULL;
}

void tls_free(struct tls_engine *e)
{
	if (!e)
		return;
	if (e->followed)
		e->followed->secure = (struct http_secure){0};
	cert_cache_free(e->certs);
	fingerprints_free(e->prints);
	tls_crypto_free(e->crypto);
	free(e);
}

const struct tls_stats *tls_stats(const struct tls_engine *e)
{
	return &e->stats;
}

static void update_stats(struct tls_engine *e)
{
	const struct cert_stats *c = cert_cache_stats(e->certs);

	e->stats.certificates_known = c->known;
	e->stats.certificates_read = c->read;
	e->stats.certificates_unreadable = c->unreadable;
	e->stats.certificates_skipped = c->skipped;
	e->stats.certificates = c->known + c->read + c->unreadable + c->skipped;
	e->stats.memory_used = e->memory;
}

static void count_keys(struct tls_engine *e)
{
	struct key_stats k;

	if (!e->conf.count_keys)
		return;
	key_table_read_stats(e->conf.keys, &k);
	e->stats.keylog_lines = k.lines;
	e->stats.keylog_ignored = k.ignored;
	e->stats.keylog_malformed = k.bad;
	e->stats.keys_evicted = k.evicted;
	e->stats.keys_expired = k.expired;
	e->stats.keys_live = k.live;
}

void tls_tick(struct tls_engine *e, uint64_t now_ns)
{
	if (!e->conf.keys)
		return;
	decrypt_tick(e, now_ns);
	count_keys(e);
	update_stats(e);
}

/* --- connections in progress ------------------------------------------------- */

static void free_state(struct tls_conn *c)
{
	struct tls_engine *e = c->engine;
	struct tls_state *s = c->state;

	recency_remove(e, c);
	for (unsigned int i = 0; i < 2; i++)
		messages_lose(&s->dir[i].messages);
	facts_free(e, s);
	e->memory -= sizeof(*s);
	free(s);
	c->state = NULL;
}

/* Did the connection end without an answer to the ClientHello? */
static bool has_failed(const struct tls_state *s, enum stream_end why)
{
	const struct tls_report *r = &s->report;

	if (r->complete != TLS_UNKNOWN || r->flags ||
	    (why != STREAM_END_FIN && why != STREAM_END_RST))
		return false;
	return s->dir[0].seen && s->dir[1].seen && r->has_client_hello &&
	       !r->has_server_hello;
}

static void report(struct tls_conn *c, const char *end, uint32_t flags)
{
	struct tls_engine *e = c->engine;
	struct tls_report *r = &c->state->report;

	if (c->decrypt)
		decrypt_free(c->decrypt, STREAM_END_EVICTED, r->last_ns);
	r->flags |= flags;
	r->end = end;
	tls_set_addresses(c, r);
	e->stats.malformed += !!(r->flags & TLS_F_MALFORMED);
	e->stats.handshake_limit += !!(r->flags & TLS_F_LIMIT);
	e->stats.connections_live--;
	if (e->conf.emit) {
		e->stats.reported++;
		e->conf.emit(e->conf.emit_ctx, r);
	} else {
		e->stats.unreported++;
	}
	free_state(c);
	update_stats(e);
}

/* Reports the oldest connections early to make room. */
static void make_room(struct tls_engine *e)
{
	while (e->memory > e->conf.memory_limit && e->oldest) {
		struct tls_conn *c = e->oldest;

		if (c->lingers) {
			e->stats.wait_limit++;
			stream_end_linger(c->flow);
			continue;
		}
		e->stats.memory_limit++;
		for (unsigned int dir = 0; dir < 2; dir++)
			stream_skip(c->flow, (enum stream_dir)dir, SKIP_ALL);
		report(c, "evicted", TLS_F_EVICTED);
	}
}

static void *open_conn(void *ctx, struct stream_flow *flow,
		       const struct stream_tuple *tuple)
{
	struct tls_engine *e = ctx;
	struct tls_conn *c = calloc(1, sizeof(*c));
	struct tls_state *s = calloc(1, sizeof(*s));
	uint64_t id[2];

	(void)tuple;
	if (!c || !s) {
		free(c);
		free(s);
		return NULL;
	}
	c->engine = e;
	c->flow = flow;
	c->state = s;
	s->client = -1;
	for (unsigned int i = 0; i < 2; i++)
		s->dir[i].messages.memory = &e->memory;
	e->memory += sizeof(*s);
	recency_add(e, c);
	c->nested = stream_carrier_id(flow, id);
	if (e->conf.keys && !c->nested)
		c->decrypt = decrypt_new(c);
	e->stats.connections++;
	e->stats.connections_live++;
	make_room(e);
	update_stats(e);
	return c;
}

/* --- handing over ---------------------------------------------------------------- */

/* Gives the header bytes that were consumed in earlier chunks, or a gap in their
 * place and that of all before them, to the protocol that takes over. */
static void replay(struct tls_conn *c, unsigned int dir, uint64_t ts_ns)
{
	struct tls_engine *e = c->engine;
	const struct record_reader *r = &c->state->dir[dir].records;
	uint64_t n = c->state->report.bytes[dir], head = r->n_head;
	struct stream_chunk chunk = {
		.data = r->head,
		.len = head,
		.offset = n - head,
		.ts_ns = ts_ns,
		.acked = STREAM_UNKNOWN,
	};

	c->handed_over[dir] = n - head;
	if (n > head)
		c->next->gap(c->other, (enum stream_dir)dir, n - head,
			     STREAM_GAP_SKIPPED, ts_ns);
	if (!head || !c->other)
		return;
	e->stats.bytes_in -= head;
	e->stats.bytes_handshake -= head;
	c->next->data(c->other, (enum stream_dir)dir, &chunk);
}

/* It is not TLS, or a hello is answered by something else, such as an error of a
 * server that speaks cleartext: another protocol takes over, or nothing does. */
static void hand_over(struct tls_conn *c, uint64_t ts_ns)
{
	struct tls_engine *e = c->engine;
	struct stream_tuple tuple;

	if (c->decrypt)
		decrypt_free(c->decrypt, STREAM_END_FIN, ts_ns);
	stream_flow_tuple(c->flow, &tuple);
	c->next = c->late ? NULL : e->conf.next.protocol;
	c->other = c->next ? c->next->open(e->conf.next.ctx, c->flow, &tuple)
			   : NULL;
	for (unsigned int dir = 0; dir < 2; dir++) {
		if (c->other)
			replay(c, dir, ts_ns);
		else
			stream_skip(c->flow, (enum stream_dir)dir, SKIP_ALL);
	}
	if (c->state->proven) {
		c->state->report.complete = TLS_NO;
		report(c, "not-tls", 0);
		return;
	}
	e->stats.not_tls++;
	e->stats.connections--;
	e->stats.connections_live--;
	free_state(c);
	update_stats(e);
}

/* --- input ------------------------------------------------------------------------ */

static void note_time(struct tls_report *r, uint64_t ts_ns)
{
	if (!r->first_ns || ts_ns < r->first_ns)
		r->first_ns = ts_ns;
	if (ts_ns > r->last_ns)
		r->last_ns = ts_ns;
}

static void forward(struct tls_conn *c, unsigned int dir,
		    const struct stream_chunk *chunk, size_t from)
{
	struct stream_chunk rest = *chunk;

	if (!c->other || from == chunk->len)
		return;
	rest.data += from;
	rest.len -= from;
	rest.offset += from;
	c->next->data(c->other, (enum stream_dir)dir, &rest);
}

static void input(struct tls_conn *c, enum stream_dir dir,
		  const struct stream_chunk *chunk)
{
	struct tls_engine *e = c->engine;
	struct tls_state *s = c->state;
	struct wire in = wire_of(chunk->data, chunk->len);
	size_t used;
	bool ok;

	if (!s) {
		if (!c->other) { /* on its way when the skip was requested */
			e->stats.bytes_in += chunk->len;
			e->stats.bytes_encrypted += chunk->len;
		}
		forward(c, dir, chunk, 0);
		return;
	}
	s->dir[dir].seen = true;
	note_time(&s->report, chunk->ts_ns);
	if (chunk->ambiguous && !s->dir[dir].done)
		s->report.flags |= TLS_F_AMBIGUOUS;
	s->report.bytes[dir] = chunk->offset;
	ok = examine(c, dir, &in, chunk->ts_ns);
	used = (size_t)(in.p - chunk->data);
	e->stats.bytes_in += used;
	s->report.bytes[dir] += used;
	if (!ok && (!s->proven || !s->dir[dir].n_records)) {
		hand_over(c, chunk->ts_ns);
		if (!c->other) {
			e->stats.bytes_in += chunk->len - used;
			e->stats.bytes_not_tls += chunk->len - used;
		}
		forward(c, dir, chunk, used);
		return;
	}
	s->report.bytes[dir] = chunk->offset + chunk->len;
	e->stats.bytes_in += chunk->len - used;
	if (ok) {
		e->stats.bytes_encrypted += chunk->len - used;
	} else {
		e->stats.bytes_not_tls += chunk->len - used;
		s->report.flags |= TLS_F_MALFORMED;
		examine_end(c, dir);
	}
	if (c->decrypt)
		decrypt_data(c->decrypt, dir, chunk);
	make_room(e);
	update_stats(e);
}

static void data(void *proto, enum stream_dir dir,
		 const struct stream_chunk *chunk)
{
	struct tls_conn *c = proto;
	struct stream_chunk later = *chunk;

	if (c->late && !late_chunk(c, dir, &later))
		return;
	input(c, dir, &later);
}

static void gap(void *proto, enum stream_dir dir, uint64_t len,
		enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct tls_conn *c = proto;
	struct tls_state *s = c->state;
	struct tls_dir *d;

	if (!s) {
		if (c->other)
			c->next->gap(c->other, dir, len, kind, ts_ns);
		return;
	}
	d = &s->dir[dir];
	d->seen = true;
	note_time(&s->report, ts_ns);
	s->report.bytes[dir] += len;
	if (c->decrypt)
		decrypt_gap(c->decrypt, dir, len, ts_ns);
	if (d->done)
		return;
	s->report.flags |=
		s->client == 1 ? (dir ? TLS_F_CLIENT_GAP : TLS_F_SERVER_GAP)
			       : (dir ? TLS_F_SERVER_GAP : TLS_F_CLIENT_GAP);
	if (kind == STREAM_GAP_TRUNCATED)
		s->report.flags |= TLS_F_TRUNCATED;
	if (d->records.type == RECORD_HANDSHAKE && !facts_encrypted(s, dir))
		messages_lose(&d->messages);
	d->n_alert = 0;
	if (!record_skip(&d->records, len))
		examine_end(c, dir);
}

static uint8_t mark(const void *proto, enum stream_dir dir)
{
	const struct tls_conn *c = proto;
	const struct stream_protocol *next = c->next;

	if (c->other)
		return next->mark ? next->mark(c->other, dir) : 0;
	/* Facts cannot be withdrawn, nor what was decrypted. */
	if (c->decrypt)
		return STREAM_MARK_NONE;
	return c->state && !c->state->dir[dir].done ? STREAM_MARK_NONE : 0;
}

static enum stream_resume withdraw(void *proto, enum stream_dir dir,
				   uint64_t offset, uint8_t mark_then,
				   bool repeated)
{
	const struct tls_conn *c = proto;
	const struct stream_protocol *next = c->next;

	if (c->other && next->withdraw && offset >= c->handed_over[dir])
		return next->withdraw(c->other, dir, offset, mark_then,
				      repeated);
	return c->other ? STREAM_RESUME_LOST : STREAM_RESUME_OLD;
}

static void fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	struct tls_conn *c = proto;

	if (c->other)
		c->next->fin(c->other, dir, ts_ns);
	else if (c->state && c->state->report.first_ns)
		note_time(&c->state->report, ts_ns);
	if (c->decrypt)
		decrypt_fin(c->decrypt, dir, ts_ns);
}

static bool lingers(void *proto, enum stream_end why, uint64_t ts_ns)
{
	struct tls_conn *c = proto;

	(void)why;
	if (!c->state || !c->decrypt || !decrypt_lingers(c->decrypt, ts_ns))
		return false;
	c->lingers = true;
	c->ended_ns = ts_ns;
	recency_remove(c->engine, c);
	recency_add_oldest(c->engine, c);
	return true;
}

static void close_conn(void *proto, enum stream_end why, uint64_t ts_ns)
{
	static const char *const ends[] = {
		[STREAM_END_FIN] = "fin",
		[STREAM_END_RST] = "rst",
		[STREAM_END_IDLE] = "idle",
		[STREAM_END_EVICTED] = "evicted",
		[STREAM_END_REUSED] = "reused",
		[STREAM_END_SHUTDOWN] = "shutdown",
	};
	struct tls_conn *c = proto;

	if (c->lingers)
		ts_ns = c->ended_ns;
	if (c->other)
		c->next->close(c->other, why, ts_ns);
	if (c->decrypt) {
		decrypt_last(c->decrypt, ts_ns);
		decrypt_free(c->decrypt, why, ts_ns);
	}
	if (c->state && has_failed(c->state, why))
		c->state->report.complete = TLS_NO;
	if (c->state)
		report(c, ends[why], 0);
	free(c);
}

static void prefetch(const void *proto)
{
	__builtin_prefetch(proto);
}

static bool waits(const void *proto)
{
	const struct tls_conn *c = proto;
	const struct stream_protocol *next = c->next;

	if (c->decrypt)
		return decrypt_waits(c->decrypt);
	return c->other && next->waits && next->waits(c->other);
}

/* --- what is carried --------------------------------------------------------------- */

static void carrier_id(const void *proto, uint64_t id[2])
{
	const struct tls_conn *c = proto;
	struct stream_tuple tuple;

	tls_connection_id(c, stream_flow_tuple(c->flow, &tuple), id);
}

static void carried_hand_over(void *proto, const struct stream_protocol *to,
			      void *carried)
{
	struct tls_conn *c = proto;

	if (c->decrypt) {
		decrypt_hand_over(c->decrypt, to, carried);
		return;
	}
	c->next = to;
	c->other = carried;
	for (unsigned int dir = 0; !carried && dir < 2; dir++)
		stream_skip(c->flow, (enum stream_dir)dir, SKIP_ALL);
}

static void carried_skip(void *proto, enum stream_dir dir, uint64_t offset)
{
	struct tls_conn *c = proto;

	if (offset == STREAM_UNKNOWN)
		decrypt_unwanted(c->decrypt, dir);
}

const struct stream_protocol tls_protocol = {
	.open = open_conn,
	.data = data,
	.gap = gap,
	.mark = mark,
	.withdraw = withdraw,
	.fin = fin,
	.lingers = lingers,
	.close = close_conn,
	.prefetch = prefetch,
	.waits = waits,
	.claims = tls_claims,
	.carrier_id = carrier_id,
	.carried_hand_over = carried_hand_over,
	.carried_skip = carried_skip,
};
