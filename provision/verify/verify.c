/* SPDX-License-Identifier: MIT */
/*
 * Checks one deployment: finds its sessions, target and collectors, then runs
 * every check in the order of the packet path. The desired state comes from the
 * plan that sync would carry out: whatever that plan would change is a finding.
 */
#include <errno.h>
#include <string.h>

#include "verify/verify.h"
#include "base/list.h"
#include "plan/plan_setup.h"
#include "verify/verify_collector.h"
#include "verify/verify_metrics.h"
#include "verify/verify_groups.h"
#include "verify/verify_path.h"
#include "verify/verify_sessions.h"
#include "verify/verify_target.h"

static void find_sessions(struct checker *c)
{
	FOREACH(s, &c->inv->sessions) {
		struct mirror_session *to;

		if (!deployment_owns(&s->tags, c->name))
			continue;
		to = ARENA_ADD(c->a, &c->sessions);
		if (to)
			*to = *s;
	}
}

static void add_receiver(struct checker *c, const struct ec2_interface *eni,
			 const struct elbv2_target *target,
			 const struct inventory_target_group *in)
{
	struct receiver *r = ARENA_ADD(c->a, &c->receivers);

	if (!r)
		return;
	r->eni = eni;
	r->instance = inventory_instance(c->inv, eni ? eni->instance_id : NULL);
	if (!eni && target)
		r->instance = inventory_instance(c->inv, target->id);
	r->target = target;
	r->in = in;
}

/* Packets to an instance target arrive at its primary interface, packets to an
 * IP target at the interface with that address. */
static const struct ec2_interface *
interface_of(const struct inventory *inv, const struct elbv2_target *t,
	     const struct elbv2_target_group *group)
{
	bool by_address = str_same(group->target_type, "ip");

	FOREACH(e, &inv->interfaces) {
		if (by_address ? str_same(e->private_ip, t->id)
			       : str_same(e->instance_id, t->id) &&
					 e->device_index == 0)
			return e;
	}
	return NULL;
}

static bool sends_to(const struct elbv2_listener *l, const char *group)
{
	FOREACH(arn, &l->target_group_arns)
		if (str_same(*arn, group))
			return true;
	return false;
}

static void find_receivers(struct checker *c)
{
	const struct inventory *inv = c->inv;

	if (c->eni)
		add_receiver(c, c->eni, NULL, NULL);
	for (size_t i = 0; c->listener && i < inv->registered.n; i++) {
		const struct inventory_target_group *g =
			&inv->registered.items[i];

		if (!sends_to(c->listener, g->group->arn))
			continue;
		FOREACH(t, &g->targets)
			add_receiver(c, interface_of(inv, t, g->group), t, g);
	}
}

static void find_target(struct checker *c)
{
	const struct target_spec *t = &c->plan.spec.target;
	const struct mirror_target *m;

	switch (t->type) {
	case TARGET_ENI:
		c->eni = inventory_interface(c->inv, t->id);
		break;
	case TARGET_GWLBE:
		c->endpoint = inventory_endpoint(c->inv, t->id);
		break;
	case TARGET_PLACED:
		FOREACH(own, &c->inv->targets) {
			const struct ec2_interface *eni =
				inventory_interface(c->inv, own->interface_id);

			if (eni &&
			    (deployment_owns(&own->tags, c->name) ||
			     str_list_has(&c->plan.kept_targets, own->id)))
				add_receiver(c, eni, NULL, NULL);
		}
		break;
	case TARGET_MIRROR:
		m = inventory_target(c->inv, t->id);
		c->eni =
			inventory_interface(c->inv, m ? m->interface_id : NULL);
		c->endpoint =
			inventory_endpoint(c->inv, m ? m->endpoint_id : NULL);
		c->lb = inventory_load_balancer(
			c->inv, m ? m->load_balancer_arn : NULL, "network");
		break;
	case TARGET_NLB:
		c->lb = str_empty(t->id) ? c->current.lb
					 : inventory_load_balancer(
						   c->inv, t->id, "network");
		break;
	}
	if (c->lb)
		c->listener = inventory_listener(c->inv, c->lb->arn);
	find_receivers(c);
}

/* Whether a step restores a setting that no other check looks at. */
static bool restores(const struct step *s)
{
	switch (s->type) {
	case STEP_RULE_TEXT:
	case STEP_LB_ADDRESSES:
	case STEP_LB_GROUPS:
	case STEP_TG_HEALTH_CHECK:
	case STEP_DEREGISTER:
	case STEP_FILTER_SERVICES:
	case STEP_TAG:
	case STEP_ELB_TAG:
		return s->on.step < 0;
	default:
		return false;
	}
}

static void check_settings(struct checker *c)
{
	FOREACH(s, &c->plan.steps)
		if (restores(s))
			check_row(c, VERIFY_WARN, CHECK_SETTINGS,
				  s->on.id ? s->on.id : c->name,
				  check_mirror(c, "sync"),
				  "changed since the set-up; sync would %s",
				  s->text);
}

int verify_deployment(struct verify_report *r, const struct inventory *inv,
		      const struct verify_extra *extra, const char *deployment,
		      struct parse_error *err)
{
	struct checker c = {
		.report = r, .a = &r->mem, .inv = inv, .extra = extra};
	struct spec spec = {0};
	int rc;

	*r = (struct verify_report){.deployment = ""};
	rc = deployment_spec(&r->mem, inv, deployment, &spec, err);
	if (rc) {
		verify_report_free(r);
		return rc;
	}
	c.name = r->deployment = arena_dup(&r->mem, deployment);
	rc = plan_setup(&c.plan, inv, &spec, PLAN_SYNC);
	deployment_find(inv, deployment, &c.current);
	find_sessions(&c);
	find_target(&c);
	check_sources(&c);
	check_sessions(&c);
	check_instances(&c);
	check_packet_length(&c);
	check_target(&c);
	check_health(&c);
	check_groups(&c);
	check_acls(&c);
	check_routes(&c);
	check_settings(&c);
	check_metrics(&c);
	check_collector(&c);
	plan_free(&c.plan);
	if (!rc && r->mem.failed)
		rc = -ENOMEM;
	if (rc)
		verify_report_free(r);
	return rc;
}
