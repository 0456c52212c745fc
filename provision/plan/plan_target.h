/* SPDX-License-Identifier: MIT */
/* The mirror target of a deployment. */
#ifndef PLAN_PLAN_TARGET_H
#define PLAN_PLAN_TARGET_H

#include "plan/plan.h"
#include "model/deployment.h"

/* Sets p->target (and p->load_balancer), adding the steps they need. */
void plan_target(struct plan *p, const struct deployment *current);

#endif
