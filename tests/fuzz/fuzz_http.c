/* SPDX-License-Identifier: MIT */
/*
 * Reassembly, HTTP/1 and HTTP/2 together: the input is a script of what two endpoints
 * send and what the network does to it. Checks that the counters of both stages
 * add up, that no memory stays in use, that every byte of a transaction can be
 * read, and that cutting the same bytes differently gives the same
 * transactions.
 *
 * Script: one byte of settings, then steps of an opcode (OP_*), a length of
 * 16 bits (big-endian) and, where it is data, that many bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "http2/http2.h"
#include "stream/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	OP_DATA,  /* sent and captured */
	OP_LOST,  /* sent, not captured */
	OP_CUT,	  /* the mirror truncates it to half */
	OP_AGAIN, /* retransmits the last bytes */
	OP_LATE,  /* captured after the next packet */
	OP_FIN,
	OP_RST,
	OP_TIME, /* advances time by length * 10 ms */
	OP_MAX,
};
#define OP_S2C 0x80 /* by the server; otherwise by the client */

#define ISN_C	  0xfffffff0u /* wraps */
#define ISN_S	  1000u
#define STEPS_MAX 400

struct world {
	struct stream_table *t;
	struct http_engine *e;
	struct http2_engine *e2;
	uint64_t now_ns;
	uint32_t seq[2];
	uint64_t hash; /* of all transactions */
	uint64_t count;
	unsigned int piece;
	/* OP_LATE */
	uint8_t *late;
	size_t late_len;
	unsigned int late_dir;
	uint32_t late_seq;
};

static void mix(struct world *w, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		w->hash = (w->hash ^ b[i]) * 1099511628211ull;
}

static void mix_span(struct world *w, struct http_span s)
{
	mix(w, &s.len, sizeof(s.len));
	mix(w, s.p, s.len);
}

/* Does JSON have to escape nothing of it? */
static bool is_plain(struct http_span s)
{
	for (uint32_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e || strchr("\"\\", s.p[i]))
			return false;
	return s.len;
}

static void mix_message(struct world *w, const struct http_message *m)
{
	if (!m)
		return;
	mix_span(w, m->method);
	mix_span(w, m->target);
	mix_span(w, m->host);
	mix_span(w, m->path);
	mix_span(w, m->query);
	mix_span(w, m->reason);
	mix(w, &m->status, sizeof(m->status));
	if (m->n_fields > 256 || m->n_trailers > m->n_fields ||
	    m->n_regular > m->n_fields)
		abort();
	for (uint32_t i = 0; i < m->n_regular; i++)
		if (!is_plain(m->fields[i].name))
			abort();
	for (uint32_t i = 0; i < m->n_fields; i++) {
		mix_span(w, m->fields[i].name);
		mix_span(w, m->fields[i].value);
	}
	mix(w, &m->n_trailers, sizeof(m->n_trailers));
	mix(w, m->body.data, m->body.len);
	mix(w, &m->body.total, sizeof(m->body.total));
	if (m->body.has_sha256)
		mix(w, m->body.sha256, 32);
	if (m->body.len > m->body.total || m->first_ns > m->last_ns)
		abort();
}

static void on_emit(void *ctx, const struct http_transaction *t)
{
	struct world *w = ctx;

	if (!t->request && !t->response)
		abort();
	w->count++;
	mix(w, &t->flags, sizeof(t->flags));
	mix(w, &t->stream, sizeof(t->stream));
	for (uint32_t i = 0; i < t->n_interim; i++)
		mix_message(w, &t->interim[i]);
	mix_message(w, t->request);
	mix_message(w, t->response);
	if (!t->proxied)
		return;
	mix(w, t->source_addr, sizeof(t->source_addr));
	mix(w, &t->source_port, sizeof(t->source_port));
}

static void record(struct world *w, unsigned int dir, uint32_t seq,
		   const uint8_t *p, size_t len, size_t wire_len, uint8_t flags,
		   uint32_t acked)
{
	struct metlo_rec r = {.ts_ns = w->now_ns,
			      .seq = seq,
			      .ack = acked,
			      .len = (uint32_t)len,
			      .wire_len = (uint32_t)wire_len,
			      .tcp_flags = flags};
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return;
	if (len)
		memcpy(copy, p, len);
	r.saddr[10] = r.saddr[11] = r.daddr[10] = r.daddr[11] = 0xff;
	r.saddr[15] = (uint8_t)(1 + dir);
	r.daddr[15] = (uint8_t)(2 - dir);
	r.sport = dir ? 80 : 40000;
	r.dport = dir ? 40000 : 80;
	r.flags = dir ? METLO_REC_SPORT : METLO_REC_DPORT;
	if (len < wire_len)
		r.flags |= METLO_REC_TRUNCATED;
	stream_record(w->t, &r, copy);
	free(copy);
	w->now_ns += 1000;
}

static void flush_late(struct world *w)
{
	if (!w->late)
		return;
	record(w, w->late_dir, w->late_seq, w->late, w->late_len, w->late_len,
	       METLO_TCP_ACK, w->seq[!w->late_dir]);
	free(w->late);
	w->late = NULL;
}

/* In pieces, so that the same script can be cut differently. */
static void send_data(struct world *w, unsigned int dir, const uint8_t *p,
		      size_t n)
{
	uint32_t acked = w->seq[!dir];

	for (size_t at = 0; at < n;) {
		size_t m = w->piece && n - at > w->piece ? w->piece : n - at;

		record(w, dir, w->seq[dir] + (uint32_t)at, p + at, m, m,
		       METLO_TCP_ACK, acked);
		at += m;
	}
	w->seq[dir] += (uint32_t)n;
}

static void step(struct world *w, unsigned int op, unsigned int dir,
		 const uint8_t *p, size_t n)
{
	switch (op) {
	case OP_DATA:
		send_data(w, dir, p, n);
		flush_late(w);
		break;
	case OP_LOST:
		w->seq[dir] += (uint32_t)n;
		break;
	case OP_CUT:
		record(w, dir, w->seq[dir], p, n / 2, n, METLO_TCP_ACK,
		       w->seq[!dir]);
		w->seq[dir] += (uint32_t)n;
		break;
	case OP_AGAIN:
		record(w, dir, w->seq[dir] - (uint32_t)n, p, n, n,
		       METLO_TCP_ACK, w->seq[!dir]);
		break;
	case OP_LATE:
		flush_late(w);
		w->late = malloc(n ? n : 1);
		if (!w->late)
			break;
		memcpy(w->late, p, n);
		w->late_len = n;
		w->late_dir = dir;
		w->late_seq = w->seq[dir];
		w->seq[dir] += (uint32_t)n;
		break;
	case OP_FIN:
		record(w, dir, w->seq[dir]++, NULL, 0, 0,
		       METLO_TCP_FIN | METLO_TCP_ACK, w->seq[!dir]);
		break;
	case OP_RST:
		record(w, dir, w->seq[dir], NULL, 0, 0, METLO_TCP_RST,
		       w->seq[!dir]);
		break;
	case OP_TIME:
		w->now_ns += n * 10000000ull;
		stream_tick(w->t, w->now_ns);
		http_tick(w->e, w->now_ns);
		http2_tick(w->e2, w->now_ns);
		break;
	}
}

static bool has_data(unsigned int op)
{
	return op == OP_DATA || op == OP_CUT || op == OP_AGAIN || op == OP_LATE;
}

static void check_sums(const struct world *w)
{
	const struct http_stats *s = http_stats(w->e);
	const struct http2_stats *h = http2_stats(w->e2);

	if (s->bytes_in != s->bytes_head + s->bytes_body + s->bytes_framing +
				   s->bytes_resync + s->bytes_not_http +
				   s->bytes_upgraded + s->bytes_buffered)
		abort();
	if (h->bytes_in != h->bytes_head + h->bytes_body + h->bytes_framing +
				   h->bytes_control + h->bytes_resync +
				   h->bytes_ignored + h->bytes_buffered)
		abort();
}

/* Runs the script. Returns whether everything was captured and parsed without
 * resynchronising. */
static bool run(struct world *w, const uint8_t *data, size_t size,
		unsigned int piece)
{
	struct http_conf hc = {
		.body_limit = 1024,
		.memory_limit = data[0] & 8 ? 32768 : 4u << 20,
		.response_timeout_ns = 1000000000,
		.request_timeout_ns = 1000000000,
		.body_hash = data[0] & 1,
		.emit = on_emit,
		.emit_ctx = w,
	};
	struct stream_conf sc = {
		.max_flows = 16,
		.ooo_limit = 1u << 20,
		.ooo_flow_limit = 1u << 18,
		.gap_timeout_ns = 500000000,
		.idle_timeout_ns = 60000000000ull,
		.n_protocols = 2,
		.seed = {1, 2},
	};
	const struct http_stats *s;
	const struct http2_stats *h2;
	bool handshake = !(data[0] & 2), plain = handshake, fin[2] = {0};
	size_t at = 1;

	*w = (struct world){.now_ns = 1000000000000ull,
			    .piece = piece,
			    .seq = {ISN_C + 1, ISN_S + 1},
			    .hash = 14695981039346656037ull};
	w->e = http_new(&hc);
	w->e2 = w->e ? http2_new(w->e) : NULL;
	sc.protocols[0] = (struct stream_binding){&http2_protocol, w->e2};
	sc.protocols[1] = (struct stream_binding){&http_protocol, w->e};
	w->t = w->e2 ? stream_new(&sc) : NULL;
	if (!w->t)
		abort();
	if (handshake) {
		record(w, 0, ISN_C, NULL, 0, 0, METLO_TCP_SYN, 0);
		record(w, 1, ISN_S, NULL, 0, 0, METLO_TCP_SYN | METLO_TCP_ACK,
		       ISN_C + 1);
	}
	for (unsigned int i = 0; i < STEPS_MAX && at + 3 <= size; i++) {
		unsigned int op = (data[at] & 0x7f) % OP_MAX;
		unsigned int dir = data[at] & OP_S2C ? 1 : 0;
		size_t n = (size_t)data[at + 1] << 8 | data[at + 2];

		at += 3;
		if (has_data(op) && n > size - at)
			n = size - at;
		plain &= (op == OP_DATA && !fin[dir]) || op == OP_FIN;
		fin[dir] |= op == OP_FIN;
		step(w, op, dir, data + at, n);
		if (has_data(op))
			at += n;
		check_sums(w);
	}
	flush_late(w);
	stream_flush(w->t, w->now_ns);
	check_sums(w);
	s = http_stats(w->e);
	h2 = http2_stats(w->e2);
	if (s->bytes_buffered || s->memory_used ||
	    s->transactions != w->count ||
	    s->transactions != s->paired + s->unanswered + s->unrequested ||
	    s->bytes_in + h2->bytes_in != stream_stats(w->t)->bytes_delivered ||
	    h2->bytes_buffered)
		abort();
	plain &= !s->resyncs && !s->not_http && !s->upgraded &&
		 !s->memory_limit && !s->bytes_resync && !h2->resyncs &&
		 !h2->bytes_resync && !h2->not_http2;
	stream_free(w->t);
	http2_free(w->e2);
	http_free(w->e);
	return plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world whole, pieces;
	bool plain;

	if (!size)
		return 0;
	plain = run(&whole, data, size, 0);
	/* Only where resynchronisation starts may depend on packets. */
	if (size < 3000 && data[0] & 4 &&
	    run(&pieces, data, size, 1 + (data[0] >> 4)) && plain &&
	    (whole.hash != pieces.hash || whole.count != pieces.count))
		abort();
	return 0;
}
