/* SPDX-License-Identifier: MIT */
/* Security group rules that mirrored traffic and health checks need. */
#ifndef PLAN_PLAN_GROUPS_H
#define PLAN_PLAN_GROUPS_H

#include "plan/plan.h"

/* Reports rules missing from the collectors' security groups, or adds them as
 * steps with spec.open_groups. collector: the interface that receives directly,
 * or NULL. lb_group: the group of the deployment's load balancer, or
 * {NULL, -1}. through_lb: also check the registered collectors. */
void plan_groups(struct plan *p, const struct ec2_interface *collector,
		 struct ref lb_group, bool through_lb);

/* The CIDR blocks of all VPCs that contain sources. */
struct str_list source_blocks(struct plan *p);

/* Those source blocks from which a group does not admit UDP 4789. A step must
 * add only these: AWS refuses a duplicate rule. */
struct str_list blocks_missing(struct plan *p, const char *group);

#endif
