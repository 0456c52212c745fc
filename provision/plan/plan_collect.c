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

void plan_revoke(struct plan *p, const struct own_rule *r)
{
	struct step *s;

	FOREACH(known, &p->steps)
		if (known->type == STEP_REVOKE && r->id &&
		    str_same(known->name, r->id))
			return;
	s = plan_step(p, STEP_REVOKE, NULL,
		      "revoke the rule for %s in the security group %s",
		      own_rule_text(&p->mem, r), r->group);

	s->on = ref_id(r->group);
	s->name = r->id;
	s->protocol = r->protocol;
	s->number = r->from_port > 0 ? (uint32_t)r->from_port : 0;
	s->description = r->description;
	if (r->cidr)
		str_list_add(&p->mem, &s->ids, r->cidr);
	else
		s->other = ref_id(r->peer);
}

/* Our rules in foreign groups. While the deployment lives on, only those are
 * revoked that admit its load balancer: those by CIDR block admit the sources,
 * which the current target may need as well. */
static void collect_rules(struct plan *p, const struct collection *c)
{
	struct own_rules l = own_rules(&p->mem, p->inventory, c->deployment);

	FOREACH(r, &l) {
		const struct ec2_group *g =
			inventory_group(p->inventory, r->group);

		if (g && !deployment_owns(&g->tags, c->deployment) &&
		    (!c->keep_rules || r->peer))
			plan_revoke(p, r);
	}
}

/* AWS refuses to delete a protected load balancer, which is better known before
 * anything is deleted. sync leaves it and does the rest. */
static bool is_protected(struct plan *p, const struct elbv2_load_balancer *lb)
{
	const struct inventory *inv = p->inventory;
	const char *v = inventory_attribute(inv, lb->arn,
					    "deletion_protection.enabled");

	if (!v && inv->attributes_denied)
		plan_report(
			p, DIAG_WARN,
			"whether deletion protection keeps the load balancer %s is not known: %s is not permitted",
			lb->name, inv->attributes_denied);
	if (!str_same(v, "true"))
		return false;
	plan_report(
		p, p->sync ? DIAG_WARN : DIAG_FAIL,
		"the load balancer %s has deletion protection; if it may be deleted, turn that off first: %s elbv2 modify-load-balancer-attributes --load-balancer-arn %s --attributes Key=deletion_protection.enabled,Value=false",
		lb->name, inv->aws_command ? inv->aws_command : "aws", lb->arn);
	return true;
}

/* A listener or load balancer of others that uses the target group; NULL: none. */
static const char *balancer_of_others(const struct plan *p,
				      const struct collection *c,
				      const struct elbv2_target_group *tg)
{
	FOREACH(arn, &tg->load_balancer_arns)
		if (!deployment_owns(inventory_elb_tags(p->inventory, *arn),
				     c->deployment))
			return *arn;
	return NULL;
}

static bool refers_to(const struct ec2_permissions *l, const char *group,
		      const char *mark)
{
	FOREACH(perm, l)
		FOREACH(pair, &perm->groups)
			if (str_same(pair->group_id, group) &&
			    !str_same(pair->description, mark))
				return true;
	return false;
}

/* What of others keeps our security group in use: an interface, or a group whose
 * rule refers to it. NULL: nothing. The interfaces of a load balancer that is
 * being deleted go by themselves. */
static const char *user_of_group(struct plan *p, const struct collection *c,
				 const struct ec2_group *g)
{
	const char *mark = name_rule(&p->mem, c->deployment);

	FOREACH(eni, &p->inventory->interfaces)
		FOREACH(ref, &eni->groups)
			if (str_same(ref->id, g->id) &&
			    !str_same(eni->requester_id, "amazon-elb") &&
			    !str_same(eni->type, "network_load_balancer"))
				return eni->id;
	FOREACH(other, &p->inventory->groups)
		if (other != g &&
		    !deployment_owns(&other->tags, c->deployment) &&
		    (refers_to(&other->ingress, g->id, mark) ||
		     refers_to(&other->egress, g->id, NULL)))
			return other->id;
	return NULL;
}

static void collect_target_groups(struct plan *p, const struct collection *c)
{
	FOREACH(tg, &p->inventory->target_groups) {
		const char *user;

		if (!deployment_owns(inventory_elb_tags(p->inventory, tg->arn),
				     c->deployment))
			continue;
		user = balancer_of_others(p, c, tg);
		if (user)
			plan_report(
				p, DIAG_WARN,
				"the target group %s stays: the load balancer %s, which does not belong to this deployment, uses it",
				tg->name, user);
		else
			DELETE(p, STEP_DELETE_TG, tg->arn,
			       "delete the target group %s", tg->name);
	}
}

static void collect_groups(struct plan *p, const struct collection *c)
{
	FOREACH(g, &p->inventory->groups) {
		const char *user;

		if (!deployment_owns(&g->tags, c->deployment))
			continue;
		user = user_of_group(p, c, g);
		if (user)
			plan_report(
				p, DIAG_WARN,
				"the security group %s stays: %s, which does not belong to this deployment, uses it",
				g->id, user);
		else
			DELETE(p, STEP_DELETE_GROUP, g->id,
			       "delete the security group %s once the load balancer's interfaces are deleted (a few minutes)",
			       g->id);
	}
}

static void collect_load_balancers(struct plan *p, const struct collection *c)
{
	const struct inventory *inv = p->inventory;
	bool stays = false;

	FOREACH(lb, &inv->load_balancers) {
		if (!deployment_owns(inventory_elb_tags(inv, lb->arn),
				     c->deployment))
			continue;
		if (is_protected(p, lb)) {
			stays = true;
			continue;
		}
		FOREACH(l, &inv->listeners)
			if (str_same(l->load_balancer_arn, lb->arn))
				DELETE(p, STEP_DELETE_LISTENER, l->arn,
				       "delete the listener of %s", lb->name);
		DELETE(p, STEP_DELETE_LB, lb->arn,
		       "delete the load balancer %s", lb->name);
		DELETE(p, STEP_WAIT_LB_DELETED, lb->arn,
		       "wait until it is deleted");
	}
	if (stays)
		return;
	collect_target_groups(p, c);
	collect_groups(p, c);
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
	if (lb_unused && (!c->keep_rules || !c->keep_lb))
		collect_rules(p, c);
	if (!c->keep_lb && lb_unused)
		collect_load_balancers(p, c);
}
