/* SPDX-License-Identifier: MIT */
/*
 * The lines that wait for the sinks. What a worker hands over lies in memory
 * once; each sink has a queue of its own for each worker, with pieces of it,
 * so that one that is slow loses its own lines and holds up nobody.
 */
#ifndef OUTPUT_QUEUE_H
#define OUTPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "output/delays.h"

/* Pieces taken at a time. */
#define QUEUE_GROUP 64

struct queue;
struct chunk; /* memory that sinks share */

struct queue_conf {
	unsigned int workers, sinks;
	const unsigned int *views; /* of each sink; NULL: all 0 */
	uint64_t limit;		   /* bytes waiting, all workers and sinks */
	bool blocking; /* submit waits for room instead of dropping */
};

/* Whole lines, valid until queue_done(). */
struct piece {
	const uint8_t *p;
	size_t len;
	unsigned int n; /* transactions */
	unsigned int worker;
	struct chunk *chunk;
	uint64_t since_ns; /* CLOCK_MONOTONIC, when the first was handed over */
};

struct queue_group {
	struct piece piece[QUEUE_GROUP];
	unsigned int n;
	unsigned int transactions;
	uint64_t bytes;
};

struct queue_counts {
	uint64_t submitted; /* transactions handed over */
	uint64_t dropped;   /* of these found the queue full */
	uint64_t bytes;	    /* gauge: waiting, or taken and not done */
};

/* NULL with errno on failure. */
struct queue *queue_new(const struct queue_conf *conf);
void queue_free(struct queue *q);

/* --- for the workers --------------------------------------------------- */

/* Takes the contents of batch (n transactions) for every sink of the view and
 * leaves it empty but usable. */
void queue_submit(struct queue *q, unsigned int worker, unsigned int view,
		  struct buf *batch, unsigned int n);

/* --- for the thread of a sink ------------------------------------------ */

/* Waits until there is something for it, or queue_nudge(); false at the end. */
bool queue_wait(struct queue *q, unsigned int sink);

/* Makes queue_wait() return once though nothing may be there. */
void queue_nudge(struct queue *q, unsigned int sink);

/* Takes what waits, of all workers in turn. */
void queue_take(struct queue *q, unsigned int sink, struct queue_group *g);

/* Gives the group back, once for each that was taken. */
void queue_done(struct queue *q, unsigned int sink, struct queue_group *g);

/* Waits a little, unless much is waiting or the end has come: waking a sink
 * for every few lines would cost the packet path more than they did. */
void queue_gather(struct queue *q, unsigned int sink);

/* Instead of queue_wait() and queue_gather(), for a sink that waits for more
 * than its queue: an eventfd that is written to when something arrives or the
 * end has come after queue_watch() returned true; false: that is so now. */
void queue_wake_by(struct queue *q, unsigned int sink, int event_fd);
bool queue_watch(struct queue *q, unsigned int sink);

/* --- for whoever made it ----------------------------------------------- */

/* No more is submitted: once a queue is empty, its sink ends. */
void queue_end(struct queue *q);
bool queue_ending(struct queue *q);

/* How long transactions took from being handed over to queue_done(), and the
 * age of the oldest that is not done, in ns; 0: there is none. */
void queue_delays(struct queue *q, unsigned int sink, struct delays *d,
		  uint64_t *oldest);

void queue_counts(struct queue *q, unsigned int sink, struct queue_counts *c);

#endif
