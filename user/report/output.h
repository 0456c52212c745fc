/* SPDX-License-Identifier: MIT */
/*
 * Where serialised transactions go. Each worker hands over batches of whole
 * NDJSON lines; every sink has its own bounded queue, its own thread and its
 * own counters, so that a slow one holds up neither another nor the packet
 * path: what finds a queue full is dropped and counted there (unless blocking,
 * for replay).
 */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"

struct output;

struct output_conf {
	const char *const *destinations; /* "ndjson:-", "ndjson:PATH" */
	/* Which lines each gets: as submitted for this view. NULL: all 0. */
	const unsigned int *views;
	unsigned int n_destinations;
	unsigned int workers;
	uint64_t queue_limit; /* bytes waiting, all workers and sinks */
	bool blocking;	      /* submit waits for room instead of dropping */
	const struct log *log;
};

/*
 * The counters of a sink, in transactions where nothing else is said, in the
 * order in which they are shown. submitted is the sum of written, the drops
 * and, while the output works, what is queued.
 */
#define OUTPUT_COUNTERS(X)                          \
	X(submitted) /* handed over */              \
	X(written)                                  \
	X(dropped_queue) /* the queue was full */   \
	X(dropped_error) /* could not be written */ \
	X(bytes_written)                            \
	X(bytes_queued) /* gauge: waiting, or being written */

struct output_stats {
#define OUTPUT_COUNTER(name) uint64_t name;
	OUTPUT_COUNTERS(OUTPUT_COUNTER)
#undef OUTPUT_COUNTER
};

/* Opens every destination (call before giving up privileges) and starts a
 * thread for each. NULL after having logged why. */
struct output *output_new(const struct output_conf *conf);

/* Takes the contents of batch (n transactions) for the sinks of the view, and
 * leaves it empty but usable. */
void output_submit(struct output *o, unsigned int worker, unsigned int view,
		   struct buf *batch, unsigned int n);

/* Writes what is queued, syncs and closes; no more is submitted. 0, or -1
 * after having logged that something could not be written. The counters stay;
 * a second call returns the same. */
int output_end(struct output *o);

/* Ends and frees. stats may be NULL. */
int output_close(struct output *o, struct output_stats *stats);

/* Sums of all sinks. */
void output_stats(struct output *o, struct output_stats *stats);

/* The sinks in the order of conf->destinations. */
unsigned int output_n_sinks(const struct output *o);
const char *output_sink_name(const struct output *o, unsigned int sink);
void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats);

/* Why a sink takes nothing at the moment; static, NULL while it does. */
const char *output_sink_trouble(const struct output *o, unsigned int sink);

/* True once no sink can be written any more for good (EPIPE on stdout): the
 * caller should end. */
bool output_broken(const struct output *o);

#endif
