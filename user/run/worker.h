/* SPDX-License-Identifier: MIT */
/*
 * The threads of attach. Worker i alone consumes ring i and runs the pipeline
 * of the connections whose records are in it, without a lock.
 */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "base/log.h"
#include "capture/capture.h"
#include "run/rules.h"
#include "config/settings.h"
#include "http/http.h"
#include "output/output.h"
#include "trace/selection.h"
#include "stream/stream.h"

struct workers;

/* Makes a pipeline for each ring. What the arguments point to must outlive
 * the result, rules until they are replaced. NULL after having logged why. */
struct workers *workers_new(struct capture *c, const struct settings *s,
			    const struct rules *rules, struct output *o,
			    const struct log *log);

/* Each worker takes these rules within a few milliseconds. To be called when
 * all of them have those of before: a worker may be about to take them. */
void workers_set_rules(struct workers *w, const struct rules *rules);

/* Whether all workers have the rules that were set last, so that nobody needs
 * those of before. */
bool workers_rules_applied(const struct workers *w);

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
	uint64_t heartbeat_ns; /* CLOCK_MONOTONIC when it was last seen to move,
			   * which it does every few ms, busy or not; 0: not
			   * started */
	uint64_t lag_ns;       /* how old the packet is that it is at */
	uint64_t waiting;      /* bytes in its ring, of ring_size */
	uint64_t ring_size;
	uint64_t malformed; /* records that contradict their own length */
	uint64_t cpu_ns;    /* CPU time of its thread, of 100 ms ago */
};

/* Takes no lock, so that a worker that hangs can be looked at. */
void workers_sample(const struct workers *w, unsigned int i,
		    struct worker_state *state);

/* Sums over the workers, of 100 ms ago while they run. */
void workers_stats(struct workers *w, struct stream_stats *stream,
		   struct http_stats *http, struct selection_stats *selection);

#endif
