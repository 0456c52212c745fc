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
#include "tls/facts.h"

/* A skip without an end would let the kernel drop everything, and a length beyond
 * 2^32 could not be told from sequence numbers. */
#define SKIP_ALL (STREAM_UNKNOWN - 1)
/* Records in a row after which a connection joined midstream is TLS. */
#define RECORDS_PROVE 3u

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
	if (e->certs && e->prints)
		return e;
	tls_free(e);
	errno = ENOMEM;
	return NULL;
}

void tls_free(struct tls_engine *e)
{
	if (!e)
		return;
	cert_cache_free(e->certs);
	fingerprints_free(e->prints);
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

/* --- connections in progress ------------------------------------------------- */

static void unlink_conn(struct tls_engine *e, const struct tls_conn *c)
{
	*(c->newer ? &c->newer->older : &e->newest) = c->older;
	*(c->older ? &c->older->newer : &e->oldest) = c->newer;
}

static void link_newest(struct tls_engine *e, struct tls_conn *c)
{
	c->newer = NULL;
	c->older = e->newest;
	*(e->newest ? &e->newest->newer : &e->oldest) = c;
	e->newest = c;
}

static void free_state(struct tls_conn *c)
{
	struct tls_engine *e = c->engine;
	struct tls_state *s = c->state;

	unlink_conn(e, c);
	for (unsigned int i = 0; i < 2; i++)
		messages_lose(&s->dir[i].messages);
	facts_free(e, s);
	e->memory -= sizeof(*s);
	free(s);
	c->state = NULL;
}

static void set_addresses(struct tls_conn *c, struct tls_report *r)
{
	struct tls_state *s = c->state;
	struct stream_tuple tuple;
	unsigned int source;
	uint64_t id[2] = {0};

	stream_flow_tuple(c->flow, &tuple);
	/* Without a SYN, roles in stream are guesses; hellos are none. */
	source = !tuple.client_known && s->client == 1;
	if (source) {
		uint64_t swapped = r->bytes[0];

		r->bytes[0] = r->bytes[1];
		r->bytes[1] = swapped;
	}
	memcpy(r->source_addr, tuple.addr[source], 16);
	memcpy(r->destination_addr, tuple.addr[!source], 16);
	r->source_port = tuple.port[source];
	r->destination_port = tuple.port[!source];
	r->vni = tuple.vni;
	r->ipv6 = tuple.ipv6;
	if (tuple.midstream)
		r->flags |= TLS_F_MIDSTREAM;
	identity_connection(id, c->engine->id_seed, c->flow, &tuple,
			    r->first_ns);
	r->id[0] = id[0];
	r->id[1] = id[1] + 1;
	r->connection = id[0];
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

	r->flags |= flags;
	r->end = end;
	set_addresses(c, r);
	e->stats.malformed += !!(r->flags & TLS_F_MALFORMED);
	e->stats.handshake_limit += !!(r->flags & TLS_F_LIMIT);
	e->stats.reported++;
	e->stats.connections_live--;
	e->conf.emit(e->conf.emit_ctx, r);
	free_state(c);
	update_stats(e);
}

/* Reports the oldest connections early to make room. */
static void make_room(struct tls_engine *e)
{
	while (e->memory > e->conf.memory_limit && e->oldest) {
		struct tls_conn *c = e->oldest;

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
	link_newest(e, c);
	e->stats.connections++;
	e->stats.connections_live++;
	make_room(e);
	update_stats(e);
	return c;
}

/* --- handing over ---------------------------------------------------------------- */

/* Gives the header bytes that were consumed in earlier chunks, or a gap in their
 * place and that of all before them, to the protocol that takes over. */
static void replay(struct tls_conn *c, const struct stream_protocol *p,
		   unsigned int dir, uint64_t ts_ns)
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
		p->gap(c->other, (enum stream_dir)dir, n - head,
		       STREAM_GAP_SKIPPED, ts_ns);
	if (!head)
		return;
	e->stats.bytes_in -= head;
	e->stats.bytes_handshake -= head;
	p->data(c->other, (enum stream_dir)dir, &chunk);
}

/* It is not TLS, or a hello is answered by something else, such as an error of a
 * server that speaks cleartext: another protocol takes over, or nothing does. */
static void hand_over(struct tls_conn *c, uint64_t ts_ns)
{
	struct tls_engine *e = c->engine;
	const struct stream_protocol *p = e->conf.next.protocol;
	struct stream_tuple tuple;

	stream_flow_tuple(c->flow, &tuple);
	if (p)
		c->other = p->open(e->conf.next.ctx, c->flow, &tuple);
	for (unsigned int dir = 0; dir < 2; dir++) {
		if (p && c->other)
			replay(c, p, dir, ts_ns);
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

static void finish_dir(struct tls_conn *c, unsigned int dir)
{
	struct tls_dir *d = &c->state->dir[dir];

	if (d->done)
		return;
	d->done = true;
	messages_lose(&d->messages);
	stream_skip(c->flow, (enum stream_dir)dir, SKIP_ALL);
}

static void on_handshake(struct tls_conn *c, unsigned int dir,
			 const struct tls_span *piece, uint64_t ts_ns)
{
	struct tls_state *s = c->state;
	struct message_reader *m = &s->dir[dir].messages;
	struct wire in = wire_span(piece);
	struct message message;

	while (in.p < in.end && !m->lost) {
		switch (messages_next(m, &in, &message)) {
		case MESSAGE_MORE:
			break;
		case MESSAGE_NO_MEMORY:
			messages_lose(m);
			break;
		case MESSAGE_COMPLETE:
			if (message.p)
				facts_message(c->engine, s, dir, &message,
					      ts_ns);
			else
				s->report.flags |= TLS_F_LIMIT;
			/* A ServerHello of TLS 1.3 is the last in clear. */
			if (facts_encrypted(s, dir))
				return;
		}
	}
}

static void on_piece(struct tls_conn *c, unsigned int dir,
		     const struct tls_span *piece, uint64_t ts_ns)
{
	struct tls_state *s = c->state;
	struct tls_dir *d = &s->dir[dir];
	uint64_t *bytes = &c->engine->stats.bytes_handshake;

	d->n_records += !d->records.left;
	if (d->n_records >= RECORDS_PROVE)
		s->proven = true;
	if (d->records.type == RECORD_HANDSHAKE && !facts_encrypted(s, dir)) {
		on_handshake(c, dir, piece, ts_ns);
	} else {
		if (d->records.type != RECORD_ALERT || facts_encrypted(s, dir))
			bytes = &c->engine->stats.bytes_encrypted;
		facts_record(c->engine, s, dir, piece, ts_ns);
	}
	*bytes += piece->len;
	if (d->finished || (facts_encrypted(s, dir) && !d->ccs))
		finish_dir(c, dir);
}

/* Examines bytes up to the end of the direction's handshake; the rest is left in
 * *in. False: they are not TLS, from in->p on. */
static bool examine(struct tls_conn *c, unsigned int dir, struct wire *in,
		    uint64_t ts_ns)
{
	struct tls_dir *d = &c->state->dir[dir];
	const uint8_t *begin = in->p;
	enum record_result result = RECORD_PIECE;
	struct tls_span piece = {0};
	size_t headers;

	while (!d->done && result == RECORD_PIECE) {
		const uint8_t *from = in->p;

		result = record_next(&d->records, in, &piece);
		headers = (size_t)(in->p - from);
		if (result == RECORD_PIECE) {
			headers -= piece.len;
			on_piece(c, dir, &piece, ts_ns);
		}
		c->engine->stats.bytes_handshake += headers;
	}
	d->examined += (uint32_t)(in->p - begin);
	if (result == RECORD_BAD)
		return false;
	if (d->examined >= EXAMINE_MAX && !d->done) {
		c->state->report.flags |= TLS_F_LIMIT;
		finish_dir(c, dir);
	}
	return true;
}

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
	c->engine->conf.next.protocol->data(c->other, (enum stream_dir)dir,
					    &rest);
}

static void data(void *proto, enum stream_dir dir,
		 const struct stream_chunk *chunk)
{
	struct tls_conn *c = proto;
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
		finish_dir(c, dir);
	}
	make_room(e);
	update_stats(e);
}

static void gap(void *proto, enum stream_dir dir, uint64_t len,
		enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct tls_conn *c = proto;
	struct tls_state *s = c->state;
	struct tls_dir *d;

	if (!s) {
		if (c->other)
			c->engine->conf.next.protocol->gap(c->other, dir, len,
							   kind, ts_ns);
		return;
	}
	d = &s->dir[dir];
	d->seen = true;
	note_time(&s->report, ts_ns);
	s->report.bytes[dir] += len;
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
		finish_dir(c, dir);
}

static uint8_t mark(const void *proto, enum stream_dir dir)
{
	const struct tls_conn *c = proto;
	const struct stream_protocol *next = c->engine->conf.next.protocol;

	if (c->other)
		return next->mark ? next->mark(c->other, dir) : 0;
	/* Facts cannot be withdrawn. */
	return c->state && !c->state->dir[dir].done ? STREAM_MARK_NONE : 0;
}

static enum stream_resume withdraw(void *proto, enum stream_dir dir,
				   uint64_t offset, uint8_t mark_then,
				   bool repeated)
{
	const struct tls_conn *c = proto;
	const struct stream_protocol *next = c->engine->conf.next.protocol;

	if (c->other && next->withdraw && offset >= c->handed_over[dir])
		return next->withdraw(c->other, dir, offset, mark_then,
				      repeated);
	return c->other ? STREAM_RESUME_LOST : STREAM_RESUME_OLD;
}

static void fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	struct tls_conn *c = proto;

	if (c->other)
		c->engine->conf.next.protocol->fin(c->other, dir, ts_ns);
	else if (c->state && c->state->report.first_ns)
		note_time(&c->state->report, ts_ns);
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

	if (c->other)
		c->engine->conf.next.protocol->close(c->other, why, ts_ns);
	if (c->state && has_failed(c->state, why))
		c->state->report.complete = TLS_NO;
	if (c->state)
		report(c, ends[why], 0);
	free(c);
}

static void prefetch(const void *proto)
{
	const struct tls_conn *c = proto;

	__builtin_prefetch(c);
}

static bool waits(const void *proto)
{
	const struct tls_conn *c = proto;
	const struct stream_protocol *next = c->engine->conf.next.protocol;

	return c->other && next->waits && next->waits(c->other);
}

/* --- which connections ------------------------------------------------------------ */

/* Does this record, whole or not, begin with a hello? */
static bool is_hello(const uint8_t *p, size_t n)
{
	return n <= RECORD_HEADER_SIZE || p[RECORD_HEADER_SIZE] == 1 ||
	       p[RECORD_HEADER_SIZE] == 2;
}

/* Is it a record of a kind and length that occur? */
static bool is_record(const uint8_t *p, size_t n)
{
	uint32_t len;

	if (n <= RECORD_HEADER_SIZE)
		return false;
	len = (uint32_t)(p[3] << 8 | p[4]);
	switch (p[0]) {
	case RECORD_CHANGE_CIPHER_SPEC:
		return len == 1 && p[RECORD_HEADER_SIZE] == 1;
	case RECORD_ALERT: /* encrypted ones have a nonce or MAC */
		return len == 2 || (len > 16 && len < 128);
	case RECORD_HANDSHAKE:
	case RECORD_APPLICATION_DATA:
		return len > 0;
	default:
		return false;
	}
}

static bool claims(const struct stream_tuple *tuple, const uint8_t *p, size_t n)
{
	if (!n || p[0] < RECORD_CHANGE_CIPHER_SPEC ||
	    p[0] > RECORD_APPLICATION_DATA || !record_plausible(p, n))
		return false;
	if (tuple->midstream)
		return is_record(p, n);
	return p[0] == RECORD_HANDSHAKE
		       ? is_hello(p, n)
		       : p[0] == RECORD_ALERT && n > 6 && is_record(p, n);
}

const struct stream_protocol tls_protocol = {
	.open = open_conn,
	.data = data,
	.gap = gap,
	.mark = mark,
	.withdraw = withdraw,
	.fin = fin,
	.close = close_conn,
	.prefetch = prefetch,
	.waits = waits,
	.claims = claims,
};
