/* SPDX-License-Identifier: MIT */
/*
 * A datagram may hold several packets; all but the last have a length (RFC 9000
 * section 12.2). What follows a packet of another kind than these cannot be
 * found, so reading ends there.
 */
#include "quic/packet.h"

#define LONG_HEADER 0x80
#define NUMBER_MAX  4u

uint64_t wire_varint(struct wire *w)
{
	uint64_t v = wire_uint(w, 1);
	unsigned int more = (1u << (v >> 6)) - 1;

	v &= 0x3f;
	for (struct tls_span s = wire_bytes(w, more); s.len; s.p++, s.len--)
		v = v << 8 | *s.p;
	return w->failed ? 0 : v;
}

/* Version 2 counts the types from another number on. */
static enum quic_type type_of(uint8_t first, uint32_t version)
{
	unsigned int bits = first >> 4 & 3;

	return (enum quic_type)(version == QUIC_V2 ? (bits + 3) & 3 : bits);
}

bool quic_packet_next(struct wire *w, struct quic_packet *out)
{
	const uint8_t *start = w->p;
	uint64_t length;
	uint8_t first;

	*out = (struct quic_packet){.type = QUIC_RETRY};
	/* A short header, or padding, goes on to the end. */
	if (w->p == w->end || !(*w->p & LONG_HEADER))
		return false;
	first = (uint8_t)wire_uint(w, 1);
	out->version = wire_uint(w, 4);
	if (w->failed || (out->version != QUIC_V1 && out->version != QUIC_V2))
		return false;
	out->type = type_of(first, out->version);
	if (out->type == QUIC_RETRY)
		return false;
	out->dcid = wire_vector(w, 1);
	out->scid = wire_vector(w, 1);
	if (out->dcid.len > QUIC_CID_MAX || out->scid.len > QUIC_CID_MAX)
		w->failed = true;
	if (out->type == QUIC_INITIAL) {
		const uint64_t n = wire_varint(w);

		out->has_token = n != 0;
		(void)wire_bytes(w, n);
	}
	length = wire_varint(w);
	out->number = (uint32_t)(w->p - start);
	(void)wire_bytes(w, length);
	if (w->failed)
		return false;
	out->bytes = (struct tls_span){start, (uint32_t)(w->p - start)};
	return length >= NUMBER_MAX;
}
