/* SPDX-License-Identifier: MIT */
/*
 * Which connection does a record belong to? Addresses and ports select the
 * candidates; sequence and acknowledgment numbers choose among them or rule
 * out all of them. The VNI is evidence, not identity: one packet may be
 * mirrored under two VNIs, the directions of one connection may have different
 * ones, and two tenants may use the same addresses under two VNIs.
 */
#ifndef STREAM_MATCH_H
#define STREAM_MATCH_H

#include "stream/flow.h"

enum match_fit {
	MATCH_NONE,	/* another connection */
	MATCH_FAR,	/* its VNI, but a sequence number far off */
	MATCH_WEAK,	/* no numbers to compare */
	MATCH_POSSIBLE, /* after its end, or one of two numbers far off */
	MATCH_NEAR,	/* within the window */
	MATCH_UPCOMING, /* shortly after the next byte */
	MATCH_SEEN,	/* a range already passed */
	MATCH_GOES_ON,	/* exactly where a flow ended */
	MATCH_NEXT,	/* the next byte exactly */
};

struct match {
	uint32_t flow; /* 0 if MATCH_NONE */
	enum match_fit fit;
	uint32_t same_key; /* flows with this key */
};

/* Where a record belongs by its addresses. */
struct location {
	struct flow_key key;
	uint32_t tag;
	uint32_t likely;  /* flow; a guess, for prefetching only */
	unsigned int dir; /* the sender's index in the key */
};

/* The flow that the record fits best. first is the first flow with its key, which
 * flow_table_next() has found, or 0; walk continues after it. */
struct match match_find(const struct stream_table *t, const struct location *at,
			const struct metlo_rec *rec, uint32_t first,
			struct slot_walk *walk);

#endif
