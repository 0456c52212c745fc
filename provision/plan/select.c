/* SPDX-License-Identifier: MIT */
/* Resolves each type of source to interfaces. An interface named explicitly
 * must be usable; anything a broader source merely includes is skipped with
 * a diagnostic. */
#include <string.h>

#include "model/instance.h"
#include "base/list.h"
#include "plan/select.h"

/* Interface types that users come across, and what to mirror instead. */
static const struct {
	const char *type, *advice;
} not_interfaces[] = {
	{"network_load_balancer",
	 "belongs to a network load balancer, which AWS cannot mirror: mirror its targets instead"},
	{"gateway_load_balancer",
	 "belongs to a Gateway Load Balancer: mirror the instances instead"},
	{"gateway_load_balancer_endpoint",
	 "belongs to a Gateway Load Balancer endpoint"},
	{"natGateway",
	 "belongs to a NAT gateway: mirror the instances behind it instead"},
	{"vpc_endpoint",
	 "belongs to a VPC endpoint: mirror the clients instead"},
	{"transit_gateway", "belongs to a transit gateway"},
	{"lambda", "belongs to a Lambda function, which AWS cannot mirror"},
	{"efa-only", "has no IP traffic (EFA only)"},
	{"branch",
	 "is a branch of another interface (ECS trunking, pods): mirror the instance's own interface instead"},
};

const char *select_refusal(struct arena *a, const struct inventory *inv,
			   const struct ec2_interface *eni, const char **doubt)
{
	const char *type = str_empty(eni->type) ? "interface" : eni->type;

	*doubt = NULL;
	for (size_t i = 0; i < sizeof(not_interfaces) / sizeof(*not_interfaces);
	     i++)
		if (!strcmp(type, not_interfaces[i].type))
			return not_interfaces[i].advice;
	/* Some responses give this type to the interfaces of an ALB. */
	if (strcmp(type, "interface") != 0 &&
	    strcmp(type, "load_balancer") != 0)
		return arena_printf(
			a,
			"has type %s; AWS mirrors only interfaces of type \"interface\"",
			type);
	FOREACH(t, &inv->targets)
		if (str_same(t->interface_id, eni->id))
			return arena_printf(
				a,
				"is itself the mirror target %s, and a target cannot be a source",
				t->id);
	if (str_same(eni->requester_id, "amazon-elb"))
		*doubt =
			"belongs to a load balancer: it can be mirrored while AWS runs it on a Nitro instance, which may change";
	else if (eni->requester_managed &&
		 !str_same(eni->requester_id, "amazon-rds") &&
		 !str_same(eni->requester_id, "amazon-elasticache"))
		*doubt =
			"is managed by another AWS service; AWS may refuse to mirror it";
	else if (!str_empty(eni->status) && strcmp(eni->status, "in-use") != 0)
		*doubt = "is not attached to an instance yet";
	return NULL;
}

static bool has(const struct candidates *l, const char *id)
{
	FOREACH(c, l)
		if (str_same(c->eni->id, id))
			return true;
	return false;
}

struct source_selection {
	struct arena *a;
	const struct inventory *inv;
	const struct source *source;
	const char *target_eni;
	const struct candidates *excluded; /* NULL: none */
	struct candidates *out;
	struct diagnostics *diagnostics;
	bool any;	 /* also interfaces that cannot be mirrored */
	size_t included; /* interfaces the source includes, usable or not */
};

static void check_instance(struct source_selection *s,
			   const struct ec2_instance *i)
{
	const char *why;

	if (str_same(i->state, "stopped") || str_same(i->state, "stopping"))
		diag_add(
			s->a, s->diagnostics, DIAG_WARN,
			"instance %s is %s: its sessions cost money but carry no traffic until it runs",
			i->id, i->state);
	if (!str_empty(i->type) &&
	    instance_support(i->type, &why) == INSTANCE_NOT_LISTED)
		diag_add(s->a, s->diagnostics, DIAG_WARN,
			 "instance %s (%s): %s", i->id, i->type, why);
}

/* Why AWS would certainly refuse a session on an interface, because of its subnet
 * or the type of its instance; NULL: it may accept one. A session that exists
 * proves that it does, whatever the table of types says. */
static const char *certain_refusal(struct source_selection *s,
				   const struct ec2_interface *eni)
{
	const struct ec2_instance *i =
		inventory_instance(s->inv, eni->instance_id);
	const struct ec2_subnet *subnet =
		inventory_subnet(s->inv, eni->subnet_id);
	const char *why;

	if (subnet && subnet->ipv6_only)
		return arena_printf(
			s->a,
			"is left out: AWS does not mirror in subnets that have only IPv6 (%s)",
			subnet->id);
	if (!i || str_empty(i->type) ||
	    instance_support(i->type, &why) != INSTANCE_UNSUPPORTED)
		return NULL;
	FOREACH(session, &s->inv->sessions)
		if (str_same(session->interface_id, eni->id))
			return NULL;
	return arena_printf(s->a, "of %s (%s) is left out: %s", i->id, i->type,
			    why);
}

static void add_candidate(struct source_selection *s,
			  const struct ec2_interface *eni)
{
	struct candidate *c = ARENA_ADD(s->a, s->out);

	if (!c)
		return;
	c->eni = eni;
	c->instance = inventory_instance(s->inv, eni->instance_id);
	c->source = s->source;
}

/* explicit: the user named this interface, so leaving it out is an error. */
static void add_interface(struct source_selection *s,
			  const struct ec2_interface *eni, bool explicit)
{
	const char *doubt, *why = select_refusal(s->a, s->inv, eni, &doubt);
	const struct ec2_instance *i;

	s->included++;
	if (has(s->out, eni->id) || (s->excluded && has(s->excluded, eni->id)))
		return;
	if (s->any) {
		add_candidate(s, eni);
		return;
	}
	if (str_same(eni->id, s->target_eni)) {
		diag_add(
			s->a, s->diagnostics, explicit ? DIAG_FAIL : DIAG_INFO,
			"%s is the collector's own interface and is not mirrored",
			eni->id);
		return;
	}
	if (str_list_has(&s->inv->refused, eni->id))
		why = "is not mirrored: AWS refused it earlier";
	if (why) {
		diag_add(s->a, s->diagnostics, explicit ? DIAG_FAIL : DIAG_WARN,
			 "%s %s", eni->id, why);
		return;
	}
	/* Only a warning: one session that AWS refuses would roll back those of
	 * all other sources. */
	why = certain_refusal(s, eni);
	if (why) {
		diag_add(s->a, s->diagnostics, DIAG_WARN, "%s %s", eni->id,
			 why);
		return;
	}
	if (doubt)
		diag_add(s->a, s->diagnostics, DIAG_WARN, "%s %s", eni->id,
			 doubt);
	add_candidate(s, eni);
	i = inventory_instance(s->inv, eni->instance_id);
	if (i && explicit)
		check_instance(s, i);
}

/* Adds all interfaces of an instance; false if it is terminated or does not
 * exist. */
static bool add_instance(struct source_selection *s, const char *id)
{
	const struct ec2_instance *i = inventory_instance(s->inv, id);
	size_t before = s->out->n;

	if (i && (str_same(i->state, "terminated") ||
		  str_same(i->state, "shutting-down")))
		return false;
	FOREACH(e, &s->inv->interfaces)
		if (str_same(e->instance_id, id))
			add_interface(s, e, false);
	if (i && s->out->n > before)
		check_instance(s, i);
	return i != NULL;
}

static void from_instance(struct source_selection *s)
{
	const char *id = s->source->name;

	if (!add_instance(s, id))
		diag_add(s->a, s->diagnostics, DIAG_FAIL,
			 "no running instance %s in %s", id, s->inv->region);
	else if (!s->included)
		diag_add(s->a, s->diagnostics, DIAG_FAIL,
			 "instance %s has no network interface", id);
}

static void from_interface(struct source_selection *s)
{
	const struct ec2_interface *eni =
		inventory_interface(s->inv, s->source->name);

	if (eni)
		add_interface(s, eni, true);
	else
		diag_add(s->a, s->diagnostics, DIAG_FAIL,
			 "no network interface %s in %s", s->source->name,
			 s->inv->region);
}

static const struct inventory_service *find_service(const struct inventory *inv,
						    const struct source *source)
{
	FOREACH(s, &inv->services)
		if (str_same(s->cluster, source->name) &&
		    str_same(s->service, source->value))
			return s;
	return NULL;
}

static const char *host_of(const struct inventory_service *service,
			   const char *container_instance_arn)
{
	FOREACH(instance, &service->instances)
		if (str_same(instance->arn, container_instance_arn))
			return instance->ec2_instance_id;
	return NULL;
}

struct ecs_count {
	size_t fargate, starting, external, hosts;
};

static void add_task(struct source_selection *s,
		     const struct inventory_service *service,
		     const struct ecs_task *task, struct str_list *hosts,
		     struct ecs_count *count)
{
	const char *id = ecs_task_interface(task), *host;
	const struct ec2_interface *eni;

	if (id) {
		eni = inventory_interface(s->inv, id);
		count->fargate += str_same(task->launch_type, "FARGATE");
		if (eni)
			add_interface(s, eni, false);
		else
			count->starting++;
		return;
	}
	host = host_of(service, task->container_instance_arn);
	if (!host) {
		count->starting++;
	} else if (strncmp(host, "i-", 2) != 0) {
		count->external++;
	} else if (!str_list_has(hosts, host)) {
		str_list_add(s->a, hosts, host);
		add_instance(s, host);
	}
}

static void from_ecs(struct source_selection *s)
{
	const struct inventory_service *service =
		find_service(s->inv, s->source);
	const char *name = s->source->text;
	struct str_list hosts = {0};
	struct ecs_count n = {0};

	if (!service || service->missing) {
		diag_add(s->a, s->diagnostics, DIAG_FAIL,
			 "no service %s in the cluster %s of %s",
			 s->source->value, s->source->name, s->inv->region);
		return;
	}
	FOREACH(t, &service->tasks)
		add_task(s, service, t, &hosts, &n);
	if (hosts.n)
		diag_add(
			s->a, s->diagnostics, DIAG_INFO,
			"%s: its tasks share the network of their instances, so all traffic of %zu instance%s that the filter accepts is mirrored",
			name, hosts.n, hosts.n == 1 ? "" : "s");
	if (n.fargate)
		diag_add(
			s->a, s->diagnostics, DIAG_WARN,
			"%s: %zu task%s on Fargate, which AWS may refuse to mirror",
			name, n.fargate, n.fargate == 1 ? " is" : "s are");
	if (n.external)
		diag_add(
			s->a, s->diagnostics, DIAG_WARN,
			"%s: %zu task%s outside AWS (ECS Anywhere) and cannot be mirrored",
			name, n.external, n.external == 1 ? " runs" : "s run");
	if (n.starting)
		diag_add(
			s->a, s->diagnostics, DIAG_WARN,
			"%s: %zu task%s no network yet; \"metlo-mirror aws sync\" adds %s later",
			name, n.starting, n.starting == 1 ? " has" : "s have",
			n.starting == 1 ? "it" : "them");
	if (!service->tasks.n)
		diag_add(
			s->a, s->diagnostics, DIAG_WARN,
			"%s has no running tasks; \"metlo-mirror aws sync\" adds them once they run",
			name);
}

/* AWS describes these interfaces as "ELB app/NAME/ID" for application and "ELB
 * NAME" for classic load balancers. */
static void from_load_balancer(struct source_selection *s)
{
	const char *name = s->source->name, *d;
	bool app = s->source->type == SOURCE_ALB;
	const char *prefix = app ? arena_printf(s->a, "ELB app/%s/", name)
				 : arena_printf(s->a, "ELB %s", name);
	size_t n = strlen(prefix);

	FOREACH(e, &s->inv->interfaces) {
		d = e->description;
		if (d && !strncmp(d, prefix, n) && (app || !d[n]))
			add_interface(s, e, false);
	}
	if (!s->included)
		diag_add(s->a, s->diagnostics, DIAG_FAIL,
			 "no network interface of the %s %s in %s",
			 source_type_text(s->source->type), name,
			 s->inv->region);
}

struct str_list select_lb_targets(struct arena *a, const struct inventory *inv,
				  const struct elbv2_load_balancer *lb)
{
	struct str_list l = {0};

	FOREACH(g, &inv->registered) {
		bool ours = false;

		FOREACH(arn, &g->group->load_balancer_arns)
			ours |= str_same(*arn, lb->arn);
		for (size_t k = 0; ours && k < g->targets.n; k++) {
			const char *id = g->targets.items[k].id;

			if (str_same(g->group->target_type, "instance"))
				str_list_add(a, &l, id);
			FOREACH(eni, &inv->interfaces)
				if (str_same(eni->private_ip, id) &&
				    str_same(eni->vpc_id, g->group->vpc_id))
					str_list_add(a, &l, eni->id);
		}
	}
	return l;
}

static void from_nlb(struct source_selection *s)
{
	const struct elbv2_load_balancer *lb =
		inventory_load_balancer(s->inv, s->source->name, "network");
	struct str_list targets;

	if (!lb) {
		diag_add(s->a, s->diagnostics, DIAG_FAIL,
			 "no network load balancer %s in %s", s->source->name,
			 s->inv->region);
		return;
	}
	targets = select_lb_targets(s->a, s->inv, lb);
	diag_add(
		s->a, s->diagnostics, DIAG_FAIL,
		"AWS cannot mirror a network load balancer; mirror the targets behind %s instead%s%s",
		lb->name,
		targets.n
			? ": "
			: " (name them with --source: instances, interfaces or an ECS service)",
		targets.n ? str_list_text(s->a, &targets, 10) : "");
}

static bool tagged(const struct aws_tags *tags, const struct source *source)
{
	const char *v = aws_tag_value(tags, source->name);

	return v && !strcmp(v, source->value);
}

static void from_tag(struct source_selection *s)
{
	const struct inventory *inv = s->inv;

	FOREACH(instance, &inv->instances)
		if (tagged(&instance->tags, s->source))
			add_instance(s, instance->id);
	FOREACH(e, &inv->interfaces)
		if (tagged(&e->tags, s->source))
			add_interface(s, e, false);
	if (!s->included)
		diag_add(
			s->a, s->diagnostics, DIAG_WARN,
			"nothing has %s yet; \"metlo-mirror aws sync\" adds matches as they appear",
			s->source->text);
}

/* Interfaces that AWS services run in a VPC, such as those of load balancers,
 * must be named explicitly. Fargate tasks are requester-managed too but count
 * as workloads. */
static bool is_workload(const struct inventory *inv,
			const struct ec2_interface *eni)
{
	const struct ec2_instance *i =
		inventory_instance(inv, eni->instance_id);
	bool task = eni->description && !strncmp(eni->description, "arn:", 4) &&
		    strstr(eni->description, ":ecs:");

	if (i && !str_same(i->state, "running") &&
	    !str_same(i->state, "pending"))
		return false;
	return (!eni->requester_managed || task) &&
	       (str_empty(eni->type) || !strcmp(eni->type, "interface")) &&
	       str_same(eni->status, "in-use");
}

static void from_network(struct source_selection *s)
{
	const char *id = s->source->name;

	FOREACH(e, &s->inv->interfaces) {
		const char *doubt, *in = s->source->type == SOURCE_VPC
						 ? e->vpc_id
						 : e->subnet_id;

		/* That the network contains a mirror target is no mistake. */
		if (str_same(in, id) && is_workload(s->inv, e) &&
		    (s->any || !select_refusal(s->a, s->inv, e, &doubt)))
			add_interface(s, e, false);
	}
	if (!s->included)
		diag_add(
			s->a, s->diagnostics, DIAG_WARN,
			"nothing in %s can be mirrored yet; \"metlo-mirror aws sync\" adds interfaces as they appear",
			id);
}

static void from_source(struct source_selection *s)
{
	switch (s->source->type) {
	case SOURCE_INSTANCE:
		from_instance(s);
		break;
	case SOURCE_INTERFACE:
		from_interface(s);
		break;
	case SOURCE_ECS:
		from_ecs(s);
		break;
	case SOURCE_ALB:
	case SOURCE_CLB:
		from_load_balancer(s);
		break;
	case SOURCE_NLB:
		from_nlb(s);
		break;
	case SOURCE_TAG:
		from_tag(s);
		break;
	case SOURCE_VPC:
	case SOURCE_SUBNET:
		from_network(s);
		break;
	}
}

void select_source(struct arena *a, const struct inventory *inv,
		   const struct source *source, const char *target_eni,
		   const struct candidates *excluded, struct candidates *out,
		   struct diagnostics *diagnostics)
{
	struct source_selection s = {.a = a,
				     .inv = inv,
				     .source = source,
				     .target_eni = target_eni,
				     .excluded = excluded,
				     .out = out,
				     .diagnostics = diagnostics};

	from_source(&s);
}

void select_excluded(struct arena *a, const struct inventory *inv,
		     const struct source *source, struct candidates *out)
{
	struct diagnostics unused = {0};
	struct source_selection s = {.a = a,
				     .inv = inv,
				     .source = source,
				     .out = out,
				     .diagnostics = &unused,
				     .any = true};

	from_source(&s);
}
