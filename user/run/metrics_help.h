/* SPDX-License-Identifier: MIT */
/* What each counter means to an operator, as the metrics say it. */
#ifndef RUN_METRICS_HELP_H
#define RUN_METRICS_HELP_H

#include <stdbool.h>
#include <stddef.h>

struct metrics_help {
	const char *group; /* as in summary_each() */
	const char *name;
	bool gauge; /* may fall; else a counter */
	const char *help;
};

/* NULL for one that nobody described. */
const struct metrics_help *metrics_help(const char *group, const char *name);

/* The i-th of all; NULL after the last. */
const struct metrics_help *metrics_help_at(size_t i);

#endif
