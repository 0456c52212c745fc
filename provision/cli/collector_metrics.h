/* SPDX-License-Identifier: MIT */
/* Reads what collectors report (--collector-metrics). */
#ifndef CLI_COLLECTOR_METRICS_H
#define CLI_COLLECTOR_METRICS_H

#include "cli/context.h"
#include "verify/collector_stats.h"

/* Reads all URLs and files of the option. Returns an exit code. */
int collector_metrics_load(struct context *ctx, struct collector_stats *out);

#endif
