/* SPDX-License-Identifier: MIT */
/* A batch of traces read from the spool: which of them the next request carries,
 * and what an answer means for each. */
#ifndef METLO_BATCH_H
#define METLO_BATCH_H

#include "metlo/http.h"
#include "metlo/spool.h"

/* The collector accepts 2 MB, proxies in front of it often only 1 MiB. */
#define INGEST_BATCH_BYTES  1000000u
#define INGEST_BATCH_TRACES 100u

struct ingest_batch {
	struct buf body;	  /* a JSON array */
	unsigned int n;		  /* traces in body */
	unsigned int first;	  /* the first without a result */
	unsigned int requested;	  /* how many from first on are in flight */
	unsigned int request_max; /* reduced when a request was too large */
	uint64_t seq;		  /* the spool segment they are from */
	struct {
		uint32_t at, len;  /* bytes of body */
		uint32_t from, to; /* bytes of the segment */
	} trace[INGEST_BATCH_TRACES];
};

/* Fills an empty batch. false: nothing to read, or out of memory. */
bool ingest_batch_fill(struct ingest_batch *b, struct spool *spool);

/* The body of the next request; valid until the batch changes. */
const uint8_t *ingest_batch_request(struct ingest_batch *b, size_t *len);

struct ingest_batch_result {
	/* Traces, counted from the first of the request. Those after them are
	 * sent again. */
	unsigned int accepted, rejected;
	struct spool_range range; /* of both */
};

/* Applies the answer to the request. */
struct ingest_batch_result ingest_batch_apply(struct ingest_batch *b,
					      const struct ingest_answer *a);

static inline bool ingest_batch_empty(const struct ingest_batch *b)
{
	return b->first == b->n;
}

#endif
