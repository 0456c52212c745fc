/* SPDX-License-Identifier: MIT */
/* Whether mirrored packets can get from the sources to the target at all. */
#ifndef PLAN_PLAN_REACH_H
#define PLAN_PLAN_REACH_H

#include "plan/plan.h"

/* Reports sources whose subnets have no private route to the target: a failure of
 * a request, since nothing would show that their packets are dropped. The steps of
 * the target must have been planned. */
void plan_reach(struct plan *p, enum plan_mode mode);

#endif
