/* SPDX-License-Identifier: MIT */
/* A connection to port 443, for the targets of tls/. */
#ifndef TESTS_FUZZ_TLS_FLOW_H
#define TESTS_FUZZ_TLS_FLOW_H

#include "stream/stream.h"

struct tls_flow {
	struct stream_table *t;
	uint64_t now_ns;
	uint32_t seq[2];
};

/* Sends n bytes in direction dir: 0 by the client. */
static inline void tls_flow_send(struct tls_flow *w, unsigned int dir,
				 const uint8_t *p, size_t n, uint8_t flags)
{
	struct metlo_rec rec = {
		.ts_ns = w->now_ns,
		.seq = w->seq[dir],
		.ack = flags == METLO_TCP_SYN ? 0 : w->seq[!dir],
		.vni = 1,
		.len = (uint32_t)n,
		.wire_len = (uint32_t)n,
		.sport = dir ? 443 : 40000,
		.dport = dir ? 40000 : 443,
		.tcp_flags = flags,
		.flags = dir ? METLO_REC_SPORT : METLO_REC_DPORT,
	};

	rec.saddr[10] = rec.saddr[11] = rec.daddr[10] = rec.daddr[11] = 0xff;
	rec.saddr[15] = dir ? 2 : 1;
	rec.daddr[15] = dir ? 1 : 2;
	w->now_ns += 1000;
	w->seq[dir] +=
		(uint32_t)n + !!(flags & (METLO_TCP_SYN | METLO_TCP_FIN));
	stream_record(w->t, &rec, p);
}

#endif
