/* SPDX-License-Identifier: MIT */
/*
 * Judges pairing: what pairing_sim.h simulates passes a mirror that loses,
 * duplicates, delays and truncates packets, then stream/ and http/. Each
 * transaction is compared with the truth.
 */
#ifndef TESTS_PAIRING_KIT_H
#define TESTS_PAIRING_KIT_H

#include "pairing_sim.h"

/* What the mirror does to the packets of a group of connections. Chances are in
 * 1/10000. */
struct mirror {
	uint32_t loss;
	uint32_t duplicates;
	uint32_t delayed; /* single packets, by up to delay_ns */
	uint64_t delay_ns;
	uint64_t lag_ns;    /* one direction of all connections */
	uint32_t midstream; /* connections joined at a random packet */
	uint32_t truncated; /* connections with truncated packets */
};

struct verdict {
	uint64_t transactions; /* requests sent */
	uint64_t pairs;	       /* reported, of all */
	uint64_t assumed;      /* of them flagged pair-assumed */
	uint64_t wrong;	       /* without the flag */
	uint64_t assumed_wrong;
	uint64_t complete; /* pairs of which every byte was captured */
	uint64_t found;	   /* of these: reported as pairs */
	uint64_t phantoms; /* messages that nobody sent */
	/* outside connections that were joined midstream */
	uint64_t seen_pairs, seen_assumed;
};

void verdict_add(struct verdict *to, const struct verdict *v);

struct pairing_kit;
struct pairing_kit *pairing_new(void);
void pairing_free(struct pairing_kit *k);
/* Simulates connections, passes them on interleaved, and adds to *v. verbose:
 * prints what is wrong. */
void pairing_group(struct pairing_kit *k, const struct sim_conf *conf,
		   const struct mirror *mirror, struct sim_random *r,
		   struct verdict *v, bool verbose);

#endif
