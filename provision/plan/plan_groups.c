/* SPDX-License-Identifier: MIT */
/* Decides from netcheck.h whether the security groups on the way admit mirrored
 * traffic and health checks. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "base/list.h"
#include "model/limits.h"
#include "plan/netcheck.h"
#include "plan/plan_groups.h"
#include "plan/plan_tags.h"

struct str_list source_blocks(struct plan *p)
{
	struct str_list l = {0};

	FOREACH(src, &p->sources) {
		const struct ec2_interface *eni = src->eni;
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

/* Worsens *v unless the groups admit VXLAN or health checks from a block. */
static void require(enum reachability *v, const struct plan *p,
		    const struct ec2_group_refs *groups, unsigned int protocol,
		    const char *peer, const struct ec2_group_refs *lb)
{
	struct traffic traffic = {
		.protocol = protocol, .port = VXLAN_PORT, .peer_groups = lb};
	struct parse_error unused;
	enum reachability one;

	if (*v == REACH_DENIED || str_empty(peer) ||
	    !cidr_parse(peer, &traffic.peer, &unused))
		return;
	one = groups_allow(p->inventory, groups, &traffic);
	if (one != REACH_ALLOWED)
		*v = one;
}

static enum reachability sources_allowed(const struct plan *p,
					 const struct ec2_group_refs *groups,
					 const struct ec2_group_refs *lb)
{
	enum reachability v = REACH_ALLOWED;

	FOREACH(src, &p->sources)
		require(&v, p, groups, FILTER_UDP, src->eni->private_ip, lb);
	return v;
}

struct str_list blocks_missing(struct plan *p, const char *group)
{
	struct str_list all = source_blocks(p), l = {0};
	struct ec2_group_ref ref = {.id = (char *)group};
	struct ec2_group_refs one = {&ref, 1};
	struct parse_error unused;

	FOREACH(cidr, &all) {
		struct traffic traffic = {.protocol = FILTER_UDP,
					  .port = VXLAN_PORT};

		if (!cidr_parse(*cidr, &traffic.peer, &unused) ||
		    groups_allow(p->inventory, &one, &traffic) != REACH_ALLOWED)
			str_list_add(&p->mem, &l, *cidr);
	}
	return l;
}

/* Health checks originate from the load balancer's addresses, one in each of its
 * subnets; as long as it does not exist, any address of its VPC may be one. */
static enum reachability checks_allowed(const struct plan *p,
					const struct ec2_group_refs *groups,
					const struct ec2_group_refs *lb)
{
	const struct inventory *inv = p->inventory;
	const struct elbv2_load_balancer *b =
		inventory_load_balancer(inv, p->load_balancer.id, "network");
	const struct ec2_group *g = inventory_group(inv, groups->items[0].id);
	const struct ec2_vpc *vpc = g ? inventory_vpc(inv, g->vpc_id) : NULL;
	enum reachability v = REACH_ALLOWED;

	if (!b) {
		require(&v, p, groups, FILTER_TCP, vpc ? vpc->cidr : NULL, lb);
		return v;
	}
	FOREACH(z, &b->zones) {
		const struct ec2_subnet *s =
			inventory_subnet(inv, z->subnet_id);

		require(&v, p, groups, FILTER_TCP, s ? s->cidr : NULL, lb);
	}
	return v;
}

/* Records that a group lacks a rule, for one diagnostic about all of them. */
static void note_missing(struct plan *p, const char *group, const char *whose,
			 const char *protocol, const char *from)
{
	struct missing_rules *m = NULL;

	FOREACH(known, &p->missing)
		if (str_same(known->group, group))
			m = known;
	if (!m)
		m = ARENA_ADD(&p->mem, &p->missing);
	if (!m)
		return;
	m->group = group;
	m->from = from;
	str_list_add(&p->mem, &m->owners, whose);
	if (str_list_has(&m->protocols, protocol))
		return;
	str_list_add(&p->mem, &m->protocols, protocol);
	p->rules_missing++;
}

static void report_missing(struct plan *p)
{
	FOREACH(m, &p->missing)
		plan_report(
			p, DIAG_WARN,
			"the security group %s of %s does not allow %s %d from %s, so nothing would arrive; --open-groups adds the rule%s",
			m->group, str_list_text(&p->mem, &m->owners, 3),
			str_list_text(&p->mem, &m->protocols, 2), VXLAN_PORT,
			m->from, m->protocols.n == 1 ? "" : "s");
}

/* Handles one missing rule: adds a step, or a diagnostic. */
static void open_group(struct plan *p, const char *group, const char *whose,
		       const char *protocol, struct ref lb_group)
{
	struct str_list blocks = blocks_missing(p, group);
	bool by_group = lb_group.id || lb_group.step >= 0;
	const char *from = by_group ? "the load balancer"
				    : str_list_text(&p->mem, &blocks, 4);
	const char *upper = protocol_name(protocol);
	struct step *s;

	/* Collectors may share a group: one rule is enough. */
	FOREACH(step, &p->steps)
		if (step->type == STEP_AUTHORIZE &&
		    str_same(step->on.id, group) &&
		    str_same(step->protocol, protocol))
			return;
	if (!p->spec.open_groups) {
		note_missing(p, group, whose, upper, from);
		return;
	}
	p->rules_missing++;
	s = plan_step(p, STEP_AUTHORIZE, NULL,
		      "allow %s %d from %s in the security group %s of %s",
		      upper, VXLAN_PORT, from, group, whose);
	s->undo_text = "revoke that rule";
	s->on = ref_id(group);
	s->protocol = protocol;
	s->description = name_rule(&p->mem, p->spec.name);
	s->tags = plan_new_tags(p, name_resource(&p->mem, p->spec.name));
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
		plan_report(
			p, DIAG_INFO,
			"whether the security groups of %s allow %s %d depends on prefix lists or groups that could not be read; check them yourself",
			whose, protocol_name(protocol), VXLAN_PORT);
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
	for (size_t i = 0; through_lb && i < p->collectors.n; i++) {
		const struct ec2_instance *c = inventory_instance(
			p->inventory, p->collectors.items[i]);

		if (!c || !c->groups.n)
			continue;
		decide(p, sources_allowed(p, &c->groups, &lb), &c->groups,
		       c->id, "udp", lb_group);
		decide(p, checks_allowed(p, &c->groups, &lb), &c->groups, c->id,
		       "tcp", lb_group);
	}
	report_missing(p);
}
