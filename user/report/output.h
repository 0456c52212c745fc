/* SPDX-License-Identifier: MIT */
/*
 * Where serialised transactions go. Each worker hands over batches of whole
 * NDJSON lines through its own bounded queue; one thread writes them to every
 * sink. The packet path never waits: a batch that finds the queue full is
 * dropped and its transactions are counted (unless blocking, for replay).
 */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "report/trace.h"

struct output;

struct output_conf {
	const char *const *destinations; /* "ndjson:-", "ndjson:PATH" */
	unsigned int n_destinations;
	unsigned int workers;
	uint64_t queue_limit; /* bytes waiting, all workers */
	bool blocking;	      /* submit waits for room instead of dropping */
	const struct log *log;
};

struct output_stats {
	uint64_t submitted;	/* transactions handed over */
	uint64_t written;	/* on every sink */
	uint64_t dropped_queue; /* queue full */
	uint64_t dropped_error; /* a sink failed to write */
	uint64_t bytes_written;
	uint64_t bytes_queued; /* gauge */
};

/* Opens every destination (call before giving up privileges) and starts the
 * writer. NULL after having logged why. */
struct output *output_new(const struct output_conf *conf);

/* Takes the contents of batch (n transactions) and leaves it empty but
 * usable. */
void output_submit(struct output *o, unsigned int worker, struct buf *batch,
		   unsigned int n);

/* Writes what is queued, syncs and closes. 0, or -1 after having logged that
 * something could not be written. Frees o. stats may be NULL. */
int output_close(struct output *o, struct output_stats *stats);

void output_stats(struct output *o, struct output_stats *stats);

/* True once a sink cannot be written any more for good (EPIPE on stdout):
 * the caller should end. */
bool output_broken(const struct output *o);

#endif
