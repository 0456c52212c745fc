/* SPDX-License-Identifier: MIT */
#ifndef MODEL_DEPLOYMENT_H
#define MODEL_DEPLOYMENT_H

#include "model/inventory.h"

/* Our own resources of one deployment. */
struct deployment {
	const struct mirror_filter *filter; /* the one with a spec */
	const struct mirror_target *target;
	const struct elbv2_load_balancer *lb;
	const struct elbv2_target_group *tg;
	const struct ec2_group *group;
};
void deployment_find(const struct inventory *inv, const char *deployment,
		     struct deployment *out);
bool deployment_owns(const struct aws_tags *tags, const char *deployment);

/* The spec of a deployment, from its tags; texts in a. 0, -ENOENT when there is
 * no such deployment, -EINVAL when its spec is not readable; err says so. */
int deployment_spec(struct arena *a, const struct inventory *inv,
		    const char *deployment, struct spec *out,
		    struct parse_error *err);

/* The mirror target that the sessions of a deployment send to: its own, or the
 * shared one that its spec names. NULL if there is none. */
const struct mirror_target *deployment_target(const struct inventory *inv,
					      const char *deployment);

#endif
