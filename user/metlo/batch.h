/* SPDX-License-Identifier: MIT */
/* A batch of traces, taken out of the spool: what of it is sent, and what an
 * answer means for each of them. */
#ifndef METLO_BATCH_H
#define METLO_BATCH_H

#include "metlo/http.h"
#include "metlo/spool.h"

/* The collector takes 2 MB; proxies before it often 1 MiB. */
#define INGEST_BATCH_BYTES  1000000u
#define INGEST_BATCH_TRACES 100u

struct ingest_batch {
	struct buf body;       /* a JSON array */
	unsigned int n;	       /* traces */
	unsigned int first;    /* of them that is not done with */
	unsigned int sending;  /* how many from there on are being sent */
	unsigned int send_max; /* after that proved too large */
	uint64_t seq;	       /* segment of the spool that they are from */
	struct {
		uint32_t at, len; /* in body */
		uint32_t from, to;
	} trace[INGEST_BATCH_TRACES];
};

/* Fills an empty one. false: there is nothing to be read, or no memory. */
bool ingest_batch_fill(struct ingest_batch *b, struct spool *spool);

/* The body of the next request for it. */
const uint8_t *ingest_batch_request(struct ingest_batch *b, size_t *len);

struct ingest_done {
	unsigned int taken, refused; /* traces, the first ones */
	struct spool_place place;    /* where they lie */
};

/* What of that is done with after an answer; what is left may be sent. */
struct ingest_done ingest_batch_answered(struct ingest_batch *b,
					 const struct ingest_answer *a);

static inline bool ingest_batch_empty(const struct ingest_batch *b)
{
	return b->first == b->n;
}

#endif
