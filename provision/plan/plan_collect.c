/* SPDX-License-Identifier: MIT */
/* Deletes a deployment's resources in dependency order: filters and targets
 * first, then the rules and the load balancer that they needed. Anything
 * still in use by others stays. */
#include <string.h>

#include "plan/plan_collect.h"
#include "base/list.h"
#include "model/deployment.h"

/* Adds a step that deletes, or waits for the deletion of, a resource. */
#define DELETE(p, type, id, ...) \
	(plan_step(p, type, NULL, __VA_ARGS__)->on = ref_id(id))

void plan_delete_session(struct plan *p, const struct mirror_session *s)
{
	struct step *step =
		plan_step(p, STEP_DELETE_SESSION, NULL,
			  "stop mirroring %s (delete session %s)",
			  s->interface_id ? s->interface_id : "?", s->id);

	step->on = ref_id(s->id);
	step->eni = s->interface_id;
	p->removed++;
}

/* A session that stays and uses this filter or target; NULL if there is
 * none. */
static const char *user_of(const struct plan *p, const struct collection *c,
			   const char *filter, const char *target)
{
	FOREACH(m, &p->inventory->sessions) {
		if (!str_list_has(&c->released, m->id) &&
		    ((filter && str_same(m->filter_id, filter)) ||
		     (target && str_same(m->target_id, target))))
			return m->id;
	}
	return NULL;
}

static void collect_filters(struct plan *p, const struct collection *c)
{
	FOREACH(filter, &p->inventory->filters) {
		const char *user;

		if (!deployment_owns(&filter->tags, c->deployment) ||
		    str_same(filter->id, c->keep_filter))
			continue;
		user = user_of(p, c, filter->id, NULL);
		if (user) {
			plan_report(
				p, DIAG_WARN,
				"the mirror filter %s stays: session %s, which does not belong to this deployment, uses it",
				filter->id, user);
			continue;
		}
		DELETE(p, STEP_DELETE_FILTER, filter->id,
		       "delete the mirror filter %s", filter->id);
	}
}

/* Returns false if a target stays that still needs the load balancer. */
static bool collect_targets(struct plan *p, const struct collection *c,
			    const char *lb_arn)
{
	bool lb_unused = true;

	FOREACH(t, &p->inventory->targets) {
		bool ours = deployment_owns(&t->tags, c->deployment);
		const char *user;

		if (!ours) {
			/* A foreign target that leads to our load balancer. */
			if (lb_arn && str_same(t->load_balancer_arn, lb_arn)) {
				plan_report(
					p, DIAG_WARN,
					"the load balancer stays: the mirror target %s, which does not belong to this deployment, uses it",
					t->id);
				lb_unused = false;
			}
			continue;
		}
		if (str_same(t->id, c->keep_target) ||
		    str_list_has(&p->kept_targets, t->id))
			continue;
		user = user_of(p, c, NULL, t->id);
		if (user) {
			plan_report(
				p, DIAG_WARN,
				"the mirror target %s stays: session %s, which does not belong to this deployment, uses it",
				t->id, user);
			lb_unused = false;
			continue;
		}
		DELETE(p, STEP_DELETE_TARGET, t->id,
		       "delete the mirror target %s", t->id);
	}
	return lb_unused;
}

static void revoke(struct plan *p, const struct ec2_group *g,
		   const struct ec2_permission *perm, const char *cidr,
		   const char *group, const char *mark)
{
	struct step *s = plan_step(
		p, STEP_REVOKE, NULL,
		"revoke the rule for %s %ld from %s in the security group %s",
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

/* Our rules, recognised by their description, in foreign groups. */
static void collect_rules(struct plan *p, const struct collection *c)
{
	const char *mark = name_rule(&p->mem, c->deployment);

	FOREACH(g, &p->inventory->groups) {
		if (deployment_owns(&g->tags, c->deployment))
			continue;
		FOREACH(r, &g->ingress) {
			/* While the deployment lives on, revoke only the rules
			 * that admit its load balancer: those by CIDR block
			 * admit the sources, which the current target may need
			 * as well. */
			for (size_t m = 0; !c->keep_rules && m < r->ranges.n;
			     m++)
				if (str_same(r->ranges.items[m].description,
					     mark))
					revoke(p, g, r, r->ranges.items[m].cidr,
					       NULL, mark);
			FOREACH(group, &r->groups)
				if (str_same(group->description, mark))
					revoke(p, g, r, NULL, group->group_id,
					       mark);
		}
	}
}

static void collect_load_balancers(struct plan *p, const struct collection *c)
{
	const struct inventory *inv = p->inventory;

	FOREACH(lb, &inv->load_balancers) {
		const struct elbv2_listener *l;

		if (!deployment_owns(inventory_elb_tags(inv, lb->arn),
				     c->deployment))
			continue;
		l = inventory_listener(inv, lb->arn);
		if (l) {
			DELETE(p, STEP_DELETE_LISTENER, l->arn,
			       "delete the listener of %s", lb->name);
		}
		DELETE(p, STEP_DELETE_LB, lb->arn,
		       "delete the load balancer %s", lb->name);
		DELETE(p, STEP_WAIT_LB_DELETED, lb->arn,
		       "wait until it is deleted");
	}
	FOREACH(tg, &inv->target_groups) {
		if (!deployment_owns(inventory_elb_tags(inv, tg->arn),
				     c->deployment))
			continue;
		DELETE(p, STEP_DELETE_TG, tg->arn, "delete the target group %s",
		       tg->name);
	}
	FOREACH(g, &inv->groups) {
		if (!deployment_owns(&g->tags, c->deployment))
			continue;
		DELETE(p, STEP_DELETE_GROUP, g->id,
		       "delete the security group %s once the load balancer's interfaces are deleted (a few minutes)",
		       g->id);
	}
}

void plan_collect(struct plan *p, const struct collection *c)
{
	struct deployment current;
	bool lb_unused;

	deployment_find(p->inventory, c->deployment, &current);
	collect_filters(p, c);
	lb_unused = collect_targets(
		p, c, current.lb && !c->keep_lb ? current.lb->arn : NULL);
	/* A target that others use needs its rules, too. */
	if (lb_unused && (!c->keep_rules || (!c->keep_lb && current.lb)))
		collect_rules(p, c);
	if (!c->keep_lb && lb_unused)
		collect_load_balancers(p, c);
}
