/* SPDX-License-Identifier: MIT */
/* What sync has done since it started, as metrics for Prometheus. */
#ifndef CLI_SYNC_METRICS_H
#define CLI_SYNC_METRICS_H

#include "apply/apply.h"
#include "base/buf.h"
#include "cli/context.h"

struct sync_gauge {
	const char *deployment;
	size_t wanted;	 /* interfaces that should be mirrored */
	size_t sessions; /* sessions that exist */
};

struct sync_metrics {
	size_t ok, failed;		/* rounds */
	int64_t last_ok;		/* Unix time; 0: never */
	size_t added, changed, removed; /* sessions */
	size_t rolled_back;
	/* of the current round, in its arena */
	struct LIST_OF(struct sync_gauge) gauges;
};

/* Drops the gauges; their arena may be freed afterwards. */
void sync_metrics_begin(struct sync_metrics *m);

/* Adds the outcome of a plan. applied: it had steps that were carried out. */
void sync_metrics_add(struct sync_metrics *m, struct arena *round,
		      const struct plan *p, const struct apply_result *result,
		      bool applied);

/* Appends the metrics in the text format of Prometheus. */
void sync_metrics_format(const struct sync_metrics *m,
			 const struct aws_counters *aws, size_t refused,
			 struct buf *b);

/* Counts a round and writes the file of --metrics, if any. refused: number of
 * interfaces that AWS refuses to mirror. Returns an exit code. */
int sync_metrics_end(struct sync_metrics *m, struct context *ctx,
		     size_t refused, bool ok);

#endif
