/* SPDX-License-Identifier: MIT */
/* The plan that creates a deployment or brings it up to date. */
#ifndef PLAN_PLAN_SETUP_H
#define PLAN_PLAN_SETUP_H

#include "plan/plan.h"

/* Plans the steps from the inventory to spec; everything wrong with the request
 * is reported in p->diagnostics. Returns 0 or -ENOMEM. The caller frees p in either case. */
int plan_setup(struct plan *p, const struct inventory *inv,
	       const struct spec *spec, enum plan_mode mode);

#endif
