/* SPDX-License-Identifier: MIT */
/*
 * Where serialised transactions go. Each worker hands over batches of whole
 * NDJSON lines; every sink has its own bounded queue, its own thread and its
 * own counters, so that a slow one holds up neither another nor the packet
 * path: what finds a queue full is dropped and counted there (unless blocking,
 * for replay).
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
	unsigned int view; /* it gets the lines submitted for this view */
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

/* The sinks in the order of conf->sinks. */
unsigned int output_n_sinks(const struct output *o);
const char *output_sink_name(const struct output *o, unsigned int sink);
void output_sink_stats(struct output *o, unsigned int sink,
		       struct output_stats *stats);

/* Somebody renamed the files: each is opened anew before its next line. */
void output_reopen(struct output *o);

/* Call about once a second: rotates files that are due even when no line is
 * written. */
void output_tick(struct output *o);

/* Why nothing is delivered to a sink at present, as static text; NULL while it
 * is. *retained: its lines are kept until it is again, space permitting. */
const char *output_sink_last_error(const struct output *o, unsigned int sink,
				   bool *retained);

/* How long transactions took until the sink had done with them (Metlo: had
 * stored them to be sent), and, in ns, the age of the oldest with which it has
 * not (Metlo: for how long none was delivered); 0: there is none. */
void output_sink_delays(const struct output *o, unsigned int sink,
			struct delays *d, uint64_t *oldest);

/* True once no sink can be written any more for good (EPIPE on stdout): the
 * caller should end. */
bool output_broken(const struct output *o);

#endif
