/* SPDX-License-Identifier: MIT */
/* A queue of records from other workers: those of segments that were reassembled
 * from fragments by a worker that does not own their connection. */
#ifndef RUN_INBOX_H
#define RUN_INBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include "base/buf.h"
#include "metlo_record.h"

struct inbox {
	pthread_mutex_t lock;
	_Atomic size_t waiting; /* bytes; for a look without the lock */
	struct buf filling;	/* under lock */
	struct buf draining;	/* of the owner */
};

typedef void (*inbox_fn)(void *ctx, const struct metlo_rec *rec,
			 const unsigned char *payload);

void inbox_init(struct inbox *b);
void inbox_free(struct inbox *b);

/* From any thread. False: the queue is full, or no memory. */
bool inbox_put(struct inbox *b, const struct metlo_rec *rec,
	       const unsigned char *payload);

static inline bool inbox_waiting(const struct inbox *b)
{
	return atomic_load_explicit(&b->waiting, memory_order_relaxed) != 0;
}

/* From the owner: passes what waits to fn, in order. */
void inbox_take(struct inbox *b, inbox_fn fn, void *ctx);

#endif
