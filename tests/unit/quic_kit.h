/* SPDX-License-Identifier: MIT */
/* For the tests of quic/: builds Initial packets, and runs datagrams through an
 * engine. */
#ifndef TESTS_QUIC_KIT_H
#define TESTS_QUIC_KIT_H

#include <linux/types.h>

#include "base/buf.h"
#include "quic/keys.h"
#include "quic/quic.h"

/* The messages and the client's connection ID of RFC 9001 appendix A. */
extern const uint8_t quic_client_hello[241], quic_server_hello[90];
extern const struct tls_span quic_rfc_cid;

struct quic_kit_packet {
	uint32_t version; /* 0: 1 */
	enum quic_side side;
	struct tls_span first; /* what the keys depend on; none: quic_rfc_cid */
	struct tls_span dcid, scid;
	const char *token; /* or NULL */
	uint32_t number;
	size_t size; /* padded to this, if shorter */
};

/* Appends a protected packet with these frames. */
void quic_kit_packet(struct buf *to, const struct quic_kit_packet *p,
		     const void *frames, size_t n);
/* Appends a CRYPTO frame. */
void quic_kit_crypto(struct buf *to, uint32_t offset, const void *p, size_t n);

struct quic_kit {
	struct quic_engine *e;
	struct metlo_rec rec; /* of the next datagram, but for its length */
	unsigned int n;	      /* reports */
	struct tls_report last;
	char sni[256];
};

/* memory_limit 0: 1 MiB. Records come from 10.0.0.1:40000, for 10.0.0.2:443. */
void quic_kit_init(struct quic_kit *k, uint64_t memory_limit);
/* Checks the laws and that nothing is left. */
void quic_kit_done(struct quic_kit *k);
/* Exchanges addresses and ports: what follows comes from the other side. */
void quic_kit_turn(struct quic_kit *k);
void quic_kit_feed(struct quic_kit *k, const struct buf *datagram);
/* The conservation laws of struct quic_stats; 0 if one is broken. */
int quic_kit_sums(const struct quic_engine *e);

#endif
