/* SPDX-License-Identifier: MIT */
/* A plan as text for people and as JSON for programs. */
#ifndef CLI_REPORT_PLAN_H
#define CLI_REPORT_PLAN_H

#include "cli/report.h"
#include "plan/plan.h"

/* Prints sources, target, filter, diagnostics, steps and cost. Unless whole, long
 * lists are shortened. */
void plan_print(struct context *ctx, struct term *out, const struct plan *p,
		bool whole);

/* Prints the diagnostics and steps of a removal. */
void removal_print(struct arena *a, struct term *out, const struct plan *p);

/* Prints the diagnostics of this level and above. */
void diagnostics_print(struct arena *a, struct term *out,
		       const struct diagnostics *l, enum diag_level least);

/* The plan as a new object. */
cJSON *plan_json(struct context *ctx, const struct plan *p);

#endif
