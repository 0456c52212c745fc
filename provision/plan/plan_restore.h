/* SPDX-License-Identifier: MIT */
/* Settings that setup made and somebody changed by hand. */
#ifndef PLAN_PLAN_RESTORE_H
#define PLAN_PLAN_RESTORE_H

#include "model/deployment.h"
#include "plan/plan.h"

/* The attributes that setup gives a load balancer and a target group. */
struct tag_list lb_attributes(struct arena *a);
struct tag_list tg_attributes(struct arena *a);

/* Adds the steps that restore an existing load balancer and target group. group:
 * the security group of the deployment; without one it is left alone. */
void restore_balancer(struct plan *p, const struct deployment *current,
		      struct ref group);

/* Restores the listener of an existing load balancer. Returns false if it has
 * none. */
bool restore_listener(struct plan *p, const struct deployment *current,
		      struct ref targets);

/* The listener of the deployment, whatever it has become; NULL: none. */
const struct elbv2_listener *own_listener(const struct inventory *inv,
					  const struct deployment *d);

/* Removes the network services that somebody added to the filter. */
void restore_services(struct plan *p, const struct mirror_filter *f);

#endif
