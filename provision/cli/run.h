/* SPDX-License-Identifier: MIT */
/* Applies a plan and shows its progress and result to the user. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "apply/apply.h"
#include "cli/report.h"

/* Checks permissions, then carries out the steps with a line for each on
 * standard error; on failure reports the cause, the rollback and what remains.
 * checks_only: stop after the permissions. Returns an exit code. */
int run_plan(struct context *ctx, struct plan *p, bool checks_only,
	     struct apply_result *result);

/* With --json-progress: the event that ends a plan, also one that was not carried
 * out; run_plan() reports it for its own. */
void run_ended(struct context *ctx, const struct plan *p,
	       const struct apply_result *r);

/* "done", "refused", "rolled-back", "leftovers" or "unfinished". */
const char *run_outcome(const struct apply_result *r);

/* Adds outcome, interrupted, error, refused and leftovers to a JSON object. */
void run_json(struct context *ctx, cJSON *to, const struct apply_result *r);

#endif
