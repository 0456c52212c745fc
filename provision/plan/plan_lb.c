/* SPDX-License-Identifier: MIT */
/*
 * The deployment's own network load balancer: a security group, a listener and
 * a target group for VXLAN with its health check on the TCP port that the
 * collector serves, one subnet per zone, and the registered collectors.
 */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "base/list.h"
#include "model/limits.h"
#include "model/deployment.h"
#include "plan/plan_lb.h"
#include "plan/plan_groups.h"
#include "plan/plan_restore.h"
#include "plan/plan_tags.h"

static const char *lb_vpc(const struct plan *p)
{
	const struct target_spec *t = &p->spec.target;
	const struct ec2_instance *i;
	const struct ec2_subnet *s;

	FOREACH(id, &p->collectors) {
		i = inventory_instance(p->inventory, *id);
		if (i && i->vpc_id)
			return i->vpc_id;
	}
	FOREACH(id, &t->subnets) {
		s = inventory_subnet(p->inventory, *id);
		if (s && s->vpc_id)
			return s->vpc_id;
	}
	return p->sources.n ? p->sources.items[0].eni->vpc_id : NULL;
}

/* Whether s is the better choice in its zone: the subnet with more free
 * addresses wins. Ties go to the lowest id, so the choice is deterministic. */
static bool better(const struct ec2_subnet *s, const struct ec2_subnet *than)
{
	if (!than || s->free_addresses != than->free_addresses)
		return !than || s->free_addresses > than->free_addresses;
	return strcmp(s->id, than->id) < 0;
}

static const struct ec2_subnet *best_subnet(const struct plan *p,
					    const char *vpc, const char *zone)
{
	const struct ec2_subnet *best = NULL, *s;

	FOREACH(subnet, &p->inventory->subnets) {
		s = subnet;
		if (str_same(s->vpc_id, vpc) && str_same(s->zone, zone) &&
		    !s->ipv6_only && s->free_addresses >= 8 && better(s, best))
			best = s;
	}
	return best;
}

static void add_zone(struct plan *p, struct str_list *zones, const char *subnet,
		     const char *vpc)
{
	const struct ec2_subnet *s = inventory_subnet(p->inventory, subnet);

	if (s && s->zone && str_same(s->vpc_id, vpc))
		str_list_add(&p->mem, zones, s->zone);
}

/* The subnets of the spec, validated; or one in each zone of collectors and
 * sources, since a load balancer serves only the zones in which it has a
 * subnet. It needs 8 free addresses there. */
static void choose_subnets(struct plan *p, const char *vpc,
			   struct str_list *out)
{
	const struct target_spec *t = &p->spec.target;
	struct str_list zones = {0};

	FOREACH(id, &t->subnets) {
		const struct ec2_subnet *s =
			inventory_subnet(p->inventory, *id);

		if (!s || !str_same(s->vpc_id, vpc))
			plan_report(p, DIAG_FAIL, "no subnet %s in %s", *id,
				    vpc);
		else if (str_list_has(&zones, s->zone ? s->zone : ""))
			plan_report(
				p, DIAG_FAIL,
				"two subnets are in the zone %s; a load balancer can have only one per zone",
				s->zone ? s->zone : "?");
		else
			str_list_add(&p->mem, &zones, s->zone ? s->zone : "");
		str_list_add(&p->mem, out, *id);
	}
	if (t->subnets.n)
		return;
	FOREACH(id, &p->collectors) {
		const struct ec2_instance *c =
			inventory_instance(p->inventory, *id);

		if (c)
			add_zone(p, &zones, c->subnet_id, vpc);
	}
	FOREACH(src, &p->sources)
		add_zone(p, &zones, src->eni->subnet_id, vpc);
	FOREACH(z, &zones) {
		const struct ec2_subnet *s = best_subnet(p, vpc, *z);

		if (s)
			str_list_add(&p->mem, out, s->id);
		else
			plan_report(
				p, DIAG_WARN,
				"no subnet of %s in the zone %s has 8 free addresses: the load balancer will not serve that zone",
				vpc, *z);
	}
	if (!out->n)
		plan_report(
			p, DIAG_FAIL,
			"no subnet of %s has room for a load balancer; choose one with --subnet",
			vpc);
}

static void admit_sources(struct plan *p, struct ref group, bool is_new)
{
	struct str_list blocks =
		is_new ? source_blocks(p) : blocks_missing(p, group.id);
	struct step *s;

	if (!blocks.n)
		return;
	s = plan_step(
		p, STEP_AUTHORIZE, NULL,
		"allow UDP %d from %s in the load balancer's security group",
		VXLAN_PORT, str_list_text(&p->mem, &blocks, 4));
	/* Deleting a new group deletes its rules, so they need no undo. */
	if (!is_new)
		s->undo_text = "revoke that rule";
	s->on = group;
	s->protocol = "udp";
	s->ids = blocks;
	s->description = name_rule(&p->mem, p->spec.name);
	s->tags = plan_new_tags(p, name_resource(&p->mem, p->spec.name));
}

static struct ref lb_group(struct plan *p, const struct deployment *current,
			   const char *vpc)
{
	const char *name = name_resource(&p->mem, p->spec.name);
	struct ref group;
	struct step *s;

	if (current->group) {
		group = ref_id(current->group->id);
		admit_sources(p, group, false);
		return group;
	}
	s = plan_step(p, STEP_CREATE_GROUP, &group,
		      "create the security group \"%s\" in %s", name, vpc);
	s->undo_text = "delete the security group";
	s->name = name;
	s->description = name_rule(&p->mem, p->spec.name);
	s->vpc_id = vpc;
	s->tags = plan_new_tags(p, name);
	admit_sources(p, group, true);
	return group;
}

static struct ref target_group(struct plan *p, const struct deployment *current,
			       const char *vpc)
{
	const char *name = name_elb(&p->mem, p->spec.name);
	struct ref group;
	struct step *s;

	if (current->tg)
		return ref_id(current->tg->arn);
	s = plan_step(p, STEP_CREATE_TG, &group,
		      "create the target group %s: UDP %d, health check TCP %d",
		      name, VXLAN_PORT, VXLAN_PORT);
	s->undo_text = "delete the target group";
	s->name = name;
	s->vpc_id = vpc;
	s->target_type = "instance";
	s->tags = plan_new_tags(p, name);
	s = plan_step(
		p, STEP_TG_ATTRIBUTES, NULL,
		"make the target group send all packets of a source to the same collector");
	s->on = group;
	s->tags = tg_attributes(&p->mem);
	return group;
}

/* The registered targets of the deployment's target group. */
static const struct elbv2_targets *
registered_targets(const struct plan *p, const struct deployment *current)
{
	static const struct elbv2_targets none;

	FOREACH(g, &p->inventory->registered)
		if (current->tg && g->group == current->tg)
			return &g->targets;
	return &none;
}

static void register_collectors(struct plan *p,
				const struct deployment *current,
				struct ref group)
{
	const struct target_spec *t = &p->spec.target;
	struct str_list missing = {0};
	struct step *s;

	FOREACH(id, &p->collectors) {
		bool registered = false;

		if (!inventory_instance(p->inventory, *id)) {
			plan_report(p, DIAG_FAIL,
				    "no instance %s to use as a collector",
				    *id);
			continue;
		}
		FOREACH(target, registered_targets(p, current))
			registered |= str_same(target->id, *id) &&
				      target->port == VXLAN_PORT &&
				      !str_same(target->state, "draining");
		if (!registered)
			str_list_add(&p->mem, &missing, *id);
	}
	if (!p->collectors.n && t->collectors.n)
		plan_report(
			p, DIAG_WARN,
			"no collector (%s) is running: mirrored traffic is lost until one runs and \"metlo-mirror aws sync\" registers it",
			str_list_text(&p->mem, &t->collectors, 4));
	else if (!p->collectors.n)
		plan_report(
			p, DIAG_WARN,
			"no collector is specified: mirrored traffic is lost until you register instances in the target group %s",
			name_elb(&p->mem, p->spec.name));
	if (!missing.n)
		return;
	s = plan_step(p, STEP_REGISTER, NULL, "register the collector%s %s",
		      missing.n == 1 ? "" : "s",
		      str_list_text(&p->mem, &missing, 6));
	/* Deleting a new target group deregisters its targets. */
	if (current->tg)
		s->undo_text = "deregister the collectors";
	s->on = group;
	s->ids = missing;
}

static void deregister(struct plan *p, const struct deployment *current,
		       const struct str_list *ids, long port)
{
	struct step *s = plan_step(
		p, STEP_DEREGISTER, NULL, "deregister %s%s",
		str_list_text(&p->mem, ids, 6),
		port == VXLAN_PORT
			? ""
			: arena_printf(&p->mem, " from port %ld", port));

	s->on = ref_id(current->tg->arn);
	s->ids = *ids;
	if (port != VXLAN_PORT)
		s->number = (uint32_t)port;
}

/* Collectors that are not wanted any more, and all at a port where none listens. */
void plan_deregister(struct plan *p, const struct deployment *current)
{
	struct str_list stale = {0};

	/* Without collectors in the spec, the user registered them by hand. */
	if (!p->spec.target.collectors.n)
		return;
	FOREACH(t, registered_targets(p, current)) {
		struct str_list one = {0};

		if (str_same(t->state, "draining"))
			continue;
		if (t->port != VXLAN_PORT) {
			str_list_add(&p->mem, &one, t->id);
			deregister(p, current, &one, (long)t->port);
		} else if (!str_list_has(&p->collectors, t->id)) {
			str_list_add(&p->mem, &stale, t->id);
		}
	}
	if (stale.n)
		deregister(p, current, &stale, VXLAN_PORT);
}

static void create_load_balancer(struct plan *p, const char *vpc,
				 struct ref group)
{
	struct str_list subnets = {0};
	struct step *s;
	const char *name = name_elb(&p->mem, p->spec.name);
	const struct elbv2_load_balancer *other =
		inventory_load_balancer(p->inventory, name, NULL);

	if (other)
		plan_report(
			p, DIAG_FAIL,
			"a load balancer %s that metlo-mirror did not create already exists: choose another --name",
			name);
	choose_subnets(p, vpc, &subnets);
	s = plan_step(p, STEP_CREATE_LB, &p->load_balancer,
		      "create the internal network load balancer %s in %s",
		      name, str_list_text(&p->mem, &subnets, 6));
	s->undo_text = "delete the load balancer";
	s->name = name;
	s->other = group;
	s->ids = subnets;
	s->tags = plan_new_tags(p, name);
	s = plan_step(p, STEP_LB_ATTRIBUTES, NULL,
		      "enable its cross-zone load balancing");
	s->on = p->load_balancer;
	s->tags = lb_attributes(&p->mem);
}

void plan_load_balancer(struct plan *p, const struct deployment *current)
{
	const char *vpc = current->lb ? current->lb->vpc_id : lb_vpc(p);
	struct ref group = ref_id(NULL), targets;
	const struct ec2_interface *none = NULL;
	struct step *s;

	if (str_empty(vpc)) {
		/* The VPC would be that of the sources; a failure there is
		 * already reported. */
		if (diag_failed(&p->diagnostics))
			return;
		plan_report(
			p, DIAG_FAIL,
			"cannot determine the VPC of the load balancer: specify its subnets with --subnet or the collectors with --collector");
		return;
	}
	/* A load balancer created without a security group can never be given
	 * one. */
	if (!current->lb || current->lb->groups.n)
		group = lb_group(p, current, vpc);
	targets = target_group(p, current, vpc);
	restore_balancer(p, current, group);
	if (current->lb)
		p->load_balancer = ref_id(current->lb->arn);
	else
		create_load_balancer(p, vpc, group);
	if (!restore_listener(p, current, targets)) {
		s = plan_step(p, STEP_CREATE_LISTENER, NULL,
			      "create its listener for UDP %d", VXLAN_PORT);
		s->undo_text = "delete the listener";
		s->on = p->load_balancer;
		s->other = targets;
		s->tags = plan_new_tags(p, name_elb(&p->mem, p->spec.name));
	}
	register_collectors(p, current, targets);
	plan_groups(p, none, group, true);
	if (!current->lb || !str_same(current->lb->state, "active")) {
		s = plan_step(
			p, STEP_WAIT_LB, NULL,
			"wait until the load balancer is active (2 to 5 minutes)");
		s->on = p->load_balancer;
	}
}
