/* SPDX-License-Identifier: MIT */
/*
 * Reassembly and TLS together, with HTTP behind it. Checks that the counters add up,
 * that no memory stays in use, that lines can be written, and that cutting the same
 * bytes differently gives the same lines if nothing was lost.
 *
 * Input: one byte of settings, then steps of an opcode, a length of 16 bits
 * (big-endian) and, where it is data, that many bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "tls/follow.h"
#include "tls_flow.h"
#include "trace/tls_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OP_DATA, OP_LOST, OP_TIME, OP_FIN, OP_MAX };
#define OP_S2C 0x80 /* by the server; otherwise by the client */

#define STEPS_MAX 200

struct world {
	struct tls_flow flow;
	struct http_engine *http;
	struct tls_engine *tls;
	const struct trace_conf *conf;
	size_t piece;
	struct buf lines;
	uint64_t reports, transactions;
};

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

static void on_report(void *ctx, const struct tls_report *r)
{
	struct world *w = ctx;
	struct tls_report copy = *r;

	w->reports++;
	CHECK(r->first_ns <= r->last_ns);
	/* Times depend on the pieces. */
	copy.first_ns = copy.last_ns = copy.handshake_ns = 0;
	copy.id[0] = copy.connection = 0;
	tls_line_write(&w->lines, &copy, w->conf);
}

static void on_transaction(void *ctx, const struct http_transaction *t)
{
	(void)t;
	((struct world *)ctx)->transactions++;
}

static void check(const struct world *w)
{
	const struct tls_stats *s = tls_stats(w->tls);
	const struct http_stats *h = http_stats(w->http);

	CHECK(s->bytes_in ==
	      s->bytes_handshake + s->bytes_encrypted + s->bytes_not_tls);
	CHECK(s->connections ==
	      s->reported + s->unreported + s->connections_live);
	CHECK(s->reported == w->reports);
	CHECK(s->certificates == s->certificates_known + s->certificates_read +
					 s->certificates_unreadable +
					 s->certificates_skipped);
	CHECK(stream_stats(w->flow.t)->bytes_delivered ==
	      s->bytes_in + h->bytes_in);
}

static void step(struct world *w, unsigned int op, unsigned int dir,
		 const uint8_t *p, size_t n)
{
	switch (op) {
	case OP_DATA:
		for (size_t i = 0; i < n; i += w->piece)
			tls_flow_send(&w->flow, dir, p + i,
				      n - i < w->piece ? n - i : w->piece,
				      METLO_TCP_ACK);
		break;
	case OP_LOST:
		w->flow.seq[dir] += (uint32_t)n;
		break;
	case OP_TIME:
		w->flow.now_ns += n * 10000000ull;
		stream_tick(w->flow.t, w->flow.now_ns);
		break;
	case OP_FIN:
		tls_flow_send(&w->flow, dir, NULL, 0,
			      METLO_TCP_FIN | METLO_TCP_ACK);
		break;
	}
}

/* Returns whether nothing was lost and all of it was TLS. */
static bool run(struct world *w, const uint8_t *data, size_t size, size_t piece)
{
	const struct http_conf hc = {
		.body_limit = 1024,
		.memory_limit = 1 << 20,
		.response_timeout_ns = 1000000000,
		.request_timeout_ns = 1000000000,
		.emit = on_transaction,
		.emit_ctx = w,
	};
	struct tls_conf tc = {
		.memory_limit = data[0] & 1 ? 3000 : 1 << 20,
		.emit = on_report,
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
	bool whole = !(data[0] & 3), fin[2] = {0};
	size_t at = 1;

	w->flow.now_ns = 1000000000000ull;
	w->piece = piece;
	w->flow.seq[0] = 0xfffffff0u;
	w->flow.seq[1] = 1000;
	w->http = http_new(&hc);
	tc.next = (struct stream_binding){&http_protocol, w->http};
	w->tls = tls_new(&tc);
	if (w->tls && data[0] & 4)
		tls_follow(w->tls, w->http);
	sc.protocols[0] = (struct stream_binding){&tls_protocol, w->tls};
	sc.protocols[1] = tc.next;
	w->flow.t = stream_new(&sc);
	CHECK(w->http && w->tls && w->flow.t);
	if (!(data[0] & 2)) {
		tls_flow_send(&w->flow, 0, NULL, 0, METLO_TCP_SYN);
		tls_flow_send(&w->flow, 1, NULL, 0,
			      METLO_TCP_SYN | METLO_TCP_ACK);
	}
	for (unsigned int i = 0; i < STEPS_MAX && at + 3 <= size; i++) {
		unsigned int op = (data[at] & 0x7f) % OP_MAX;
		unsigned int dir = data[at] & OP_S2C ? 1 : 0;
		size_t n = (size_t)data[at + 1] << 8 | data[at + 2];

		at += 3;
		if (op == OP_DATA && n > size - at)
			n = size - at;
		whole &= op == OP_FIN || (op == OP_DATA && !fin[dir]);
		fin[dir] |= op == OP_FIN;
		step(w, op, dir, data + at, n);
		if (op == OP_DATA)
			at += n;
		check(w);
	}
	stream_flush(w->flow.t, w->flow.now_ns);
	check(w);
	whole &= w->reports == 1 && !http_stats(w->http)->bytes_in;
	CHECK(!tls_stats(w->tls)->connections_live);
	stream_free(w->flow.t);
	tls_free(w->tls);
	http_free(w->http);
	return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trace_conf *conf;
	struct world a = {0}, b = {0};

	if (!conf)
		conf = trace_conf_new(
			&(const struct trace_options){.collector = "c"});
	if (!conf || !size)
		return 0;
	a.conf = b.conf = conf;
	if (run(&a, data, size, 65536)) {
		CHECK(run(&b, data, size, 1 + data[0] / 4));
		CHECK(a.lines.len == b.lines.len &&
		      !memcmp(a.lines.p, b.lines.p, a.lines.len));
	}
	buf_free(&a.lines);
	buf_free(&b.lines);
	return 0;
}
