/* SPDX-License-Identifier: MIT */
/* What there is in the account and region, as far as a plan looks at it. The
 * pure parts of this folder read it; facts_load.c fills it. */
#ifndef MODEL_FACTS_H
#define MODEL_FACTS_H

#include "services/ec2.h"
#include "services/ec2_mirror.h"
#include "services/ecs.h"
#include "services/elbv2.h"
#include "model/arena.h"
#include "model/spec.h"

/* One ECS service that is a source. */
struct facts_service {
	const char *cluster, *service; /* as in the source */
	bool missing;		       /* AWS does not know it */
	struct ecs_tasks tasks;
	struct ecs_container_instances instances;
};
struct facts_services {
	struct facts_service *items;
	size_t n;
};

/* A target group with what is registered in it. */
struct facts_target_group {
	const struct elbv2_target_group *group;
	struct elbv2_targets targets;
};
struct facts_target_groups {
	struct facts_target_group *items;
	size_t n;
};

struct facts {
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
	struct facts_target_groups registered;
	struct facts_services services;
	/* Read for verify only. */
	struct ec2_acls acls;
	struct ec2_route_tables route_tables;
	/* Interfaces that AWS has refused to mirror; set by who was told so. */
	struct str_list refused;
	struct arena mem; /* of what facts_load itself adds */
};

void facts_free(struct facts *f);

/* What facts_load() is to read beyond what every command looks at. */
struct facts_wanted {
	bool network; /* subnets, VPCs, endpoints: for plans */
	bool health;  /* targets of every target group */
	bool paths;   /* network ACLs and route tables: for verify */
	const struct sources *sources;	/* ECS services among them; or NULL */
	const struct sources *excluded; /* the same */
	bool own_sources; /* and those of all deployments that there are */
};

/* Reads f (which is overwritten). progress, if not NULL, is told what is being
 * read. On failure f is empty. */
int facts_load(struct facts *f, struct aws_client *c,
	       const struct facts_wanted *wanted,
	       void (*progress)(void *ctx, const char *what), void *ctx,
	       struct aws_error *err);

/* By id, ARN or name: NULL when there is none. */
const struct ec2_instance *facts_instance(const struct facts *f,
					  const char *id);
const struct ec2_interface *facts_interface(const struct facts *f,
					    const char *id);
const struct ec2_subnet *facts_subnet(const struct facts *f, const char *id);
const struct ec2_vpc *facts_vpc(const struct facts *f, const char *id);
const struct ec2_group *facts_group(const struct facts *f, const char *id);
const struct ec2_endpoint *facts_endpoint(const struct facts *f,
					  const char *id);
const struct mirror_target *facts_target(const struct facts *f, const char *id);
const struct mirror_filter *facts_filter(const struct facts *f, const char *id);
/* By ARN, or by name and type ("network"; NULL: any). */
const struct elbv2_load_balancer *facts_load_balancer(const struct facts *f,
						      const char *arn_or_name,
						      const char *type);
const struct elbv2_target_group *facts_target_group(const struct facts *f,
						    const char *arn);
/* The UDP 4789 listener of a load balancer. */
const struct elbv2_listener *facts_listener(const struct facts *f,
					    const char *load_balancer_arn);
/* Tags of a load balancer, target group or listener; never NULL. */
const struct aws_tags *facts_elb_tags(const struct facts *f, const char *arn);

/* The names of all deployments that tags tell of, sorted. */
struct str_list facts_deployments(struct arena *a, const struct facts *f);

/* The Name tag of an interface or of its instance, its description, or "". */
const char *facts_interface_name(const struct facts *f,
				 const struct ec2_interface *eni);

#endif
