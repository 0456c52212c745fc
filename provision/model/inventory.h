/* SPDX-License-Identifier: MIT */
/* What there is in the account and region, as far as a plan looks at it. The
 * pure parts of this folder read it; inventory_load.c fills it. */
#ifndef MODEL_INVENTORY_H
#define MODEL_INVENTORY_H

#include "services/ec2.h"
#include "services/ec2_mirror.h"
#include "services/ecs.h"
#include "services/elbv2.h"
#include "model/arena.h"
#include "model/spec.h"

/* One ECS service that is a source. */
struct inventory_service {
	const char *cluster, *service; /* as in the source */
	bool missing;		       /* AWS does not know it */
	struct ecs_tasks tasks;
	struct ecs_container_instances instances;
};
struct inventory_services {
	struct inventory_service *items;
	size_t n;
};

/* A target group with what is registered in it. */
struct inventory_target_group {
	const struct elbv2_target_group *group;
	struct elbv2_targets targets;
};
struct inventory_target_groups {
	struct inventory_target_group *items;
	size_t n;
};

struct inventory {
	const char *account, *region, *partition; /* "" when not known */
	struct ec2_instances instances;
	struct ec2_interfaces interfaces;
	struct ec2_subnets subnets;
	struct ec2_vpcs vpcs;
	struct ec2_groups groups;
	struct ec2_endpoints endpoints;
	struct mirror_sessions sessions;
	struct mirror_targets targets;
	struct mirror_filters filters;
	struct elbv2_load_balancers load_balancers;
	struct elbv2_target_groups target_groups;
	/* Of load balancers and target groups, as far as they were looked at. */
	struct elbv2_listeners listeners;
	struct elbv2_tag_descriptions elb_tags;
	struct inventory_target_groups registered;
	struct inventory_services services;
	/* Read for verify only. */
	struct ec2_acls acls;
	struct ec2_route_tables route_tables;
	/* Interfaces that AWS has refused to mirror; set by who was told so. */
	struct str_list refused;
	struct arena mem; /* of what inventory_load itself adds */
};

void inventory_free(struct inventory *inv);

/* By id, ARN or name: NULL when there is none. */
const struct ec2_instance *inventory_instance(const struct inventory *inv,
					      const char *id);
const struct ec2_interface *inventory_interface(const struct inventory *inv,
						const char *id);
const struct ec2_subnet *inventory_subnet(const struct inventory *inv,
					  const char *id);
const struct ec2_vpc *inventory_vpc(const struct inventory *inv,
				    const char *id);
const struct ec2_group *inventory_group(const struct inventory *inv,
					const char *id);
const struct ec2_endpoint *inventory_endpoint(const struct inventory *inv,
					      const char *id);
const struct mirror_target *inventory_target(const struct inventory *inv,
					     const char *id);
const struct mirror_filter *inventory_filter(const struct inventory *inv,
					     const char *id);
/* By ARN, or by name and type ("network"; NULL: any). */
const struct elbv2_load_balancer *
inventory_load_balancer(const struct inventory *inv, const char *arn_or_name,
			const char *type);
const struct elbv2_target_group *
inventory_target_group(const struct inventory *inv, const char *arn);
/* The UDP 4789 listener of a load balancer. */
const struct elbv2_listener *inventory_listener(const struct inventory *inv,
						const char *load_balancer_arn);
/* Tags of a load balancer, target group or listener; never NULL. */
const struct aws_tags *inventory_elb_tags(const struct inventory *inv,
					  const char *arn);

/* The names of all deployments that tags tell of, sorted. */
struct str_list inventory_deployments(struct arena *a,
				      const struct inventory *inv);

/* The Name tag of an interface or of its instance, its description, or "". */
const char *inventory_interface_name(const struct inventory *inv,
				     const struct ec2_interface *eni);

#endif
