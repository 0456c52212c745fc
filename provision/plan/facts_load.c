/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "plan/facts.h"

void facts_free(struct facts *f)
{
	ec2_instances_free(&f->instances);
	ec2_interfaces_free(&f->interfaces);
	ec2_subnets_free(&f->subnets);
	ec2_vpcs_free(&f->vpcs);
	ec2_groups_free(&f->groups);
	ec2_endpoints_free(&f->endpoints);
	mirror_sessions_free(&f->sessions);
	mirror_targets_free(&f->targets);
	mirror_filters_free(&f->filters);
	elbv2_load_balancers_free(&f->load_balancers);
	elbv2_target_groups_free(&f->target_groups);
	elbv2_listeners_free(&f->listeners);
	elbv2_tag_descriptions_free(&f->elb_tags);
	for (size_t i = 0; i < f->registered.n; i++)
		elbv2_targets_free(&f->registered.items[i].targets);
	for (size_t i = 0; i < f->services.n; i++) {
		ecs_tasks_free(&f->services.items[i].tasks);
		ecs_container_instances_free(&f->services.items[i].instances);
	}
	ec2_acls_free(&f->acls);
	ec2_route_tables_free(&f->route_tables);
	arena_free(&f->mem);
	*f = (struct facts){0};
}
