/* SPDX-License-Identifier: MIT */
/* A batch of records read from the spool: which of them the next request carries,
 * and what an answer means for each. */
#ifndef DELIVERY_BATCH_H
#define DELIVERY_BATCH_H

#include "delivery/server.h"
#include "delivery/spool.h"

struct delivery_batch {
	struct buf body;	  /* of records */
	struct buf request;	  /* what is in flight */
	unsigned int n;		  /* records in body */
	unsigned int first;	  /* the first without a result */
	unsigned int requested;	  /* how many from first on are in flight */
	unsigned int request_max; /* reduced when a request was too large */
	unsigned int unsure;	  /* how many from first on may be there */
	uint64_t seq;		  /* the spool segment they are from */
	struct delivery_record record[DELIVERY_RECORDS_MAX];
};

/* Fills an empty batch. false: nothing to read, or out of memory. */
bool delivery_batch_fill(struct delivery_batch *b,
			 const struct delivery_server *server,
			 struct spool *spool);

/* Makes b->request the next request. false: out of memory. */
bool delivery_batch_request(struct delivery_batch *b,
			    const struct delivery_server *server,
			    const void *ctx);

struct delivery_batch_result {
	/* Records, counted from the first of the request. Those after them are
	 * sent again. */
	unsigned int accepted, rejected;
	/* Not of these: may be there not at all, or twice. */
	unsigned int uncertain;
	struct spool_range range; /* of all */
};

/* Applies the answer to the request. */
struct delivery_batch_result
delivery_batch_apply(struct delivery_batch *b,
		     const struct delivery_server *server,
		     const struct delivery_answer *a);

/* The request failed as a whole and will be sent again. */
void delivery_batch_again(struct delivery_batch *b,
			  const struct delivery_answer *a);

/* Frees what more than keep bytes occupy, if it is not needed. */
void delivery_batch_give_back(struct delivery_batch *b, size_t keep);
void delivery_batch_free(struct delivery_batch *b);

static inline bool delivery_batch_empty(const struct delivery_batch *b)
{
	return b->first == b->n;
}

static inline unsigned int delivery_batch_left(const struct delivery_batch *b)
{
	return b->n - b->first;
}

#endif
