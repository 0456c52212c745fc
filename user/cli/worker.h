/* SPDX-License-Identifier: MIT */
/*
 * The threads of attach. Worker i alone consumes ring i and runs the pipeline
 * of the connections whose records are in it, without a lock.
 */
#ifndef CLI_WORKER_H
#define CLI_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "base/log.h"
#include "capture/capture.h"
#include "cli/settings.h"
#include "http/http.h"
#include "report/output.h"
#include "stream/stream.h"

struct workers;

/* Makes a pipeline for each ring. What the arguments point to must outlive
 * the result. NULL after having logged why. */
struct workers *workers_new(struct capture *c, const struct settings *s,
			    struct output *o, const struct log *log);

/* Empties the rings that were replaced, then starts the threads. 0 or -1,
 * logged. */
int workers_start(struct workers *w);

/* Ends them: each processes what its ring holds at this moment, at most for
 * half a second, closes all connections and hands everything to the output. */
void workers_stop(struct workers *w);

/* True once a transaction was lost for want of memory. */
bool workers_failed(struct workers *w);

void workers_free(struct workers *w);

/* One worker at this moment. */
struct worker_state {
	uint64_t beat_ns; /* CLOCK_MONOTONIC when it was last seen to move; it
			   * does so every few ms, busy or not */
};

/* Takes no lock, so that a worker that hangs can be looked at; for the time
 * between workers_start() and workers_stop(). */
void workers_look(const struct workers *w, unsigned int i,
		  struct worker_state *state);

/* Sums over the workers, of 100 ms ago while they run. */
void workers_stats(struct workers *w, struct stream_stats *stream,
		   struct http_stats *http);

#endif
