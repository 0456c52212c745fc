/* SPDX-License-Identifier: MIT */
/* Reads the inventory, one kind of resource after the other. Resources
 * deleted between two calls are skipped. */
#include <stdlib.h>
#include <string.h>

#include "model/inventory_load.h"
#include "base/list.h"
#include "model/adopt.h"
#include "model/deployment.h"
#include "model/limits.h"
#include "model/own_rules.h"
#include "model/tags.h"
#include "services/sts.h"

/* Whether a listener for mirrored traffic can forward to the group. */
static bool may_be_mirrored_to(const struct elbv2_target_group *g)
{
	return str_same(g->protocol, "UDP") || str_same(g->protocol, "TCP_UDP");
}

static int load_targets(struct inventory *inv, struct aws_client *c,
			const struct elbv2_target_group *group,
			struct aws_error *err)
{
	struct inventory_target_group *g =
		ARENA_ADD(&inv->mem, &inv->registered);
	int rc;

	if (!g)
		return 0;
	g->group = group;
	rc = elbv2_describe_target_health(c, group->arn, &g->targets, err);
	/* Deleted since it was listed. */
	return rc && err->kind == AWS_ERR_NOT_FOUND ? 0 : rc;
}

/* Listeners take one call per load balancer, so only network load balancers,
 * the only ones that can be targets, are queried. */
static int load_listeners(struct inventory *inv, struct aws_client *c,
			  struct aws_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < inv->load_balancers.n; i++) {
		struct elbv2_listeners l = {0};
		struct elbv2_listener *more;

		if (!str_same(inv->load_balancers.items[i].type, "network"))
			continue;
		rc = elbv2_describe_listeners(
			c, inv->load_balancers.items[i].arn, &l, err);
		if (rc && err->kind == AWS_ERR_NOT_FOUND)
			rc = 0;
		if (!l.n) {
			elbv2_listeners_free(&l);
			continue;
		}
		more = realloc(inv->listeners.items,
			       (inv->listeners.n + l.n) * sizeof(*more));
		if (!more) {
			elbv2_listeners_free(&l);
			return aws_error_set(err, AWS_ERR_LOCAL, "",
					     "out of memory");
		}
		/* The strings now belong to the merged array; only the old
		 * array itself is freed. */
		memcpy(more + inv->listeners.n, l.items, l.n * sizeof(*more));
		inv->listeners.items = more;
		inv->listeners.n += l.n;
		free(l.items);
	}
	return rc;
}

/* One DescribeTags call takes 20 ARNs, so the ARNs of all load balancers, target
 * groups and listeners for mirrored traffic are collected first. */
static int load_elb(struct inventory *inv, struct aws_client *c,
		    const struct inventory_scope *scope, struct aws_error *err)
{
	struct aws_names all = {NULL, 0};
	struct elbv2_target_group_select every = {0};
	struct str_list arns = {0};
	int rc;

	rc = elbv2_describe_load_balancers(c, all, all, &inv->load_balancers,
					   err);
	if (!rc)
		rc = elbv2_describe_target_groups(c, &every,
						  &inv->target_groups, err);
	if (!rc)
		rc = load_listeners(inv, c, err);
	if (rc)
		return rc;
	FOREACH(lb, &inv->load_balancers)
		str_list_add(&inv->mem, &arns, lb->arn);
	FOREACH(tg, &inv->target_groups)
		str_list_add(&inv->mem, &arns, tg->arn);
	FOREACH(listener, &inv->listeners)
		if (listener->port == VXLAN_PORT ||
		    strstr(listener->load_balancer_arn, "/net/metlo-"))
			str_list_add(&inv->mem, &arns, listener->arn);
	if (arns.n)
		rc = elbv2_describe_tags(c,
					 (struct aws_names){arns.items, arns.n},
					 &inv->elb_tags, err);
	for (size_t i = 0; !rc && scope->health && i < inv->target_groups.n;
	     i++)
		if (scope->all_targets ||
		    may_be_mirrored_to(&inv->target_groups.items[i]))
			rc = load_targets(inv, c, &inv->target_groups.items[i],
					  err);
	return rc;
}

typedef int attributes_call(struct aws_client *c, const char *arn,
			    struct elbv2_attributes *out,
			    struct aws_error *err);

/* Attributes that cannot be read stay unknown: a policy that permits everything
 * else may lack this action. */
static int load_attributes(struct inventory *inv, struct aws_client *c,
			   const char *arn, attributes_call *call,
			   struct aws_error *err)
{
	struct elbv2_attributes l = {0};
	struct inventory_attributes *to;
	char action[128];
	int rc;

	if (!tags_deployment(inventory_elb_tags(inv, arn)))
		return 0;
	rc = call(c, arn, &l, err);
	if (rc &&
	    (err->kind == AWS_ERR_DENIED || err->kind == AWS_ERR_NOT_FOUND)) {
		if (err->kind == AWS_ERR_DENIED &&
		    aws_error_permission(err, action, sizeof(action)))
			inv->attributes_denied = arena_dup(&inv->mem, action);
		*err = (struct aws_error){0};
		return 0;
	}
	to = rc ? NULL : ARENA_ADD(&inv->mem, &inv->attributes);
	if (to)
		*to = (struct inventory_attributes){arn, l};
	else
		elbv2_attributes_free(&l);
	return rc;
}

static int load_own_attributes(struct inventory *inv, struct aws_client *c,
			       const struct inventory_scope *w,
			       struct aws_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < inv->load_balancers.n; i++)
		rc = load_attributes(inv, c, inv->load_balancers.items[i].arn,
				     elbv2_load_balancer_attributes, err);
	for (size_t i = 0; !rc && w->attributes && i < inv->target_groups.n;
	     i++)
		rc = load_attributes(inv, c, inv->target_groups.items[i].arn,
				     elbv2_target_group_attributes, err);
	return rc;
}

static int load_service(struct inventory *inv, struct aws_client *c,
			const struct source *source, struct aws_error *err)
{
	struct inventory_service *s;
	struct str_list hosts = {0};
	struct ecs_services found = {0};
	int rc;

	FOREACH(service, &inv->services)
		if (str_same(service->cluster, source->name) &&
		    str_same(service->service, source->value))
			return 0;
	s = ARENA_ADD(&inv->mem, &inv->services);
	if (!s)
		return aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	s->cluster = arena_dup(&inv->mem, source->name);
	s->service = arena_dup(&inv->mem, source->value);
	rc = ecs_describe_services(
		c, s->cluster, (struct aws_names){&s->service, 1}, &found, err);
	if (!rc)
		s->missing =
			!found.n || str_same(found.items[0].status, "INACTIVE");
	ecs_services_free(&found);
	if (!rc && !s->missing)
		rc = ecs_list_service_tasks(c, s->cluster, s->service,
					    &s->tasks, err);
	if (rc && err->kind == AWS_ERR_NOT_FOUND) {
		s->missing = true;
		*err = (struct aws_error){0};
		return 0;
	}
	for (size_t i = 0; !rc && i < s->tasks.n; i++)
		if (s->tasks.items[i].container_instance_arn &&
		    !ecs_task_interface(&s->tasks.items[i]))
			str_list_add(&inv->mem, &hosts,
				     s->tasks.items[i].container_instance_arn);
	if (!rc && hosts.n)
		rc = ecs_describe_container_instances(
			c, s->cluster, (struct aws_names){hosts.items, hosts.n},
			&s->instances, err);
	return rc;
}

static int load_services(struct inventory *inv, struct aws_client *c,
			 const struct sources *l, struct aws_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < l->n; i++)
		if (l->items[i].type == SOURCE_ECS)
			rc = load_service(inv, c, &l->items[i], err);
	return rc;
}

/* A spec that cannot be decoded contributes no sources; the code that needs it
 * reports the error. */
static int load_own_services(struct inventory *inv, struct aws_client *c,
			     struct aws_error *err)
{
	struct str_list names = inventory_deployments(&inv->mem, inv);
	struct parse_error unused;
	int rc = 0;

	for (size_t i = 0; !rc && i < names.n; i++) {
		struct spec spec = {0};

		if (deployment_spec(&inv->mem, inv, names.items[i], &spec,
				    &unused))
			continue;
		rc = load_services(inv, c, &spec.sources, err);
		if (!rc)
			rc = load_services(inv, c, &spec.excluded, err);
	}
	return rc;
}

/* Packets need a route only to another VPC. Whether there is one stays unknown
 * without the permission: a policy that permits everything else may lack it. */
static int load_routes(struct inventory *inv, struct aws_client *c,
		       struct aws_error *err)
{
	int rc = inv->vpcs.n > 1 ? ec2_describe_route_tables(
					   c, NULL, &inv->route_tables, err)
				 : 0;

	if (!rc || err->kind != AWS_ERR_DENIED)
		return rc;
	inv->routes_denied = true;
	*err = (struct aws_error){0};
	return 0;
}

#define FILTER_VALUES_MAX 200

/* Moves the rules to those of the inventory; both may have the same ones. */
static int add_rules(struct inventory *inv, struct ec2_group_rules *l,
		     struct aws_error *err)
{
	struct ec2_group_rules *to = &inv->group_rules;
	struct ec2_group_rule *more =
		realloc(to->items, (to->n + l->n + 1) * sizeof(*more));

	if (!more) {
		ec2_group_rules_free(l);
		return aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	}
	to->items = more;
	if (l->n)
		memcpy(more + to->n, l->items, l->n * sizeof(*more));
	to->n += l->n;
	free(l->items);
	return 0;
}

/* Rules that are ours by their descriptions only: their groups are asked for their
 * ids, which it takes to restore their tags. */
static int load_untagged_rules(struct inventory *inv, struct aws_client *c,
			       struct aws_error *err)
{
	struct own_rules all = own_rules(&inv->mem, inv, NULL);
	struct own_rules doubtful = doubtful_rules(&inv->mem, inv);
	struct str_list groups = {0};
	struct ec2_filter of = {.name = "group-id"};
	const struct ec2_select which = {.filters = &of, .n_filters = 1};
	int rc = 0;

	FOREACH(r, &all)
		if (!r->id)
			str_list_add(&inv->mem, &groups, r->group);
	FOREACH(r, &doubtful)
		str_list_add(&inv->mem, &groups, r->group);
	for (size_t i = 0; !rc && i < groups.n; i += FILTER_VALUES_MAX) {
		struct ec2_group_rules l = {0};

		of.values = (struct aws_names){groups.items + i, groups.n - i};
		if (of.values.n > FILTER_VALUES_MAX)
			of.values.n = FILTER_VALUES_MAX;
		rc = ec2_describe_group_rules(c, &which, &l, err);
		if (!rc)
			rc = add_rules(inv, &l, err);
		else
			ec2_group_rules_free(&l);
	}
	return rc;
}

/* Only their tags are of interest, so a policy that permits everything else may
 * lack this action. */
static int load_group_rules(struct inventory *inv, struct aws_client *c,
			    struct aws_error *err)
{
	const struct ec2_filter ours = {"tag:" TAG_DEPLOYMENT, AWS_NAMES("*")};
	const struct ec2_select which = {.filters = &ours, .n_filters = 1};
	int rc = ec2_describe_group_rules(c, &which, &inv->group_rules, err);

	inv->group_rules_wanted = true;
	if (!rc)
		return load_untagged_rules(inv, c, err);
	if (err->kind != AWS_ERR_DENIED)
		return rc;
	inv->group_rules_denied = true;
	*err = (struct aws_error){0};
	return 0;
}

/* Quotas of the services that plans create resources in. What cannot be read stays
 * at its default: a policy that permits everything else may lack this action, and
 * an isolated network has no endpoint for it. */
static int load_quotas(struct inventory *inv, struct aws_client *c,
		       struct aws_error *err)
{
	static const char *const services[] = {"vpc", "elasticloadbalancing"};

	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		struct service_quotas l;
		int rc = service_quotas_list(c, services[i], &l, err);

		if (rc && err->kind == AWS_ERR_STOPPED)
			return rc;
		if (rc) { /* for the next service, too */
			inv->quotas_denied = err->kind == AWS_ERR_DENIED;
			inv->quotas_error = arena_dup(&inv->mem, err->message);
			*err = (struct aws_error){0};
			return 0;
		}
		quotas_learn(&inv->quotas, services[i], &l);
		service_quotas_free(&l);
	}
	return 0;
}

/* Loads one part; the order matches parts[] in inventory_load(). */
static int load_part(struct inventory *inv, struct aws_client *c,
		     const struct inventory_scope *w, unsigned int part,
		     struct aws_error *err)
{
	int rc = 0;

	switch (part) {
	case 0:
		rc = mirror_describe_sessions(c, NULL, &inv->sessions, err);
		return rc ? rc
			  : mirror_describe_targets(c, NULL, &inv->targets,
						    err);
	case 1:
		return mirror_describe_filters(c, NULL, &inv->filters, err);
	case 2:
		return ec2_describe_instances(c, NULL, &inv->instances, err);
	case 3:
		return ec2_describe_interfaces(c, NULL, &inv->interfaces, err);
	case 4:
		rc = ec2_describe_groups(c, NULL, &inv->groups, err);
		return rc || !w->rules ? rc : load_group_rules(inv, c, err);
	case 5:
		rc = load_elb(inv, c, w, err);
		if (!rc)
			inventory_adopt(inv);
		return rc || (!w->attributes && !w->protection)
			       ? rc
			       : load_own_attributes(inv, c, w, err);
	case 6:
		if (w->network)
			rc = ec2_describe_subnets(c, NULL, &inv->subnets, err);
		if (w->network && !rc)
			rc = ec2_describe_vpcs(c, NULL, &inv->vpcs, err);
		if (w->network && !rc)
			rc = ec2_describe_endpoints(c, NULL, &inv->endpoints,
						    err);
		return rc;
	case 7:
		if (w->paths)
			rc = ec2_describe_acls(c, NULL, &inv->acls, err);
		if (w->paths && !rc)
			return ec2_describe_route_tables(
				c, NULL, &inv->route_tables, err);
		return rc || !w->routes ? rc : load_routes(inv, c, err);
	case 8:
		return w->quotas ? load_quotas(inv, c, err) : 0;
	default:
		if (w->sources)
			rc = load_services(inv, c, w->sources, err);
		if (w->excluded && !rc)
			rc = load_services(inv, c, w->excluded, err);
		if (w->own_sources && !rc)
			rc = load_own_services(inv, c, err);
		return rc;
	}
}

int inventory_load(struct inventory *inv, struct aws_client *c,
		   const struct inventory_scope *scope,
		   void (*progress)(void *ctx, const char *what), void *ctx,
		   struct aws_error *err)
{
	static const char *const parts[] = {
		"mirror sessions", "mirror filters",
		"instances",	   "network interfaces",
		"security groups", "load balancers",
		"subnets",	   "network ACLs and routes",
		"quotas",	   "ECS services"};
	struct sts_identity id = {0};
	int rc;

	*inv = (struct inventory){.account = ""};
	inv->region = arena_dup(&inv->mem, aws_client_region(c));
	inv->partition = arena_dup(&inv->mem, aws_client_partition(c));
	rc = sts_get_caller_identity(c, &id, err);
	if (!rc)
		inv->account = arena_dup(&inv->mem, id.account);
	sts_identity_free(&id);
	for (unsigned int i = 0; !rc && i < sizeof(parts) / sizeof(*parts);
	     i++) {
		if (progress)
			progress(ctx, parts[i]);
		rc = load_part(inv, c, scope, i, err);
	}
	if (!rc && inv->mem.failed)
		rc = aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	if (rc)
		inventory_free(inv);
	return rc;
}
