/* SPDX-License-Identifier: MIT */
/* All counters of a daemon at one moment, for its summary and its metrics. */
#ifndef RUN_SNAPSHOT_H
#define RUN_SNAPSHOT_H

#include "run/summary.h"
#include "run/worker.h"

/* What the summary points to; zero-initialised before the first time. */
struct snapshot {
	struct metlo_stats packets;
	struct stream_stats stream;
	struct http_stats http;
	struct selection_stats selection;
	struct output_stats out;
	struct summary_sink sinks[SUMMARY_SINKS_MAX];
	struct counters_vni *vnis; /* owned */
	size_t n_vnis;
};

/* Reads all but the VNIs. *s points into r until the next call; what cannot be
 * read is left out. */
void snapshot_read(struct snapshot *r, struct summary *s,
		   const struct capture *c, struct workers *w,
		   struct output *o);

/* Reads the VNIs too, the busiest first: many system calls where there are
 * many of them. */
void snapshot_read_vnis(struct snapshot *r, struct summary *s,
			const struct capture *c);

void snapshot_free(struct snapshot *r);

#endif
