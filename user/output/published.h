/* SPDX-License-Identifier: MIT */
/*
 * What a sink's thread lets other threads read: written as a whole by the one,
 * read by any, under a lock of its own.
 */
#ifndef OUTPUT_PUBLISHED_H
#define OUTPUT_PUBLISHED_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "output/stats.h"

/* How deliveries go, beside the counters. */
struct published_state {
	const char *last_error; /* static text; NULL: none */
	bool transient;		/* see sink_ops.last_error() */
	uint64_t waiting_since; /* CLOCK_MONOTONIC, of the last progress;
				 * 0: nothing waits */
};

struct published {
	pthread_mutex_t lock;
	struct output_stats stats;
	struct published_state state;
};

void published_init(struct published *p);
void published_destroy(struct published *p);

void published_set(struct published *p, const struct output_stats *stats,
		   const struct published_state *state);

/* For sink_ops of the same names. */
void published_stats(struct published *p, struct output_stats *stats);
const char *published_last_error(struct published *p, bool *transient);
uint64_t published_undelivered_age(struct published *p);

#endif
