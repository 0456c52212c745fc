/* SPDX-License-Identifier: MIT */
/*
 * The destinations of serialised transactions. Workers submit batches of whole
 * NDJSON lines. Every sink has its own bounded queues, thread and counters, so a
 * slow one delays neither the packet path nor other sinks: lines that find its
 * queue full are dropped and counted, unless blocking (replay).
 */
#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "output/delays.h"
#include "output/sink.h"
#include "output/stats.h"

struct output;

struct output_sink {
	const struct sink_ops *ops;
	const char *destination;
	unsigned int view; /* the sink gets lines submitted for this view */
	const void *conf;  /* for ops->open() */
};

struct output_conf {
	const struct output_sink *sinks; /* used by output_new() only */
	unsigned int n_sinks;
	unsigned int workers;
	uint64_t queue_limit; /* bytes waiting, all workers and sinks */
	bool blocking;	      /* submit waits for room instead of dropping */
	const struct log *log;
};

/* Opens every destination (call before dropping privileges) and starts a thread
 * for each. NULL after having logged why. */
struct output *output_new(const struct output_conf *conf);

/* Hands the contents of batch (n transactions) to the sinks of the view. Leaves
 * batch empty but usable. */
void output_submit(struct output *o, unsigned int worker, unsigned int view,
		   struct buf *batch, unsigned int n);
/* The same for lines that are no transactions: sinks that are http_only do not get
 * them. */
void output_submit_other(struct output *o, unsigned int worker,
			 unsigned int view, struct buf *batch, unsigned int n);

/* Writes what is queued, syncs and closes; nothing may be submitted after it.
 * 0, or -EIO if something could not be written, logged. The counters remain
 * readable. A second call returns the same. */
int output_end(struct output *o);

/* output_end(), the sums of the counters into stats unless that is NULL, and
 * frees. Returns what output_end() does. */
int output_close(struct output *o, struct output_stats *stats);

/* Sums of all sinks. */
void output_stats(struct output *o, struct output_stats *stats);

/* The sinks in the order of conf->sinks. */
unsigned int output_n_sinks(const struct output *o);
const char *output_sink_name(const struct output *o, unsigned int sink);
void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats);

/* Log rotation: every file is reopened by its name before its next line. */
void output_reopen(struct output *o);

/* Call about once a second: rotates files that are due even when no line is
 * written, and frees memory that a burst has left behind. */
void output_tick(struct output *o);

/* Why nothing is delivered to a sink at present, as static text; NULL while it
 * is. *transient: the sink keeps lines and expects to recover by itself. */
const char *output_sink_last_error(const struct output *o, unsigned int sink,
				   bool *transient);

/* How long transactions took from output_submit() until the sink had written
 * them (Metlo: had stored them in its spool). *oldest: for how long, in ns, the
 * oldest transaction has been waiting (Metlo: for how long none was delivered);
 * 0: none is waiting. */
void output_sink_delays(const struct output *o, unsigned int sink,
			struct delays *d, uint64_t *oldest);

/* Have all sinks failed for good, such as with EPIPE on standard output? Then
 * the caller should end. */
bool output_broken(const struct output *o);

#endif
