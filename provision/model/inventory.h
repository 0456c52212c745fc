/* SPDX-License-Identifier: MIT */
/* The resources of one account and region that matter for mirroring. Planning
 * and verification work on this snapshot only; inventory_load.c fills it. */
#ifndef MODEL_INVENTORY_H
#define MODEL_INVENTORY_H

#include "base/list.h"
#include "services/ec2_instances.h"
#include "services/ec2_mirror.h"
#include "services/ec2_network.h"
#include "services/ecs.h"
#include "services/elbv2.h"
#include "model/arena.h"
#include "model/quota.h"
#include "model/spec.h"

/* One ECS service that is a source. */
struct inventory_service {
	const char *cluster, *service; /* as written in the source */
	bool missing;		       /* AWS does not know the service */
	struct ecs_tasks tasks;
	struct ecs_container_instances instances;
};
struct inventory_services LIST_OF(struct inventory_service);

/* A target group and its registered targets. */
struct inventory_target_group {
	const struct elbv2_target_group *group;
	struct elbv2_targets targets;
};
struct inventory_target_groups LIST_OF(struct inventory_target_group);

/* The attributes of a load balancer or target group of ours. */
struct inventory_attributes {
	const char *arn;
	struct elbv2_attributes list;
};

struct inventory {
	const char *account, *region, *partition; /* "" if unknown */
	/* "aws" with the options that reach this account, for commands that
	 * users are told to run; NULL: just "aws". The caller fills this in. */
	const char *aws_command;
	struct ec2_instances instances;
	struct ec2_interfaces interfaces;
	struct ec2_subnets subnets;
	struct ec2_vpcs vpcs;
	struct ec2_groups groups;
	/* Rules of deployments; only with inventory_scope.rules, and if reading
	 * them is permitted. */
	struct ec2_group_rules group_rules;
	bool group_rules_denied;
	bool group_rules_wanted; /* inventory_scope.rules */
	struct ec2_endpoints endpoints;
	struct mirror_sessions sessions;
	struct mirror_targets targets;
	struct mirror_filters filters;
	struct elbv2_load_balancers load_balancers;
	struct elbv2_target_groups target_groups;
	/* Listeners of network load balancers only; registered targets only if
	 * inventory_scope.health was set. */
	struct elbv2_listeners listeners;
	struct elbv2_tag_descriptions elb_tags;
	struct inventory_target_groups registered;
	/* Of our load balancers and target groups; only with
	 * inventory_scope.attributes, and if reading them is permitted. */
	struct LIST_OF(struct inventory_attributes) attributes;
	/* The permission that reading them lacks; NULL: none. */
	const char *attributes_denied;
	struct inventory_services services;
	struct quotas quotas; /* only with inventory_scope.quotas */
	/* Why only defaults are known. */
	bool quotas_denied;
	const char *quotas_error; /* or NULL */
	/* Loaded only for verify; route tables also for plans. */
	struct ec2_acls acls;
	struct ec2_route_tables route_tables;
	bool routes_denied; /* reading route tables is not permitted */
	/* Resources of ours that lost their tags: see adopt.h. */
	struct str_list adopted;
	/* Interfaces that AWS refused to mirror in an earlier attempt; the
	 * caller fills this in. */
	struct str_list refused;
	struct arena mem; /* memory that inventory_load() itself allocates */
};

void inventory_free(struct inventory *inv);

/* Look-up by id, ARN or name; NULL if there is none. */
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
/* By ARN or name. type: "network", or NULL for any. */
const struct elbv2_load_balancer *
inventory_load_balancer(const struct inventory *inv, const char *arn_or_name,
			const char *type);
const struct elbv2_target_group *
inventory_target_group(const struct inventory *inv, const char *arn);
/* The listener of a load balancer that accepts UDP on port 4789. */
const struct elbv2_listener *inventory_listener(const struct inventory *inv,
						const char *load_balancer_arn);
/* Tags of a load balancer or target group; never NULL. */
const struct aws_tags *inventory_elb_tags(const struct inventory *inv,
					  const char *arn);

/* The value of an attribute of a load balancer or target group of ours; NULL if
 * it is not known. */
const char *inventory_attribute(const struct inventory *inv, const char *arn,
				const char *key);

/* A display name: the Name tag of the interface, the ECS service of its task, the
 * Name tag of its instance, else its description, else "". */
const char *inventory_interface_name(const struct inventory *inv,
				     const struct ec2_interface *eni);

#endif
