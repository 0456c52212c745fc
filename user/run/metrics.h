/* SPDX-License-Identifier: MIT */
/* The metrics of the daemon in the Prometheus text format. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/metrics_traffic.h"
#include "run/summary.h"
#include "run/worker.h"

/* The process, under the metric names of the Prometheus client libraries. */
struct metrics_process {
	double start_time; /* Unix time, seconds */
	double cpu_seconds;
	uint64_t resident_bytes;
	uint64_t threads;
};

/* Zero-initialize *p before the first call. */
void metrics_process_read(struct metrics_process *p);

/* The state of a sink besides its counters. */
struct metrics_sink {
	bool up;
	struct delays delays;
	uint64_t oldest_ns; /* see output_sink_delays() */
};

/* The state at one moment. Owns nothing. */
struct metrics {
	const char *iface, *mode;
	double sample_ratio;	       /* share of connections captured */
	const struct summary *summary; /* complete; VNIs sorted by packets */
	const struct worker_state *workers;
	unsigned int n_workers;
	const struct metrics_sink *sinks; /* one per sink of the summary */
	const struct requests *requests;
	const struct coverage_list *sources;
	uint64_t now_ns;    /* CLOCK_MONOTONIC */
	uint32_t unhealthy; /* bits of health_reasons() */
	struct metrics_process process;
};

void metrics_write(struct buf *to, const struct metrics *m,
		   struct metrics_vnis *vnis);

#endif
