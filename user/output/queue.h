/* SPDX-License-Identifier: MIT */
/*
 * The queues between workers and sinks. A batch of lines is stored once, however
 * many sinks it goes to. Every sink has a queue per worker that holds slices of
 * that memory, so a slow sink loses only its own lines and delays no other sink.
 */
#ifndef OUTPUT_QUEUE_H
#define OUTPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "output/delays.h"

/* Most slices that one queue_dequeue() returns. */
#define QUEUE_GROUP 64

struct queue;
struct chunk; /* memory that sinks share */

struct queue_conf {
	unsigned int workers, sinks;
	const unsigned int *views; /* of each sink; NULL: all 0 */
	const bool *http_only;	   /* of each sink; NULL: all false */
	uint64_t limit;		   /* bytes waiting, all workers and sinks */
	bool blocking; /* submit waits for room instead of dropping */
};

/* Whole lines, valid until queue_release(). */
struct slice {
	const uint8_t *p;
	size_t len;
	unsigned int n; /* transactions */
	unsigned int worker;
	struct chunk *chunk;
	uint64_t submitted_ns; /* CLOCK_MONOTONIC, of the first line */
};

struct queue_group {
	struct slice slice[QUEUE_GROUP];
	unsigned int n;
	unsigned int transactions;
	uint64_t bytes;
};

struct queue_counts {
	uint64_t submitted; /* transactions */
	uint64_t dropped;   /* of these, because the queue was full */
	uint64_t bytes;	    /* gauge: queued, or dequeued and not released */
};

/* NULL with errno on failure. */
struct queue *queue_new(const struct queue_conf *conf);
void queue_free(struct queue *q);

/* --- for the workers --------------------------------------------------- */

/* What the lines of a batch are about. */
enum queue_lines { QUEUE_HTTP, QUEUE_OTHER };

/* Queues the contents of batch (n lines) for every sink of the view that takes
 * such lines. Leaves batch empty but usable: it may get another allocation. */
void queue_submit(struct queue *q, unsigned int worker, unsigned int view,
		  enum queue_lines kind, struct buf *batch, unsigned int n);

/* --- for the thread of a sink ------------------------------------------ */

/* Waits for lines or queue_wake(). false: the queue has ended and is empty. */
bool queue_wait(struct queue *q, unsigned int sink);

/* Makes queue_wait() return once even if there are no lines. Any thread. */
void queue_wake(struct queue *q, unsigned int sink);

/* Dequeues up to QUEUE_GROUP slices, from all workers in turn. */
void queue_dequeue(struct queue *q, unsigned int sink, struct queue_group *g);

/* The sink is done with the group. Call once for each queue_dequeue(). */
void queue_release(struct queue *q, unsigned int sink, struct queue_group *g);

/* Sleeps for a millisecond so that more lines can accumulate; returns earlier
 * if a queue is filling up or has ended. Waking a sink for every few lines
 * would cost the workers more than producing them did. */
void queue_coalesce(struct queue *q, unsigned int sink);

/* For a sink that polls other descriptors too, instead of queue_wait() and
 * queue_coalesce(). After queue_arm() has returned true, the eventfd is written
 * to once lines arrive or the queue ends. false: one of these is so already. */
void queue_set_eventfd(struct queue *q, unsigned int sink, int event_fd);
bool queue_arm(struct queue *q, unsigned int sink);

/* --- for the owner ----------------------------------------------------- */

/* Frees half of the memory kept for reuse that was not needed since the last
 * call. Call about once a second. */
void queue_decay(struct queue *q);

/* Nothing is submitted from here on: queue_wait() returns false once the queue
 * is empty. */
void queue_end(struct queue *q);
bool queue_ending(struct queue *q);

/* How long transactions took from queue_submit() to queue_release(), and the
 * age in ns of the oldest that is not released; 0: there is none. */
void queue_delays(struct queue *q, unsigned int sink, struct delays *d,
		  uint64_t *oldest);

void queue_counts(struct queue *q, unsigned int sink, struct queue_counts *c);

#endif
