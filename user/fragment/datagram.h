/* SPDX-License-Identifier: MIT */
/*
 * One IP datagram that arrives in fragments. What is accepted is what Linux 6.1
 * accepts (net/ipv4/ip_fragment.c, net/ipv6/reassembly.c, inet_fragment.c),
 * because only a datagram that the server accepts reaches its TCP.
 */
#ifndef FRAGMENT_DATAGRAM_H
#define FRAGMENT_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"

/* Offsets are up to 8191 * 8, and the longest fragment has 65535 bytes. */
#define DATAGRAM_END_MAX 131072u
/* Longest datagram behind its header: beyond it, its length does not fit into an
 * IP header. */
#define DATAGRAM_V4_MAX 65515u
#define DATAGRAM_V6_MAX 65535u

/* A fragment, as its headers describe it. */
struct fragment {
	const uint8_t *data;
	uint32_t offset;   /* of data in the datagram */
	uint32_t len;	   /* of data on the wire */
	uint32_t captured; /* bytes at data, <= len */
	uint32_t id;
	uint8_t proto; /* of the first header in the datagram; in later
			* fragments of IPv6 it means nothing */
	uint8_t ecn;   /* RFC 3168 */
	bool last;
	bool ipv6;
	bool bad_sum; /* the checksum of its IPv4 header is wrong */
};

/* Reads the headers of the packet in a record with METLO_REC_FRAGMENT. False:
 * they are malformed. */
bool fragment_parse(const struct metlo_rec *rec, const uint8_t *packet,
		    struct fragment *f);

struct datagram_chunk {
	struct datagram_chunk *next;
	uint32_t offset, len;
	uint8_t data[];
};

struct datagram {
	struct datagram_chunk *chunks; /* captured data */
	/* Bits of 8 bytes each: received, and where a run begins. A run is what
	 * arrived in order at the end; Linux takes a fragment for a duplicate
	 * if one run contains it. */
	uint64_t *have, *starts;
	uint32_t words; /* of each */
	uint32_t len;	/* highest end so far, or the end if last */
	uint32_t meat;	/* bytes received */
	uint32_t top;	/* end of the highest run */
	uint32_t hole;	/* first byte that the mirror cut off */
	size_t memory;	/* of chunks and bits */
	uint8_t ecn;	/* bit n: a fragment had ECN field n */
	uint8_t proto;
	bool first, last;
	bool ipv6;
};

enum datagram_result {
	DATAGRAM_MORE, /* accepted; fragments are missing */
	DATAGRAM_COMPLETE,
	DATAGRAM_DUPLICATE, /* ignored */
	DATAGRAM_IGNORED,   /* invalid on its own; the datagram goes on */
	/* The datagram is discarded: */
	DATAGRAM_OVERLAP, /* fragments overlap */
	DATAGRAM_INVALID, /* fragments contradict each other */
	DATAGRAM_NO_MEMORY,
};

/* Adds a fragment. d is zero at first, but for ipv6 and hole (UINT32_MAX). */
enum datagram_result datagram_add(struct datagram *d, const struct fragment *f);

/* Copies the data of a complete datagram to out, d->len bytes. Bytes from
 * d->hole on mean nothing. */
void datagram_copy(const struct datagram *d, uint8_t *out);

/* Frees chunks and bits, not d. */
void datagram_release(struct datagram *d);

#endif
