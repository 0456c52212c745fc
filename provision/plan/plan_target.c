/* SPDX-License-Identifier: MIT */
/* The mirror target: checks that the destination can receive mirrored traffic,
 * and adds the step that creates a target for it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plan/plan.h"
#include "base/list.h"
#include "model/instance.h"
#include "model/limits.h"
#include "model/deployment.h"
#include "plan/plan_target.h"
#include "plan/plan_lb.h"
#include "plan/plan_groups.h"
#include "plan/plan_place.h"
#include "plan/plan_tags.h"

static void check_sources_of_interface(struct plan *p,
				       const struct ec2_interface *eni)
{
	const struct ec2_instance *i =
		inventory_instance(p->inventory, eni->instance_id);
	size_t n = plan_other_sources(p, eni->id) + p->sources.n;
	unsigned long size = i ? instance_size(i->type) : 0;

	if (n <= LIMIT_SOURCES_PER_ENI_TARGET)
		return;
	if (size < 12 || n > LIMIT_SOURCES_PER_BIG_TARGET)
		plan_report(
			p, DIAG_FAIL,
			"%zu sources would send to %s, but AWS allows %d per network interface; a network load balancer (--target nlb:new) has no such limit",
			n, eni->id,
			size < 12 ? LIMIT_SOURCES_PER_ENI_TARGET
				  : LIMIT_SOURCES_PER_BIG_TARGET);
	else
		plan_report(
			p, DIAG_WARN,
			"%zu sources would send to %s; AWS allows more than %d only for the largest instance sizes, and %s may not be one of them",
			n, eni->id, LIMIT_SOURCES_PER_ENI_TARGET, i->type);
}

static void to_interface(struct plan *p)
{
	const struct ec2_interface *eni =
		inventory_interface(p->inventory, p->spec.target.id);
	const struct ec2_subnet *subnet;

	if (!eni) {
		plan_report(p, DIAG_FAIL,
			    "no network interface %s in %s to send to",
			    p->spec.target.id, p->inventory->region);
		return;
	}
	subnet = inventory_subnet(p->inventory, eni->subnet_id);
	if (subnet && subnet->ipv6_only)
		plan_report(
			p, DIAG_FAIL,
			"%s is in the subnet %s, which has only IPv6, and AWS does not mirror there",
			eni->id, subnet->id);
	FOREACH(s, &p->inventory->sessions)
		if (str_same(s->interface_id, eni->id)) {
			plan_report(
				p, DIAG_FAIL,
				"%s is itself mirrored (session %s), and a source cannot be a target",
				eni->id, s->id);
			return;
		}
	check_sources_of_interface(p, eni);
	plan_groups(p, eni, ref_id(NULL), false);
}

static void to_endpoint(struct plan *p)
{
	const struct ec2_endpoint *e =
		inventory_endpoint(p->inventory, p->spec.target.id);

	if (!e)
		plan_report(p, DIAG_FAIL, "no endpoint %s in %s",
			    p->spec.target.id, p->inventory->region);
	else if (!str_same(e->type, "GatewayLoadBalancer"))
		plan_report(
			p, DIAG_FAIL,
			"%s is an endpoint of type %s; mirrored traffic can only go to a Gateway Load Balancer endpoint",
			e->id, e->type ? e->type : "?");
	else if (!str_empty(e->state) && strcasecmp(e->state, "available") != 0)
		plan_report(p, DIAG_FAIL,
			    "the endpoint %s is %s, not available", e->id,
			    e->state);
	plan_report(
		p, DIAG_INFO,
		"a Gateway Load Balancer delivers packets in GENEVE (UDP %d) with VXLAN inside: the appliances behind it must decapsulate both",
		GENEVE_PORT);
}

/* A foreign mirror target is used as it is. One of another account appears here
 * once it is shared through AWS RAM; what is behind it does not. */
static void to_mirror_target(struct plan *p)
{
	const struct mirror_target *t =
		inventory_target(p->inventory, p->spec.target.id);
	const struct ec2_interface *eni =
		t ? inventory_interface(p->inventory, t->interface_id) : NULL;
	struct parse_error err;

	if (!t) {
		plan_report(
			p, DIAG_FAIL,
			"no mirror target %s in %s; a target of another account must first be shared with this one (AWS RAM)",
			p->spec.target.id, p->inventory->region);
		return;
	}
	if (str_same(t->type, "network-load-balancer") &&
	    !packet_length_check(TARGET_NLB, p->spec.packet_length, &err))
		plan_report(p, DIAG_FAIL, "%s", err.text);
	if (eni) {
		check_sources_of_interface(p, eni);
		plan_groups(p, eni, ref_id(NULL), false);
	}
	if (!str_same(t->owner_id, p->inventory->account))
		plan_report(
			p, DIAG_INFO,
			"the mirror target %s belongs to account %s: its owner is responsible for security groups, routes and the collectors behind it",
			t->id, t->owner_id ? t->owner_id : "?");
	p->target = ref_id(t->id);
}

/* A foreign load balancer is used as it is. */
static void to_load_balancer(struct plan *p)
{
	const struct elbv2_load_balancer *lb = inventory_load_balancer(
		p->inventory, p->spec.target.id, "network");

	if (!lb) {
		plan_report(p, DIAG_FAIL, "no network load balancer %s in %s",
			    p->spec.target.id, p->inventory->region);
		return;
	}
	if (!inventory_listener(p->inventory, lb->arn))
		plan_report(
			p, DIAG_FAIL,
			"the load balancer %s has no UDP listener on port %d, so mirrored traffic would be dropped silently: add one, or use --target nlb:new to create a load balancer",
			lb->name, VXLAN_PORT);
	if (!str_empty(lb->state) && !strcmp(lb->state, "failed"))
		plan_report(p, DIAG_FAIL, "the load balancer %s has failed: %s",
			    lb->name, lb->state_reason ? lb->state_reason : "");
	if (str_same(lb->scheme, "internet-facing"))
		plan_report(
			p, DIAG_WARN,
			"the load balancer %s is internet-facing; an internal one is enough for mirrored traffic",
			lb->name);
	p->load_balancer = ref_id(lb->arn);
}

/* Whether a mirror target leads where the spec wants. */
static bool leads_there(const struct plan *p, const struct mirror_target *t)
{
	switch (p->spec.target.type) {
	case TARGET_ENI:
		return str_same(t->interface_id, p->spec.target.id);
	case TARGET_GWLBE:
		return str_same(t->endpoint_id, p->spec.target.id);
	case TARGET_MIRROR:
	case TARGET_PLACED:
		return false;
	case TARGET_NLB:
		break;
	}
	return p->load_balancer.id &&
	       str_same(t->load_balancer_arn, p->load_balancer.id);
}

/* AWS allows one target per interface, load balancer or endpoint: without one of
 * ours, that of others is the only one to be had. */
static const struct mirror_target *existing(const struct plan *p)
{
	const struct mirror_target *foreign = NULL;

	FOREACH(target, &p->inventory->targets) {
		if (!leads_there(p, target))
			continue;
		if (deployment_owns(&target->tags, p->spec.name))
			return target;
		foreign = target;
	}
	return foreign;
}

void plan_target(struct plan *p, const struct deployment *current)
{
	const struct mirror_target *t;
	struct step *s;

	p->load_balancer = ref_id(NULL);
	switch (p->spec.target.type) {
	case TARGET_ENI:
		to_interface(p);
		break;
	case TARGET_GWLBE:
		to_endpoint(p);
		break;
	case TARGET_MIRROR:
		p->target = ref_id(p->spec.target.id);
		to_mirror_target(p);
		return;
	case TARGET_PLACED:
		plan_place(p);
		return;
	case TARGET_NLB:
		if (str_empty(p->spec.target.id))
			plan_load_balancer(p, current);
		else
			to_load_balancer(p);
		break;
	}
	t = existing(p);
	if (t) {
		p->target = ref_id(t->id);
		plan_report_shared(p, t);
		return;
	}
	s = plan_step(p, STEP_CREATE_TARGET, &p->target,
		      "create a mirror target for the %s%s%s",
		      target_type_text(p->spec.target.type),
		      str_empty(p->spec.target.id) ? "" : " ",
		      p->spec.target.id);
	s->undo_text = "delete the mirror target";
	s->mirror_type = p->spec.target.type;
	s->on = p->load_balancer.id || p->load_balancer.step >= 0
			? p->load_balancer
			: ref_id(p->spec.target.id);
	s->description = name_resource(&p->mem, p->spec.name);
	s->tags = plan_new_tags(p, s->description);
}
