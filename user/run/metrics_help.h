/* SPDX-License-Identifier: MIT */
/* Type and HELP text of every counter. */
#ifndef RUN_METRICS_HELP_H
#define RUN_METRICS_HELP_H

#include <stdbool.h>
#include <stddef.h>

struct metrics_help {
	const char *group; /* as in summary_each() */
	const char *name;
	bool gauge; /* may decrease; else a counter */
	const char *help;
};

/* Returns NULL if there is no description. */
const struct metrics_help *metrics_help(const char *group, const char *name);

/* The i-th description, or NULL after the last. */
const struct metrics_help *metrics_help_at(size_t i);

#endif
