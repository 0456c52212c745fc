/* SPDX-License-Identifier: MIT */
/* Which resources belong to a deployment. State lives in tags: a deployment
 * is the set of resources that carry its name. */
#ifndef MODEL_DEPLOYMENT_H
#define MODEL_DEPLOYMENT_H

#include "model/inventory.h"

/* The names of all deployments found in tags and rules, sorted. */
struct str_list inventory_deployments(struct arena *a,
				      const struct inventory *inv);

/* The resources of one deployment; NULL where it has none. Points into the
 * inventory. */
struct deployment {
	const struct mirror_filter *filter; /* the one that carries the spec */
	const struct mirror_target *target;
	const struct elbv2_load_balancer *lb;
	const struct elbv2_target_group *tg;
	const struct ec2_group *group;
};

void deployment_find(const struct inventory *inv, const char *deployment,
		     struct deployment *out);

/* Whether a resource with these tags belongs to the deployment. */
bool deployment_owns(const struct aws_tags *tags, const char *deployment);

/* Reads the spec of a deployment from the tags of its filter; strings are
 * allocated in a. Returns 0, -ENOENT if there is no such deployment, -EINVAL if
 * its spec cannot be decoded (err explains both), or -ENOMEM. */
int deployment_spec(struct arena *a, const struct inventory *inv,
		    const char *deployment, struct spec *out,
		    struct parse_error *err);

/* "Terraform" or "CloudFormation" if a deployment was created from code that we
 * exported: its next run would undo what we change. Else NULL. */
const char *deployment_manager(const struct inventory *inv,
			       const char *deployment);

/* The mirror target that the sessions of a deployment send to: its own, or one
 * of others that its spec names or that leads to the same place. NULL if there is
 * none. */
const struct mirror_target *deployment_target(const struct inventory *inv,
					      const char *deployment);

#endif
