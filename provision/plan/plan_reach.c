/* SPDX-License-Identifier: MIT */
/* AWS creates a session whatever its target is, and drops the packets if no route
 * leads there. Within a VPC there always is one; to another it takes a peering
 * connection or a transit gateway. */
#include <string.h>

#include "plan/plan_reach.h"
#include "base/list.h"
#include "plan/netcheck.h"

#define NAMES_MAX 4

/* A place where the target receives packets. */
struct place {
	const char *vpc;
	struct cidr at;
};
struct places LIST_OF(struct place);

static void add_place(struct plan *p, struct places *l, const char *vpc,
		      const char *address)
{
	struct parse_error unused;
	struct cidr at;
	struct place *to;

	if (str_empty(vpc) || str_empty(address) ||
	    !cidr_parse(address, &at, &unused))
		return;
	to = ARENA_ADD(&p->mem, l);
	if (to)
		*to = (struct place){vpc, at};
}

static void add_subnet(struct plan *p, struct places *l, const char *id)
{
	const struct ec2_subnet *s = inventory_subnet(p->inventory, id);

	if (s)
		add_place(p, l, s->vpc_id, s->cidr);
}

static void add_interface(struct plan *p, struct places *l, const char *id)
{
	const struct ec2_interface *eni = inventory_interface(p->inventory, id);

	if (eni)
		add_place(p, l, eni->vpc_id, eni->private_ip);
}

static void add_endpoint(struct plan *p, struct places *l, const char *id)
{
	const struct ec2_endpoint *e = inventory_endpoint(p->inventory, id);

	for (size_t i = 0; e && i < e->subnet_ids.n; i++)
		add_subnet(p, l, e->subnet_ids.items[i]);
}

/* The subnets of a load balancer that exists or is to be created. */
static void add_load_balancer(struct plan *p, struct places *l, const char *arn)
{
	const struct elbv2_load_balancer *lb =
		inventory_load_balancer(p->inventory, arn, "network");

	for (size_t i = 0; lb && i < lb->zones.n; i++)
		add_subnet(p, l, lb->zones.items[i].subnet_id);
	if (!arn && p->load_balancer.step >= 0)
		FOREACH(id, &p->steps.items[p->load_balancer.step].ids)
			add_subnet(p, l, *id);
}

/* Empty if unknown, as for a target that another account shares. */
static struct places find_places(struct plan *p)
{
	const struct target_spec *t = &p->spec.target;
	const struct mirror_target *shared;
	struct places l = {0};

	switch (t->type) {
	case TARGET_ENI:
		add_interface(p, &l, t->id);
		break;
	case TARGET_GWLBE:
		add_endpoint(p, &l, t->id);
		break;
	case TARGET_NLB:
		add_load_balancer(p, &l, p->load_balancer.id);
		break;
	case TARGET_PLACED:
		FOREACH(id, &p->collectors) {
			const struct ec2_instance *i =
				inventory_instance(p->inventory, *id);

			if (i)
				add_place(p, &l, i->vpc_id, i->private_ip);
		}
		break;
	case TARGET_MIRROR:
		shared = inventory_target(p->inventory, t->id);
		if (shared && shared->interface_id)
			add_interface(p, &l, shared->interface_id);
		else if (shared && shared->endpoint_id)
			add_endpoint(p, &l, shared->endpoint_id);
		else if (shared && shared->load_balancer_arn)
			add_load_balancer(p, &l, shared->load_balancer_arn);
		break;
	}
	return l;
}

/* A load balancer has addresses in several subnets; packets must reach one. */
static enum reachability reaches(const struct plan *p, const struct places *l,
				 const struct ec2_subnet *from)
{
	enum reachability result = REACH_DENIED;

	FOREACH(to, l) {
		const struct ec2_route *r;
		bool known;

		if (str_same(from->vpc_id, to->vpc))
			return REACH_ALLOWED;
		r = route_find(p->inventory, from, &to->at, &known);
		if (known && r && route_private(r))
			return REACH_ALLOWED;
		if (!known)
			result = REACH_UNKNOWN;
	}
	return result;
}

/* The sources by what is known about their way to the target. */
struct ways {
	struct str_list denied, unknown; /* interfaces */
	struct str_list vpcs;		 /* of the denied ones */
};

static void find_ways(struct plan *p, const struct places *l, struct ways *w)
{
	FOREACH(src, &p->sources) {
		const struct ec2_subnet *from =
			inventory_subnet(p->inventory, src->eni->subnet_id);
		enum reachability v =
			from ? reaches(p, l, from) : REACH_ALLOWED;

		if (v == REACH_DENIED) {
			str_list_add(&p->mem, &w->denied, src->eni->id);
			str_list_add(&p->mem, &w->vpcs, from->vpc_id);
		} else if (v == REACH_UNKNOWN) {
			str_list_add(&p->mem, &w->unknown, src->eni->id);
		}
	}
}

/* What to do about sources without a route. */
static const char *way_out(struct plan *p, const struct ways *w)
{
	bool some = w->denied.n < p->sources.n;
	const char *s = "";

	if (some)
		FOREACH(vpc, &w->vpcs)
			s = arena_printf(&p->mem, "%s --exclude %s", s, *vpc);
	return arena_printf(
		&p->mem,
		"connect the VPCs by peering or a transit gateway and add routes, or use a target in the VPC of the sources%s%s; --ignore-routes mirrors them all the same",
		some ? ", or leave them out with" : "", s);
}

void plan_reach(struct plan *p, enum plan_mode mode)
{
	struct places l = find_places(p);
	struct ways w = {0};

	if (!l.n || !p->sources.n)
		return;
	find_ways(p, &l, &w);
	if (w.denied.n)
		plan_report(
			p, mode == PLAN_REQUEST ? DIAG_FAIL : DIAG_WARN,
			"%s ha%s no route to the target in %s, so AWS would drop %s mirrored packets%s%s",
			str_list_text(&p->mem, &w.denied, NAMES_MAX),
			w.denied.n == 1 ? "s" : "ve", l.items[0].vpc,
			w.denied.n == 1 ? "its" : "their",
			mode == PLAN_REQUEST ? ": " : "",
			mode == PLAN_REQUEST ? way_out(p, &w) : "");
	if (w.unknown.n)
		plan_report(
			p, DIAG_WARN,
			"whether %s ha%s a route to the target in %s cannot be determined: %s",
			str_list_text(&p->mem, &w.unknown, NAMES_MAX),
			w.unknown.n == 1 ? "s" : "ve", l.items[0].vpc,
			p->inventory->routes_denied
				? "ec2:DescribeRouteTables is not permitted"
				: "it may be in a prefix list or in a route table of another account; \"metlo-mirror aws verify\" shows whether packets arrive");
}
