/* SPDX-License-Identifier: MIT */
/*
 * Which connection does a record belong to? Addresses and ports name
 * candidates; sequence and acknowledgment numbers decide between them, and
 * whether it is none of them. The VNI is evidence only: one packet may come
 * under two, so may the directions of one connection, and two tenants may use
 * the same addresses.
 */
#ifndef STREAM_MATCH_H
#define STREAM_MATCH_H

#include "stream/flow.h"

/* Farther ahead of a stream than any receive window and buffer reaches. */
#define MATCH_WINDOW (1 << 24)
/* What a VNI that is new to a direction must be within to count as a copy. */
#define MATCH_COPY_WINDOW (1 << 20)
/* Data that may precede a late SYN, or ride on it (RFC 7413). */
#define MATCH_SYN_WINDOW (1 << 21)

enum match_fit {
	MATCH_NONE,	/* another connection */
	MATCH_FAR,	/* its VNI, but far off its numbers */
	MATCH_WEAK,	/* no numbers to compare */
	MATCH_POSSIBLE, /* beyond an end, or one of two numbers is far off */
	MATCH_NEAR,
	MATCH_UPCOMING, /* soon to come in the stream */
	MATCH_SEEN,	/* seen before */
	MATCH_NEXT,	/* exactly what comes next */
};

struct match {
	uint32_t flow; /* 0 with MATCH_NONE */
	enum match_fit fit;
	uint32_t same_key; /* flows looked at */
};

struct match match_find(const struct stream_table *t, uint32_t tag,
			const struct flow_key *key, unsigned int dir,
			const struct metlo_rec *rec);

#endif
