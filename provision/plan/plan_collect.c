/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "plan/plan_collect.h"
#include "model/deployment.h"

void plan_delete_session(struct plan *p, const struct mirror_session *s)
{
	struct step *step = plan_step(
		p, STEP_DELETE_SESSION, NULL, "stop mirroring %s (session %s)",
		s->interface_id ? s->interface_id : "?", s->id);

	step->on = ref_id(s->id);
	step->eni = s->interface_id;
	p->removed++;
}

/* A session that stays and uses the filter or target, NULL if none does. */
static const char *user_of(const struct plan *p, const struct collection *s,
			   const char *filter, const char *target)
{
	for (size_t i = 0; i < p->inventory->sessions.n; i++) {
		const struct mirror_session *m =
			&p->inventory->sessions.items[i];

		if (!str_list_has(&s->released, m->id) &&
		    ((filter && str_same(m->filter_id, filter)) ||
		     (target && str_same(m->target_id, target))))
			return m->id;
	}
	return NULL;
}

static void collect_filters(struct plan *p, const struct collection *s)
{
	for (size_t i = 0; i < p->inventory->filters.n; i++) {
		const struct mirror_filter *filter =
			&p->inventory->filters.items[i];
		const char *user;
		struct step *step;

		if (!deployment_owns(&filter->tags, s->deployment) ||
		    str_same(filter->id, s->keep_filter))
			continue;
		user = user_of(p, s, filter->id, NULL);
		if (user) {
			diag_add(
				&p->mem, &p->diagnostics, DIAG_WARN,
				"the mirror filter %s stays: the session %s, which is not of this deployment, uses it",
				filter->id, user);
			continue;
		}
		step = plan_step(p, STEP_DELETE_FILTER, NULL,
				 "delete the mirror filter %s", filter->id);
		step->on = ref_id(filter->id);
	}
}

/* False when one of them stays, and with it the load balancer. */
static bool collect_targets(struct plan *p, const struct collection *s,
			    const char *lb_arn)
{
	bool free = true;

	for (size_t i = 0; i < p->inventory->targets.n; i++) {
		const struct mirror_target *t = &p->inventory->targets.items[i];
		bool own = deployment_owns(&t->tags, s->deployment);
		const char *user;
		struct step *step;

		if (!own) {
			/* Somebody else's way to our load balancer. */
			if (lb_arn && str_same(t->load_balancer_arn, lb_arn)) {
				diag_add(
					&p->mem, &p->diagnostics, DIAG_WARN,
					"the load balancer stays: the mirror target %s, which is not of this deployment, leads to it",
					t->id);
				free = false;
			}
			continue;
		}
		if (str_same(t->id, s->keep_target))
			continue;
		user = user_of(p, s, NULL, t->id);
		if (user) {
			diag_add(
				&p->mem, &p->diagnostics, DIAG_WARN,
				"the mirror target %s stays: the session %s, which is not of this deployment, uses it",
				t->id, user);
			free = false;
			continue;
		}
		step = plan_step(p, STEP_DELETE_TARGET, NULL,
				 "delete the mirror target %s", t->id);
		step->on = ref_id(t->id);
	}
	return free;
}

static void revoke(struct plan *p, const struct ec2_group *g,
		   const struct ec2_permission *perm, const char *cidr,
		   const char *group, const char *mark)
{
	struct step *s = plan_step(
		p, STEP_REVOKE, NULL,
		"take the rule for %s %ld from %s out of the security group %s",
		perm->protocol ? perm->protocol : "?", (long)perm->from_port,
		cidr ? cidr : group, g->id);

	s->on = ref_id(g->id);
	s->protocol = perm->protocol;
	s->number = (uint32_t)perm->from_port;
	s->description = mark;
	if (cidr)
		str_list_add(&p->mem, &s->ids, cidr);
	else
		s->other = ref_id(group);
}

/* The rules with our mark in the groups of others. */
static void collect_rules(struct plan *p, const struct collection *s)
{
	const char *mark = name_rule(&p->mem, s->deployment);

	for (size_t i = 0; i < p->inventory->groups.n; i++) {
		const struct ec2_group *g = &p->inventory->groups.items[i];

		if (deployment_owns(&g->tags, s->deployment))
			continue;
		for (size_t k = 0; k < g->ingress.n; k++) {
			const struct ec2_permission *r = &g->ingress.items[k];

			/* While the deployment stays only those go that let
			 * its load balancer in: by blocks sources get in, also
			 * to what is the target now. */
			for (size_t m = 0; !s->keep_rules && m < r->ranges.n;
			     m++)
				if (str_same(r->ranges.items[m].description,
					     mark))
					revoke(p, g, r, r->ranges.items[m].cidr,
					       NULL, mark);
			for (size_t m = 0; m < r->groups.n; m++)
				if (str_same(r->groups.items[m].description,
					     mark))
					revoke(p, g, r, NULL,
					       r->groups.items[m].group_id,
					       mark);
		}
	}
}

static void collect_load_balancers(struct plan *p, const struct collection *s)
{
	const struct inventory *inv = p->inventory;
	struct step *step;

	for (size_t i = 0; i < inv->load_balancers.n; i++) {
		const struct elbv2_load_balancer *lb =
			&inv->load_balancers.items[i];
		const struct elbv2_listener *l;

		if (!deployment_owns(inventory_elb_tags(inv, lb->arn),
				     s->deployment))
			continue;
		l = inventory_listener(inv, lb->arn);
		if (l) {
			step = plan_step(p, STEP_DELETE_LISTENER, NULL,
					 "delete the listener of %s", lb->name);
			step->on = ref_id(l->arn);
		}
		step = plan_step(p, STEP_DELETE_LB, NULL,
				 "delete the load balancer %s", lb->name);
		step->on = ref_id(lb->arn);
		step = plan_step(p, STEP_WAIT_LB_DELETED, NULL,
				 "wait until it is gone");
		step->on = ref_id(lb->arn);
	}
	for (size_t i = 0; i < inv->target_groups.n; i++) {
		const struct elbv2_target_group *tg =
			&inv->target_groups.items[i];

		if (!deployment_owns(inventory_elb_tags(inv, tg->arn),
				     s->deployment))
			continue;
		step = plan_step(p, STEP_DELETE_TG, NULL,
				 "delete the target group %s", tg->name);
		step->on = ref_id(tg->arn);
	}
	for (size_t i = 0; i < inv->groups.n; i++) {
		const struct ec2_group *g = &inv->groups.items[i];

		if (!deployment_owns(&g->tags, s->deployment))
			continue;
		step = plan_step(
			p, STEP_DELETE_GROUP, NULL,
			"delete the security group %s, as soon as the load balancer's interfaces are gone (some minutes)",
			g->id);
		step->on = ref_id(g->id);
	}
}

void plan_collect(struct plan *p, const struct collection *s)
{
	struct deployment current;
	bool free;

	deployment_find(p->inventory, s->deployment, &current);
	collect_filters(p, s);
	free = collect_targets(
		p, s, current.lb && !s->keep_lb ? current.lb->arn : NULL);
	if (!s->keep_rules || (!s->keep_lb && current.lb && free))
		collect_rules(p, s);
	if (!s->keep_lb && free)
		collect_load_balancers(p, s);
}
