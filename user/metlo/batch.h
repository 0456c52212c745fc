/* SPDX-License-Identifier: MIT */
/* A batch of traces, taken out of the spool: what of it is sent, and what an
 * answer means for each of them. */
#ifndef METLO_BATCH_H
#define METLO_BATCH_H

#include "metlo/http.h"
#include "metlo/spool.h"

/* The collector takes 2 MB; proxies before it often 1 MiB. */
#define METLO_BATCH_BYTES  1000000u
#define METLO_BATCH_TRACES 100u

struct metlo_batch {
	struct buf body;       /* a JSON array */
	unsigned int n;	       /* traces */
	unsigned int first;    /* of them that is not done with */
	unsigned int sending;  /* how many from there on are being sent */
	unsigned int send_max; /* after that proved too large */
	uint64_t seq;	       /* segment of the spool that they are from */
	struct {
		uint32_t at, len; /* in body */
		uint32_t from, to;
	} trace[METLO_BATCH_TRACES];
};

/* Fills an empty one. false: there is nothing to be read, or no memory. */
bool metlo_batch_fill(struct metlo_batch *b, struct spool *spool);

/* The body of the next request for it. */
const uint8_t *metlo_batch_request(struct metlo_batch *b, size_t *len);

struct metlo_done {
	unsigned int taken, refused; /* traces, the first ones */
	struct spool_place place;    /* where they lie */
};

/* What of that is done with after an answer; what is left may be sent. */
struct metlo_done metlo_batch_answered(struct metlo_batch *b,
				       const struct metlo_answer *a);

static inline bool metlo_batch_empty(const struct metlo_batch *b)
{
	return b->first == b->n;
}

#endif
