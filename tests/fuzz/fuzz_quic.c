/* SPDX-License-Identifier: MIT */
/*
 * Datagrams of QUIC. The input is a series of steps: 1 byte of options, 2 bytes of
 * length, data. Data is a datagram as it is, or frames that are sealed here as a
 * client or a server would, because no fuzzer finds a tag by chance. Whatever comes,
 * the counters add up, memory stays within its limit, and everything reported can
 * be read.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/quic_kit.h"
#include "tls/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum option {
	OPT_AS_IS = 1,
	OPT_SERVER = 2,
	OPT_V2 = 4,
	OPT_TOKEN = 8,
	OPT_OTHER_CID = 16,
	OPT_CUT = 32, /* by the mirror */
	OPT_LATER = 64,
	OPT_OTHER_PORT = 128,
};

#define LIMIT (256u << 10)

static uint64_t touched; /* keeps the compiler from dropping the reads */

static void touch(const struct tls_span *s)
{
	for (uint32_t i = 0; i < s->len; i++)
		touched += s->p[i];
}

static void on_report(void *ctx, const struct tls_report *r)
{
	unsigned int *n = ctx;

	++*n;
	touch(&r->sni);
	touch(&r->alpn);
	touch(&r->versions);
	touch(&r->groups);
	if (r->n_alerts > TLS_ALERTS_MAX || r->sni.len > 255 ||
	    r->last_ns < r->first_ns || !r->quic_version)
		abort();
	if (r->has_ja4 && r->ja4[0] != 'q')
		abort();
}

/* Appends what a step sends to the datagram. */
static void build(struct buf *to, uint8_t options, const struct tls_span *s)
{
	static const uint8_t other[] = "other cid";
	struct quic_kit_packet p = {
		.version = options & OPT_V2 ? QUIC_V2 : QUIC_V1,
		.side = options & OPT_SERVER ? QUIC_SERVER : QUIC_CLIENT,
		.first = quic_rfc_cid,
		.token = options & OPT_TOKEN ? "t" : NULL,
	};

	if (options & OPT_AS_IS) {
		buf_add(to, s->p, s->len);
		return;
	}
	if (options & OPT_OTHER_CID)
		p.first = (struct tls_span){other, sizeof(other)};
	if (p.side == QUIC_CLIENT)
		p.dcid = p.first;
	/* Longer ones have a length of more bytes. */
	quic_kit_packet(to, &p, s->p, s->len < 8000 ? s->len : 8000);
}

static void step(struct quic_kit *k, struct buf *d, struct wire *w)
{
	const uint8_t options = (uint8_t)wire_uint(w, 1);
	const uint32_t n = wire_uint(w, 2);
	const size_t left = wire_left(w);
	const struct tls_span s = wire_bytes(w, n < left ? n : left);
	const bool server = options & OPT_SERVER;

	build(d, options, &s);
	k->rec.flags &= ~METLO_REC_TRUNCATED;
	if (options & OPT_CUT && d->len) {
		d->len--;
		k->rec.flags |= METLO_REC_TRUNCATED;
	}
	if (d->len > METLO_REC_PAYLOAD_MAX)
		d->len = METLO_REC_PAYLOAD_MAX;
	if (options & OPT_LATER)
		k->rec.ts_ns += 7000000000;
	k->rec.sport = (uint16_t)(40000 + !!(options & OPT_OTHER_PORT));
	if (server)
		quic_kit_turn(k);
	quic_kit_feed(k, d);
	if (server)
		quic_kit_turn(k);
	quic_tick(k->e, k->rec.ts_ns);
	buf_clear(d);
	if (!quic_kit_sums(k->e) || quic_stats(k->e)->memory_used > LIMIT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire w = wire_of(data, size);
	struct buf datagram = {0};
	unsigned int n = 0;
	struct quic_kit k;
	const struct quic_conf conf = {
		.memory_limit = LIMIT,
		.emit = on_report,
		.emit_ctx = &n,
	};

	quic_kit_init(&k, LIMIT);
	quic_free(k.e);
	k.e = quic_new(&conf);
	if (!k.e)
		abort();
	for (unsigned int i = 0; i < 64 && w.p < w.end; i++)
		step(&k, &datagram, &w);
	quic_flush(k.e);
	if (quic_stats(k.e)->connections_live || n != quic_stats(k.e)->reported)
		abort();
	quic_free(k.e);
	buf_free(&datagram);
	return 0;
}
