/* SPDX-License-Identifier: MIT */
/* The deployment's own network load balancer and its registered collectors. */
#ifndef PLAN_PLAN_LB_H
#define PLAN_PLAN_LB_H

#include "plan/plan.h"
#include "model/deployment.h"

/* Adds the steps that create whatever is missing of the load balancer: security
 * group, target group, listener, registered collectors. Sets p->load_balancer. */
void plan_load_balancer(struct plan *p, const struct deployment *current);

/* Adds the step that deregisters instances which are no longer collectors. */
void plan_deregister(struct plan *p, const struct deployment *current);

#endif
