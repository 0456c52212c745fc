/* SPDX-License-Identifier: MIT */
/* Removes what we created: sessions first, then what they use, then what that
 * uses, each only if nothing else needs it. */
#include <errno.h>
#include <string.h>

#include "plan/plan.h"
#include "base/list.h"
#include "plan/plan_remove.h"
#include "model/deployment.h"
#include "plan/plan_collect.h"

static bool known_deployment(const struct str_list *all, const char *name,
			     struct plan *p)
{
	if (str_list_has(all, name))
		return true;
	plan_report(p, DIAG_FAIL, "no deployment \"%s\" in %s", name,
		    p->inventory->region);
	return false;
}

static void check_manager(struct plan *p, const struct removal *r,
			  const char *name)
{
	const char *by = deployment_manager(p->inventory, name);

	if (by && !r->take_over)
		plan_report(
			p, DIAG_FAIL,
			"the deployment %s was created by %s, which would create it again: remove it there, or give --take-over",
			name, by);
}

static void remove_session(struct plan *p, const char *id)
{
	const struct mirror_session *found = NULL;

	FOREACH(s, &p->inventory->sessions)
		if (str_same(s->id, id))
			found = s;
	if (!found)
		plan_report(p, DIAG_FAIL, "no session %s in %s", id,
			    p->inventory->region);
	else if (!tags_deployment(&found->tags))
		plan_report(
			p, DIAG_FAIL,
			"the session %s was not created by metlo-mirror and is left alone",
			id);
	else
		plan_delete_session(p, found);
}

/* The deployments all of whose sessions are in the list. */
static void whole_deployments(struct plan *p, const struct removal *r,
			      struct str_list *out)
{
	const struct mirror_sessions *l = &p->inventory->sessions;

	FOREACH(session, l) {
		const char *name = tags_deployment(&session->tags);
		bool whole = name && str_list_has(&r->sessions, session->id);

		for (size_t k = 0; whole && k < l->n; k++)
			whole = !deployment_owns(&l->items[k].tags, name) ||
				str_list_has(&r->sessions, l->items[k].id);
		if (whole)
			str_list_add(&p->mem, out, name);
	}
}

int plan_remove(struct plan *p, const struct inventory *inv,
		const struct removal *r)
{
	struct str_list all, names = {0}, released = {0};

	*p = (struct plan){.inventory = inv, .spec.name = ""};
	all = inventory_deployments(&p->mem, inv);
	if (inv->group_rules_denied)
		plan_report(
			p, DIAG_WARN,
			"rules in security groups of others are recognized only if something else of their deployment leads to them: ec2:DescribeSecurityGroupRules is not permitted");
	FOREACH(d, &r->deployments)
		if (known_deployment(&all, *d, p))
			str_list_add(&p->mem, &names, *d);
	whole_deployments(p, r, &names);
	FOREACH(s, &inv->sessions)
		if (str_list_has(&r->sessions, s->id) &&
		    tags_deployment(&s->tags) &&
		    !str_list_has(&names, tags_deployment(&s->tags)))
			check_manager(p, r, tags_deployment(&s->tags));
	FOREACH(m, &r->sessions)
		remove_session(p, *m);
	FOREACH(name, &names) {
		check_manager(p, r, *name);
		FOREACH(s, &inv->sessions)
			if (deployment_owns(&s->tags, *name) &&
			    !str_list_has(&r->sessions, s->id))
				plan_delete_session(p, s);
	}
	/* Of all deployments: they may share a target. */
	FOREACH(step, &p->steps)
		str_list_add(&p->mem, &released, step->on.id);
	FOREACH(name, &names) {
		const struct collection collection = {.deployment = *name,
						      .released = released};

		plan_collect(p, &collection);
	}
	if (!names.n && p->removed)
		plan_report(
			p, DIAG_INFO,
			"other sessions of the deployment stay, and \"metlo-mirror aws sync\" recreates these unless their sources are removed from the deployment");
	return p->mem.failed ? -ENOMEM : 0;
}
