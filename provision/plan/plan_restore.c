/* SPDX-License-Identifier: MIT */
/* Compares what AWS reports about existing resources with what setup sets. What
 * cannot be read stays. */
#include <string.h>

#include "base/list.h"
#include "model/limits.h"
#include "plan/plan_restore.h"

#define CROSS_ZONE "load_balancing.cross_zone.enabled"

struct tag_list lb_attributes(struct arena *a)
{
	struct tag_list l = {0};

	tags_add(a, &l, CROSS_ZONE, "true");
	return l;
}

struct tag_list tg_attributes(struct arena *a)
{
	struct tag_list l = {0};

	tags_add(a, &l, "stickiness.enabled", "true");
	tags_add(a, &l, "stickiness.type", "source_ip");
	return l;
}

/* --- load balancer and target group --- */

/* what: "the load balancer NAME" */
static void restore_attributes(struct plan *p, enum step_type type,
			       const char *arn, const struct tag_list *wanted,
			       const char *what)
{
	struct tag_list changed = {0}, old = {0};
	struct str_list text = {0};
	struct step *s;

	FOREACH(want, wanted) {
		const char *is =
			inventory_attribute(p->inventory, arn, want->key);

		if (!is || !strcmp(is, want->value))
			continue;
		tags_add(&p->mem, &changed, want->key, want->value);
		tags_add(&p->mem, &old, want->key, is);
		str_list_add(
			&p->mem, &text,
			arena_printf(&p->mem, "%s=%s", want->key, want->value));
	}
	if (!changed.n)
		return;
	s = plan_step(p, type, NULL, "restore %s of %s",
		      str_list_text(&p->mem, &text, 4), what);
	s->undo_text = "change it back";
	s->on = ref_id(arn);
	s->tags = changed;
	s->old_tags = old;
}

static void restore_groups(struct plan *p, const struct elbv2_load_balancer *lb,
			   struct ref group)
{
	struct step *s;

	/* One that was created without security groups cannot get any. */
	if (!lb->groups.n || (!group.id && group.step < 0) ||
	    (lb->groups.n == 1 && group.step < 0 &&
	     str_same(lb->groups.items[0], group.id)))
		return;
	s = plan_step(
		p, STEP_LB_GROUPS, NULL,
		"restore the security groups of the load balancer %s: %s only",
		lb->name, group.step < 0 ? group.id : "the new one");
	s->undo_text = "change it back";
	s->on = ref_id(lb->arn);
	s->other = group;
	FOREACH(id, &lb->groups)
		str_list_add(&p->mem, &s->ids, *id);
}

static void restore_addresses(struct plan *p,
			      const struct elbv2_load_balancer *lb)
{
	struct step *s;

	if (str_empty(lb->ip_address_type) ||
	    !strcmp(lb->ip_address_type, LB_ADDRESS_TYPE))
		return;
	s = plan_step(p, STEP_LB_ADDRESSES, NULL,
		      "restore the address type %s of the load balancer %s",
		      LB_ADDRESS_TYPE, lb->name);
	s->undo_text = "change it back";
	s->on = ref_id(lb->arn);
	s->old_description = lb->ip_address_type;
}

static void restore_health_check(struct plan *p,
				 const struct elbv2_target_group *tg)
{
	struct step *s;

	if (str_empty(tg->health_port) ||
	    (str_same(tg->health_port, HEALTH_PORT) &&
	     str_same(tg->health_protocol, HEALTH_PROTOCOL)))
		return;
	s = plan_step(
		p, STEP_TG_HEALTH_CHECK, NULL,
		"restore the health check of the target group %s: %s on port %s",
		tg->name, HEALTH_PROTOCOL, HEALTH_PORT);
	s->undo_text = "change it back";
	s->on = ref_id(tg->arn);
	s->old_check = (struct step_check){tg->health_protocol, tg->health_port,
					   tg->health_path, tg->health_codes};
}

static void restore_target_group(struct plan *p,
				 const struct elbv2_target_group *tg)
{
	struct tag_list wanted = tg_attributes(&p->mem);

	/* It overrides the load balancer's; unset, it follows that. */
	if (str_same(inventory_attribute(p->inventory, tg->arn, CROSS_ZONE),
		     "false"))
		tags_add(&p->mem, &wanted, CROSS_ZONE,
			 "use_load_balancer_configuration");
	restore_attributes(
		p, STEP_TG_ATTRIBUTES, tg->arn, &wanted,
		arena_printf(&p->mem, "the target group %s", tg->name));
	restore_health_check(p, tg);
}

void restore_balancer(struct plan *p, const struct deployment *current,
		      struct ref group)
{
	const struct elbv2_load_balancer *lb = current->lb;
	struct tag_list wanted = lb_attributes(&p->mem);

	if ((lb || current->tg) && p->inventory->attributes_denied)
		plan_report(
			p, DIAG_WARN,
			"settings of the load balancer that were changed by hand are not restored: %s is not permitted",
			p->inventory->attributes_denied);
	if (lb) {
		restore_attributes(p, STEP_LB_ATTRIBUTES, lb->arn, &wanted,
				   arena_printf(&p->mem, "the load balancer %s",
						lb->name));
		restore_groups(p, lb, group);
		restore_addresses(p, lb);
	}
	if (current->tg)
		restore_target_group(p, current->tg);
}

/* --- listener --- */

static bool forwards_to(const struct elbv2_listener *l, const char *group)
{
	return l->target_group_arns.n == 1 &&
	       str_same(l->target_group_arns.items[0], group);
}

/* By its port, else by its tags, else by its target group. */
static unsigned int likeness(const struct inventory *inv,
			     const struct deployment *d,
			     const struct elbv2_listener *l)
{
	const struct aws_tags *tags = inventory_elb_tags(inv, l->arn);

	return (l->port == VXLAN_PORT ? 4 : 0) +
	       (tags_deployment(tags) ? 2 : 0) +
	       (d->tg && forwards_to(l, d->tg->arn) ? 1 : 0);
}

const struct elbv2_listener *own_listener(const struct inventory *inv,
					  const struct deployment *d)
{
	const struct elbv2_listener *best = NULL;
	unsigned int most = 0;

	if (!d->lb)
		return NULL;
	FOREACH(l, &inv->listeners) {
		unsigned int n = likeness(inv, d, l);

		if (!str_same(l->load_balancer_arn, d->lb->arn) || n <= most)
			continue;
		best = l;
		most = n;
	}
	return best;
}

bool restore_listener(struct plan *p, const struct deployment *current,
		      struct ref targets)
{
	const struct elbv2_listener *l = own_listener(p->inventory, current);
	const char *aws = p->inventory->aws_command;
	struct step *s;

	if (!l)
		return false;
	if (l->port == VXLAN_PORT && str_same(l->protocol, "UDP") &&
	    targets.step < 0 && forwards_to(l, targets.id))
		return true;
	if (l->target_group_arns.n != 1) {
		plan_report(
			p, DIAG_WARN,
			"the listener of the load balancer %s forwards to several target groups, and metlo-mirror could not undo a change of that: delete it (%s elbv2 delete-listener --listener-arn %s), then sync",
			current->lb->name, aws ? aws : "aws", l->arn);
		return true;
	}
	s = plan_step(
		p, STEP_MODIFY_LISTENER, NULL,
		"restore the listener of the load balancer %s: UDP %d to its target group",
		current->lb->name, VXLAN_PORT);
	s->undo_text = "change it back";
	s->on = ref_id(l->arn);
	s->other = targets;
	s->old_listener = (struct step_listener){
		l->protocol, l->target_group_arns.items[0], (uint16_t)l->port};
	return true;
}

/* --- filter --- */

void restore_services(struct plan *p, const struct mirror_filter *f)
{
	struct str_list services = {0};
	struct step *s;

	FOREACH(service, &f->services)
		str_list_add(&p->mem, &services, *service);
	if (!services.n)
		return;
	s = plan_step(p, STEP_FILTER_SERVICES, NULL,
		      "remove the network service %s from the filter %s",
		      str_list_text(&p->mem, &services, 4), f->id);
	s->undo_text = "add it again";
	s->on = ref_id(f->id);
	s->ids = services;
}
