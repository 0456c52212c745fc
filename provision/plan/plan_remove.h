/* SPDX-License-Identifier: MIT */
/* The plan that removes deployments or single sessions. */
#ifndef PLAN_PLAN_REMOVE_H
#define PLAN_PLAN_REMOVE_H

#include "plan/plan.h"

struct removal {
	struct str_list deployments;
	/* Session ids. Removing the last session of a deployment removes the
	 * whole deployment. */
	struct str_list sessions;
	bool take_over; /* also what Terraform or CloudFormation manages */
};

/* Plans the removal; resources that others use stay, with a diagnostic. Returns
 * 0 or -ENOMEM. The caller frees p in either case. */
int plan_remove(struct plan *p, const struct inventory *inv,
		const struct removal *r);

#endif
