/* SPDX-License-Identifier: MIT */
/* Decides from netcheck.h whether the security groups on the way admit mirrored
 * traffic and health checks. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "model/limits.h"
#include "plan/netcheck.h"
#include "plan/plan_groups.h"

struct str_list source_blocks(struct plan *p)
{
	struct str_list l = {0};

	for (size_t i = 0; i < p->sources.n; i++) {
		const struct ec2_interface *eni = p->sources.items[i].eni;
		const struct ec2_vpc *vpc =
			inventory_vpc(p->inventory, eni->vpc_id);
		const struct ec2_subnet *subnet =
			inventory_subnet(p->inventory, eni->subnet_id);

		for (size_t k = 0; vpc && k < vpc->cidrs.n; k++)
			if (!str_empty(vpc->cidrs.items[k].cidr))
				str_list_add(&p->mem, &l,
					     vpc->cidrs.items[k].cidr);
		if (vpc && !vpc->cidrs.n && !str_empty(vpc->cidr))
			str_list_add(&p->mem, &l, vpc->cidr);
		if (!vpc && subnet && !str_empty(subnet->cidr))
			str_list_add(&p->mem, &l, subnet->cidr);
		else if (!vpc && !str_empty(eni->private_ip))
			str_list_add(&p->mem, &l,
				     arena_printf(&p->mem, "%s/32",
						  eni->private_ip));
	}
	return l;
}

static enum reachability worse(enum reachability a, enum reachability b)
{
	if (a == REACH_DENIED || b == REACH_DENIED)
		return REACH_DENIED;
	return a == REACH_UNKNOWN ? a : b;
}

static enum reachability sources_allowed(const struct plan *p,
					 const struct ec2_group_refs *groups,
					 const struct ec2_group_refs *lb)
{
	enum reachability v = REACH_ALLOWED;

	for (size_t i = 0; i < p->sources.n; i++) {
		struct traffic traffic = {.protocol = FILTER_UDP,
					  .port = VXLAN_PORT,
					  .peer_groups = lb};

		if (interface_address(p->sources.items[i].eni, &traffic.peer))
			v = worse(v,
				  groups_allow(p->inventory, groups, &traffic));
	}
	return v;
}

struct str_list blocks_missing(struct plan *p, const char *group)
{
	struct str_list all = source_blocks(p), l = {0};
	struct ec2_group_ref ref = {.id = (char *)group};
	struct ec2_group_refs one = {&ref, 1};
	struct parse_error unused;

	for (size_t i = 0; i < all.n; i++) {
		struct traffic traffic = {.protocol = FILTER_UDP,
					  .port = VXLAN_PORT};

		if (!cidr_parse(all.items[i], &traffic.peer, &unused) ||
		    groups_allow(p->inventory, &one, &traffic) != REACH_ALLOWED)
			str_list_add(&p->mem, &l, all.items[i]);
	}
	return l;
}

bool sources_admitted(const struct plan *p, const char *group)
{
	struct ec2_group_ref ref = {.id = (char *)group};
	struct ec2_group_refs one = {&ref, 1};

	return sources_allowed(p, &one, NULL) != REACH_DENIED;
}

/* Health checks originate from the load balancer's addresses, one in each of
 * its subnets. */
static enum reachability checks_allowed(const struct plan *p,
					const struct ec2_group_refs *groups,
					const struct ec2_group_refs *lb)
{
	enum reachability v = REACH_ALLOWED;
	const struct elbv2_load_balancer *b = inventory_load_balancer(
		p->inventory, p->load_balancer.id, "network");
	struct parse_error unused;

	for (size_t i = 0; b && i < b->zones.n; i++) {
		const struct ec2_subnet *s = inventory_subnet(
			p->inventory, b->zones.items[i].subnet_id);
		struct traffic traffic = {.protocol = FILTER_TCP,
					  .port = VXLAN_PORT,
					  .peer_groups = lb};

		if (s && s->cidr && cidr_parse(s->cidr, &traffic.peer, &unused))
			v = worse(v,
				  groups_allow(p->inventory, groups, &traffic));
	}
	/* The load balancer does not exist yet: any address of its VPC may
	 * become one of its own. */
	for (size_t i = 0; !b && i < p->inventory->vpcs.n; i++) {
		struct traffic traffic = {.protocol = FILTER_TCP,
					  .port = VXLAN_PORT,
					  .peer_groups = lb};
		const struct ec2_group *g =
			groups->n ? inventory_group(p->inventory,
						    groups->items[0].id)
				  : NULL;

		if (g && str_same(p->inventory->vpcs.items[i].id, g->vpc_id) &&
		    p->inventory->vpcs.items[i].cidr &&
		    cidr_parse(p->inventory->vpcs.items[i].cidr, &traffic.peer,
			       &unused))
			v = worse(v,
				  groups_allow(p->inventory, groups, &traffic));
	}
	return v;
}

/* Handles one missing rule: adds a step, or a diagnostic. */
static void open_group(struct plan *p, const char *group, const char *whose,
		       const char *protocol, struct ref lb_group)
{
	struct str_list blocks = blocks_missing(p, group);
	bool by_group = lb_group.id || lb_group.step >= 0;
	const char *from = by_group ? "the load balancer"
				    : str_list_text(&p->mem, &blocks, 4);
	const char *upper = !strcmp(protocol, "udp") ? "UDP" : "TCP";
	struct step *s;

	/* Collectors may share a group: one rule is enough. */
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.items[i].type == STEP_AUTHORIZE &&
		    str_same(p->steps.items[i].on.id, group) &&
		    str_same(p->steps.items[i].protocol, protocol))
			return;
	p->rules_missing++;
	if (!p->spec.open_groups) {
		diag_add(
			&p->mem, &p->diagnostics, DIAG_WARN,
			"the security group %s of %s does not allow %s %d from %s, so nothing would arrive; --open-groups adds the rule",
			group, whose, upper, VXLAN_PORT, from);
		return;
	}
	s = plan_step(p, STEP_AUTHORIZE, NULL,
		      "allow %s %d from %s in the security group %s of %s",
		      upper, VXLAN_PORT, from, group, whose);
	s->undo_text = "revoke that rule";
	s->on = ref_id(group);
	s->protocol = protocol;
	s->description = name_rule(&p->mem, p->spec.name);
	if (by_group)
		s->other = lb_group;
	else
		s->ids = blocks;
}

static void decide(struct plan *p, enum reachability v,
		   const struct ec2_group_refs *groups, const char *whose,
		   const char *protocol, struct ref lb_group)
{
	if (v == REACH_UNKNOWN)
		diag_add(
			&p->mem, &p->diagnostics, DIAG_INFO,
			"whether the security groups of %s allow %s %d depends on prefix lists or groups that could not be read; check them yourself",
			whose, !strcmp(protocol, "udp") ? "UDP" : "TCP",
			VXLAN_PORT);
	if (v == REACH_DENIED && groups->n)
		open_group(p, groups->items[0].id, whose, protocol, lb_group);
}

void plan_groups(struct plan *p, const struct ec2_interface *collector,
		 struct ref lb_group, bool through_lb)
{
	/* A group that is still to be created cannot be in any rule yet. */
	struct ec2_group_ref lb_ref = {.id = (char *)lb_group.id};
	struct ec2_group_refs lb = {&lb_ref, lb_group.id != NULL};

	if (collector)
		decide(p, sources_allowed(p, &collector->groups, &lb),
		       &collector->groups, collector->id, "udp", lb_group);
	if (!through_lb)
		return;
	for (size_t i = 0; i < p->collectors.n; i++) {
		const struct ec2_instance *c = inventory_instance(
			p->inventory, p->collectors.items[i]);

		if (!c || !c->groups.n)
			continue;
		decide(p, sources_allowed(p, &c->groups, &lb), &c->groups,
		       c->id, "udp", lb_group);
		decide(p, checks_allowed(p, &c->groups, &lb), &c->groups, c->id,
		       "tcp", lb_group);
	}
}
