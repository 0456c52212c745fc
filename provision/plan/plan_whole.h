/* SPDX-License-Identifier: MIT */
/* The plan that describes an existing deployment as a whole, for export. */
#ifndef PLAN_PLAN_WHOLE_H
#define PLAN_PLAN_WHOLE_H

#include "plan/plan.h"

/* Plans the deployment as if nothing of it existed, then notes in step.existing
 * which resource each step describes. The plan is only for export. a must outlive
 * it. Returns 0 or -ENOMEM. The caller frees p in either case. */
int plan_whole(struct plan *p, struct arena *a, const struct inventory *inv,
	       const struct spec *spec);

#endif
