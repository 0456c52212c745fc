/* SPDX-License-Identifier: MIT */
/* Carrying a plan out before somebody's eyes. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/report.h"
#include "apply/apply.h"

/* Checks permissions and does the steps, with a line for each on stderr, and
 * says what went wrong, what was taken back and what is left. checks_only:
 * nothing but the permissions. An exit code. */
int run_plan(struct context *ctx, struct plan *p, bool checks_only,
	     struct apply_result *result);

/* "done", "refused", "rolled-back", "leftovers", "unfinished". */
const char *run_outcome(const struct apply_result *r);

/* Adds outcome, error, refusals and leftovers. */
void run_json(struct context *ctx, cJSON *to, const struct apply_result *r);

#endif
