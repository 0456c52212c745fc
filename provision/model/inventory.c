/* SPDX-License-Identifier: MIT */
/* Look-ups in the inventory. */
#include <stdlib.h>
#include <string.h>

#include "model/inventory.h"
#include "base/list.h"
#include "model/limits.h"
#include "model/tags.h"

void inventory_free(struct inventory *inv)
{
	ec2_instances_free(&inv->instances);
	ec2_interfaces_free(&inv->interfaces);
	ec2_subnets_free(&inv->subnets);
	ec2_vpcs_free(&inv->vpcs);
	ec2_groups_free(&inv->groups);
	ec2_group_rules_free(&inv->group_rules);
	ec2_endpoints_free(&inv->endpoints);
	mirror_sessions_free(&inv->sessions);
	mirror_targets_free(&inv->targets);
	mirror_filters_free(&inv->filters);
	elbv2_load_balancers_free(&inv->load_balancers);
	elbv2_target_groups_free(&inv->target_groups);
	elbv2_listeners_free(&inv->listeners);
	elbv2_tag_descriptions_free(&inv->elb_tags);
	FOREACH(g, &inv->registered)
		elbv2_targets_free(&g->targets);
	FOREACH(a, &inv->attributes)
		elbv2_attributes_free(&a->list);
	FOREACH(s, &inv->services) {
		ecs_tasks_free(&s->tasks);
		ecs_container_instances_free(&s->instances);
	}
	ec2_acls_free(&inv->acls);
	ec2_route_tables_free(&inv->route_tables);
	arena_free(&inv->mem);
	*inv = (struct inventory){0};
}

/* Returns the item of a list whose member key equals text, or NULL. */
#define FIND(list, key, text)                                       \
	do {                                                        \
		if (!(text))                                        \
			return NULL;                                \
		for (size_t i_ = 0; i_ < (list)->n; i_++)           \
			if ((list)->items[i_].key &&                \
			    !strcmp((list)->items[i_].key, (text))) \
				return &(list)->items[i_];          \
		return NULL;                                        \
	} while (0)

const struct ec2_instance *inventory_instance(const struct inventory *inv,
					      const char *id)
{
	FIND(&inv->instances, id, id);
}

const struct ec2_interface *inventory_interface(const struct inventory *inv,
						const char *id)
{
	FIND(&inv->interfaces, id, id);
}

const struct ec2_subnet *inventory_subnet(const struct inventory *inv,
					  const char *id)
{
	FIND(&inv->subnets, id, id);
}

const struct ec2_vpc *inventory_vpc(const struct inventory *inv, const char *id)
{
	FIND(&inv->vpcs, id, id);
}

const struct ec2_group *inventory_group(const struct inventory *inv,
					const char *id)
{
	FIND(&inv->groups, id, id);
}

const struct ec2_endpoint *inventory_endpoint(const struct inventory *inv,
					      const char *id)
{
	FIND(&inv->endpoints, id, id);
}

const struct mirror_target *inventory_target(const struct inventory *inv,
					     const char *id)
{
	FIND(&inv->targets, id, id);
}

const struct mirror_filter *inventory_filter(const struct inventory *inv,
					     const char *id)
{
	FIND(&inv->filters, id, id);
}

const struct elbv2_target_group *
inventory_target_group(const struct inventory *inv, const char *arn)
{
	FIND(&inv->target_groups, arn, arn);
}

const struct elbv2_load_balancer *
inventory_load_balancer(const struct inventory *inv, const char *arn_or_name,
			const char *type)
{
	FOREACH(lb, &inv->load_balancers) {
		if (type && !str_same(lb->type, type))
			continue;
		if (str_same(lb->arn, arn_or_name) ||
		    str_same(lb->name, arn_or_name))
			return lb;
	}
	return NULL;
}

const struct elbv2_listener *inventory_listener(const struct inventory *inv,
						const char *load_balancer_arn)
{
	FOREACH(l, &inv->listeners) {
		if (str_same(l->load_balancer_arn, load_balancer_arn) &&
		    l->port == VXLAN_PORT &&
		    (str_same(l->protocol, "UDP") ||
		     str_same(l->protocol, "TCP_UDP")))
			return l;
	}
	return NULL;
}

const struct aws_tags *inventory_elb_tags(const struct inventory *inv,
					  const char *arn)
{
	static const struct aws_tags none;

	FOREACH(d, &inv->elb_tags)
		if (str_same(d->arn, arn))
			return &d->tags;
	return &none;
}

const char *inventory_attribute(const struct inventory *inv, const char *arn,
				const char *key)
{
	FOREACH(a, &inv->attributes)
		if (str_same(a->arn, arn))
			return elbv2_attribute(&a->list, key);
	return NULL;
}

/* The ECS service of the task that has this interface, as far as it is known. */
static const char *service_of(const struct inventory *inv,
			      const struct ec2_interface *eni)
{
	FOREACH(s, &inv->services)
		FOREACH(t, &s->tasks)
			if (str_same(ecs_task_interface(t), eni->id))
				return s->service;
	return aws_tag_value(&eni->tags, "aws:ecs:serviceName");
}

static bool is_task(const struct ec2_interface *eni)
{
	const char *d = eni->description;

	return d && !strncmp(d, "arn:", 4) && strstr(d, ":ecs:");
}

const char *inventory_interface_name(const struct inventory *inv,
				     const struct ec2_interface *eni)
{
	const char *name = aws_tag_value(&eni->tags, TAG_NAME);
	const struct ec2_instance *i;

	if (str_empty(name))
		name = service_of(inv, eni);
	if (!str_empty(name))
		return name;
	i = inventory_instance(inv, eni->instance_id);
	name = i ? aws_tag_value(&i->tags, TAG_NAME) : NULL;
	if (!str_empty(name))
		return name;
	/* ECS describes the interfaces of tasks by ARNs. */
	if (is_task(eni))
		return "ECS task";
	return eni->description ? eni->description : "";
}
