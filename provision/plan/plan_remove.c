/* SPDX-License-Identifier: MIT */
/* Taking away what we made: sessions, then what they use, then what that uses;
 * each only if nobody else needs it. */
#include <errno.h>
#include <string.h>

#include "plan/build.h"

void build_delete_session(struct plan *p, const struct mirror_session *s)
{
	struct step *step = plan_step(
		p, STEP_DELETE_SESSION, NULL, "stop mirroring %s (session %s)",
		s->interface_id ? s->interface_id : "?", s->id);

	step->on = ref_id(s->id);
	step->eni = s->interface_id;
	p->removed++;
}

/* A session that stays and uses the filter or target, NULL if none does. */
static const char *user_of(const struct plan *p, const struct sweep *s,
			   const char *filter, const char *target)
{
	for (size_t i = 0; i < p->inventory->sessions.n; i++) {
		const struct mirror_session *m =
			&p->inventory->sessions.items[i];

		if (!str_list_has(&s->going, m->id) &&
		    ((filter && str_same(m->filter_id, filter)) ||
		     (target && str_same(m->target_id, target))))
			return m->id;
	}
	return NULL;
}

static void sweep_filters(struct plan *p, const struct sweep *s)
{
	for (size_t i = 0; i < p->inventory->filters.n; i++) {
		const struct mirror_filter *f = &p->inventory->filters.items[i];
		const char *user;
		struct step *step;

		if (!deployment_owns(&f->tags, s->deployment) ||
		    str_same(f->id, s->keep_filter))
			continue;
		user = user_of(p, s, f->id, NULL);
		if (user) {
			note_add(
				&p->mem, &p->notes, NOTE_WARN,
				"the mirror filter %s stays: the session %s, which is not of this deployment, uses it",
				f->id, user);
			continue;
		}
		step = plan_step(p, STEP_DELETE_FILTER, NULL,
				 "delete the mirror filter %s", f->id);
		step->on = ref_id(f->id);
	}
}

/* False when one of them stays, and with it the load balancer. */
static bool sweep_targets(struct plan *p, const struct sweep *s,
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
				note_add(
					&p->mem, &p->notes, NOTE_WARN,
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
			note_add(
				&p->mem, &p->notes, NOTE_WARN,
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
static void sweep_rules(struct plan *p, const struct sweep *s)
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

static void sweep_load_balancers(struct plan *p, const struct sweep *s)
{
	const struct inventory *f = p->inventory;
	struct step *step;

	for (size_t i = 0; i < f->load_balancers.n; i++) {
		const struct elbv2_load_balancer *lb =
			&f->load_balancers.items[i];
		const struct elbv2_listener *l;

		if (!deployment_owns(inventory_elb_tags(f, lb->arn),
				     s->deployment))
			continue;
		l = inventory_listener(f, lb->arn);
		if (l) {
			step = plan_step(p, STEP_DELETE_LISTENER, NULL,
					 "delete the listener of %s", lb->name);
			step->on = ref_id(l->arn);
		}
		step = plan_step(p, STEP_DELETE_LB, NULL,
				 "delete the load balancer %s", lb->name);
		step->on = ref_id(lb->arn);
		step = plan_step(p, STEP_WAIT_LB_GONE, NULL,
				 "wait until it is gone");
		step->on = ref_id(lb->arn);
	}
	for (size_t i = 0; i < f->target_groups.n; i++) {
		const struct elbv2_target_group *tg =
			&f->target_groups.items[i];

		if (!deployment_owns(inventory_elb_tags(f, tg->arn),
				     s->deployment))
			continue;
		step = plan_step(p, STEP_DELETE_TG, NULL,
				 "delete the target group %s", tg->name);
		step->on = ref_id(tg->arn);
	}
	for (size_t i = 0; i < f->groups.n; i++) {
		const struct ec2_group *g = &f->groups.items[i];

		if (!deployment_owns(&g->tags, s->deployment))
			continue;
		step = plan_step(
			p, STEP_DELETE_GROUP, NULL,
			"delete the security group %s, as soon as the load balancer's interfaces are gone (some minutes)",
			g->id);
		step->on = ref_id(g->id);
	}
}

void build_sweep(struct plan *p, const struct sweep *s)
{
	struct deployment own;
	bool free;

	deployment_find(p->inventory, s->deployment, &own);
	sweep_filters(p, s);
	free = sweep_targets(p, s, own.lb && !s->keep_lb ? own.lb->arn : NULL);
	if (!s->keep_rules || (!s->keep_lb && own.lb && free))
		sweep_rules(p, s);
	if (!s->keep_lb && free)
		sweep_load_balancers(p, s);
}

static bool known_deployment(const struct str_list *all, const char *name,
			     struct plan *p)
{
	if (str_list_has(all, name))
		return true;
	note_add(&p->mem, &p->notes, NOTE_FAIL,
		 "there is no deployment \"%s\" in %s", name,
		 p->inventory->region);
	return false;
}

static void remove_session(struct plan *p, const char *id)
{
	const struct mirror_session *found = NULL;

	for (size_t i = 0; i < p->inventory->sessions.n; i++)
		if (str_same(p->inventory->sessions.items[i].id, id))
			found = &p->inventory->sessions.items[i];
	if (!found)
		note_add(&p->mem, &p->notes, NOTE_FAIL,
			 "there is no session %s in %s", id,
			 p->inventory->region);
	else if (!tags_deployment(&found->tags))
		note_add(
			&p->mem, &p->notes, NOTE_FAIL,
			"the session %s was not made by metlo-mirror, so that it is left alone",
			id);
	else
		build_delete_session(p, found);
}

/* The deployments of which every session is in the list. */
static void whole_deployments(struct plan *p, const struct removal *r,
			      struct str_list *out)
{
	const struct mirror_sessions *l = &p->inventory->sessions;

	for (size_t i = 0; i < l->n; i++) {
		const char *name = tags_deployment(&l->items[i].tags);
		bool whole = name && str_list_has(&r->sessions, l->items[i].id);

		for (size_t k = 0; whole && k < l->n; k++)
			whole = !deployment_owns(&l->items[k].tags, name) ||
				str_list_has(&r->sessions, l->items[k].id);
		if (whole)
			str_list_add(&p->mem, out, name);
	}
}

int plan_remove(struct plan *p, const struct inventory *f,
		const struct removal *r)
{
	struct str_list all, names = {0};

	*p = (struct plan){.inventory = f, .spec.name = ""};
	all = inventory_deployments(&p->mem, f);
	for (size_t i = 0; i < r->deployments.n; i++)
		if (known_deployment(&all, r->deployments.items[i], p))
			str_list_add(&p->mem, &names, r->deployments.items[i]);
	whole_deployments(p, r, &names);
	for (size_t i = 0; i < r->sessions.n; i++)
		remove_session(p, r->sessions.items[i]);
	for (size_t i = 0; i < names.n; i++) {
		struct sweep sweep = {.deployment = names.items[i]};

		for (size_t k = 0; k < f->sessions.n; k++) {
			const struct mirror_session *s = &f->sessions.items[k];

			if (!deployment_owns(&s->tags, names.items[i]))
				continue;
			str_list_add(&p->mem, &sweep.going, s->id);
			if (!str_list_has(&r->sessions, s->id))
				build_delete_session(p, s);
		}
		build_sweep(p, &sweep);
	}
	if (!names.n && p->removed)
		note_add(
			&p->mem, &p->notes, NOTE_INFO,
			"other sessions of the deployment stay, and \"metlo-mirror aws sync\" makes these again while their sources are asked for");
	return p->mem.failed ? -ENOMEM : 0;
}
