/* SPDX-License-Identifier: MIT */
/* Long headers of the packets in a datagram (RFC 9000 section 17.2, RFC 9369). */
#ifndef QUIC_PACKET_H
#define QUIC_PACKET_H

#include "tls/wire.h"

#define QUIC_V1 0x00000001u
#define QUIC_V2 0x6b3343cfu

#define QUIC_CID_MAX 20u

enum quic_type { QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE, QUIC_RETRY };

struct quic_packet {
	uint32_t version;
	enum quic_type type;
	struct tls_span dcid, scid;
	bool has_token;
	struct tls_span bytes; /* all of it */
	uint32_t number;       /* offset of the packet number in these */
};

/* A varint (RFC 9000 section 16). */
uint64_t wire_varint(struct wire *w);

/* Reads the packet at w, which holds the rest of a datagram. False: there is
 * none, its header is invalid, or its end is unknown; then w->failed tells
 * whether it should have gone on. out->type is that of what was begun. */
bool quic_packet_next(struct wire *w, struct quic_packet *out);

#endif
