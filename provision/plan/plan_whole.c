/* SPDX-License-Identifier: MIT */
/*
 * Code describes whole resources, whereas a plan has only what is missing. A view
 * of the account without the deployment turns the difference into the whole.
 */
#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "model/deployment.h"
#include "plan/plan_setup.h"
#include "plan/plan_whole.h"

/* Copies the items of a list of the inventory for which the condition on r
 * holds. */
#define KEEP(a, list, condition)                                \
	do {                                                    \
		__typeof__(*(list)) kept_ = {0};                \
		FOREACH(r, list)                                \
			if (condition) {                        \
				__typeof__((list)->items) to_ = \
					ARENA_ADD(a, &kept_);   \
				if (to_)                        \
					*to_ = *r;              \
			}                                       \
		*(list) = kept_;                                \
	} while (0)

static bool owns_elb(const struct inventory *inv, const char *arn,
		     const char *name)
{
	return deployment_owns(inventory_elb_tags(inv, arn), name);
}

static struct inventory without(struct arena *a, const struct inventory *inv,
				const char *name)
{
	struct inventory out = *inv;

	KEEP(a, &out.sessions, !deployment_owns(&r->tags, name));
	KEEP(a, &out.targets, !deployment_owns(&r->tags, name));
	KEEP(a, &out.filters, !deployment_owns(&r->tags, name));
	KEEP(a, &out.groups, !deployment_owns(&r->tags, name));
	KEEP(a, &out.load_balancers, !owns_elb(inv, r->arn, name));
	KEEP(a, &out.target_groups, !owns_elb(inv, r->arn, name));
	return out;
}

/* --- which resource a step describes --- */

static const char *target_of(const struct inventory *inv, const struct step *s,
			     const char *name, const char *lb_arn)
{
	FOREACH(t, &inv->targets) {
		const char *to = s->mirror_type == TARGET_ENI ? t->interface_id
				 : s->mirror_type == TARGET_NLB
					 ? t->load_balancer_arn
					 : t->endpoint_id;

		if (deployment_owns(&t->tags, name) &&
		    str_same(to, s->on.id ? s->on.id : lb_arn))
			return t->id;
	}
	return NULL;
}

/* A rule is identified by its direction and number; Terraform changes the rest in
 * place. The id is that of "terraform import". */
static const char *rule_of(struct arena *a, const struct mirror_filter *f,
			   const struct filter_rule *rule)
{
	const struct mirror_rules *l = !f	      ? NULL
				       : rule->egress ? &f->egress
						      : &f->ingress;

	for (size_t i = 0; l && i < l->n; i++)
		if (l->items[i].number == rule->number)
			return arena_printf(a, "%s:%s", f->id, l->items[i].id);
	return NULL;
}

/* The number of an existing session stays as well. */
static const char *session_of(struct arena *a, const struct inventory *inv,
			      struct step *s, const char *name)
{
	FOREACH(m, &inv->sessions)
		if (deployment_owns(&m->tags, name) &&
		    str_same(m->interface_id, s->eni)) {
			s->number = (uint32_t)m->number;
			FOREACH(t, &s->tags)
				if (!strcmp(t->key, TAG_NUMBER))
					t->value = arena_printf(a, "%u",
								s->number);
			return m->id;
		}
	return NULL;
}

/* Whether a security group of others has a rule of ours already. */
static bool has_rule(const struct inventory *inv, const struct step *s)
{
	const struct ec2_group *g = inventory_group(inv, s->on.id);

	if (!g)
		return false;
	FOREACH(perm, &g->ingress) {
		if (!str_same(perm->protocol, s->protocol))
			continue;
		FOREACH(pair, &perm->groups)
			if (str_same(pair->description, s->description))
				return true;
		FOREACH(range, &perm->ranges)
			if (str_same(range->description, s->description))
				return true;
	}
	return false;
}

static void find_existing(struct plan *p, const struct inventory *inv,
			  const struct deployment *d, struct step *s)
{
	const struct elbv2_listener *listener =
		d->lb ? inventory_listener(inv, d->lb->arn) : NULL;

	switch (s->type) {
	case STEP_CREATE_GROUP:
		s->existing = d->group ? d->group->id : NULL;
		break;
	case STEP_CREATE_TG:
		s->existing = d->tg ? d->tg->arn : NULL;
		break;
	case STEP_CREATE_LB:
		s->existing = d->lb ? d->lb->arn : NULL;
		break;
	case STEP_CREATE_LISTENER:
		s->existing = listener ? listener->arn : NULL;
		break;
	case STEP_CREATE_TARGET:
		s->existing = target_of(inv, s, p->spec.name,
					d->lb ? d->lb->arn : NULL);
		break;
	case STEP_CREATE_FILTER:
		s->existing = d->filter ? d->filter->id : NULL;
		break;
	case STEP_CREATE_RULE:
		s->existing = rule_of(&p->mem, d->filter, &s->rule);
		break;
	case STEP_CREATE_SESSION:
		s->existing = session_of(&p->mem, inv, s, p->spec.name);
		break;
	case STEP_AUTHORIZE:
		s->omitted = s->on.step < 0 && has_rule(inv, s);
		break;
	default: /* registered targets are registered again, without effect */
		break;
	}
}

/* What exists, and no step describes. */
static void report_others(struct plan *p, const struct inventory *inv)
{
	struct str_list ids = {0}, left = {0};
	bool omitted = false;

	FOREACH(s, &p->steps) {
		omitted |= s->omitted;
		str_list_add(&p->mem, &ids, s->existing ? s->existing : "");
	}
#define CHECK(list)                                            \
	FOREACH(r, list)                                       \
		if (deployment_owns(&r->tags, p->spec.name) && \
		    !str_list_has(&ids, r->id))                \
			str_list_add(&p->mem, &left, r->id);
	CHECK(&inv->sessions)
	CHECK(&inv->targets)
	CHECK(&inv->filters)
#undef CHECK
	if (left.n)
		plan_report(
			p, DIAG_WARN,
			"the code does not describe %s, which the deployment no longer needs: run \"metlo-mirror aws sync\" first, or delete them",
			str_list_text(&p->mem, &left, 6));
	if (omitted)
		plan_report(
			p, DIAG_WARN,
			"the code does not describe the rules that metlo-mirror added to security groups of others; they stay as they are");
}

int plan_whole(struct plan *p, struct arena *a, const struct inventory *inv,
	       const struct spec *spec)
{
	struct inventory *view = arena_alloc(a, sizeof(*view));
	struct deployment d;
	int rc;

	*p = (struct plan){0};
	if (!view)
		return -ENOMEM;
	*view = without(a, inv, spec->name);
	if (a->failed)
		return -ENOMEM;
	rc = plan_setup(p, view, spec, PLAN_ANY_ROUTE);
	if (rc)
		return rc;
	deployment_find(inv, spec->name, &d);
	FOREACH(s, &p->steps)
		find_existing(p, inv, &d, s);
	report_others(p, inv);
	return p->mem.failed ? -ENOMEM : 0;
}
