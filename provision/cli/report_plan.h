/* SPDX-License-Identifier: MIT */
/* A plan, for people and for programs. */
#ifndef CLI_REPORT_PLAN_H
#define CLI_REPORT_PLAN_H

#include "cli/report.h"
#include "plan/plan.h"

/* What is mirrored where to, the steps, diagnostics and cost. whole: every source and
 * step, otherwise long lists are cut short. */
void plan_print(struct context *ctx, struct term *out, struct plan *p,
		bool whole);
/* Steps and notes of a removal. */
void removal_print(struct term *out, const struct plan *p);

/* Those of a level; all: every one. */
void diagnostics_print(struct term *out, const struct diagnostics *l,
		       enum diag_level least);

/* The plan as an object; the caller may add to it. */
cJSON *plan_json(struct context *ctx, const struct plan *p);

#endif
