/* SPDX-License-Identifier: MIT */
/* All that the daemon knows of itself, in the text format of Prometheus. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/summary.h"
#include "run/worker.h"

/* VNIs that have series of their own; the packets of all others are added up
 * under the label "other". */
#define METRICS_VNIS 256u

/* Which VNIs have them: a series that came and went with the order of the
 * busiest would look like a restart each time. Zero-initialised is empty. */
struct metrics_vnis {
	unsigned int n;
	uint32_t vni[METRICS_VNIS];
	struct metlo_vni_stats other; /* as last shown: it never falls */
};

/* The process, as the client libraries of Prometheus name these. */
struct metrics_process {
	double start_time; /* Unix time, seconds */
	double cpu_seconds;
	uint64_t resident_bytes;
	uint64_t threads;
};

/* Zero-initialise before the first time. */
void metrics_process_read(struct metrics_process *p);

/* What is known of a sink beside its counters. */
struct metrics_sink {
	bool up;
	struct delays delays;
	uint64_t oldest_ns; /* see output_sink_delays() */
};

/* One moment. Nothing is owned. */
struct metrics {
	const char *iface, *mode;
	double sample_ratio;	       /* of the connections that are taken */
	const struct summary *summary; /* with all counters; its VNIs sorted by
					* packets */
	const struct worker_state *workers;
	unsigned int n_workers;
	const struct metrics_sink *sinks; /* of each sink of the summary */
	uint64_t now_ns;		  /* CLOCK_MONOTONIC */
	uint32_t unhealthy;		  /* as health_reasons() */
	struct metrics_process process;
};

void metrics_write(struct buf *to, const struct metrics *m,
		   struct metrics_vnis *vnis);

#endif
