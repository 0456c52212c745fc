/* SPDX-License-Identifier: MIT */
/* Finds the resources of a deployment by their tags. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/deployment.h"
#include "base/list.h"
#include "model/own_rules.h"
#include "model/tags.h"
#include "model/spec_text.h"

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

struct str_list inventory_deployments(struct arena *a,
				      const struct inventory *inv)
{
	struct own_rules rules = own_rules(a, inv, NULL);
	struct str_list l = {0};
	const char *name;

#define COLLECT(list)                                          \
	for (size_t i = 0; i < (list).n; i++) {                \
		name = tags_deployment(&(list).items[i].tags); \
		if (name)                                      \
			str_list_add(a, &l, name);             \
	}
	COLLECT(inv->sessions)
	COLLECT(inv->filters)
	COLLECT(inv->targets)
	COLLECT(inv->groups)
	COLLECT(inv->elb_tags)
#undef COLLECT
	FOREACH(r, &rules)
		str_list_add(a, &l, r->deployment);
	if (l.n)
		qsort(l.items, l.n, sizeof(*l.items), by_text);
	return l;
}

bool deployment_owns(const struct aws_tags *tags, const char *deployment)
{
	const char *d = tags_deployment(tags);

	return d && !strcmp(d, deployment);
}

/* Sessions of the deployment, or of others, with this filter or target. */
static size_t users(const struct inventory *inv, const char *id,
		    const char *deployment, bool others)
{
	size_t n = 0;

	FOREACH(s, &inv->sessions)
		n += (str_same(s->filter_id, id) ||
		      str_same(s->target_id, id)) &&
		     deployment_owns(&s->tags, deployment) != others;
	return n;
}

/* A filter or target that was replaced stays, the filter with the settings of
 * then, as long as sessions of others use it: in force is what ours use. */
static bool in_force(const struct inventory *inv, const char *deployment,
		     const char *id, const char *rather_than)
{
	size_t ours = users(inv, id, deployment, false);
	size_t than = users(inv, rather_than, deployment, false);

	return ours != than ? ours > than
			    : users(inv, id, deployment, true) <
				      users(inv, rather_than, deployment, true);
}

void deployment_find(const struct inventory *inv, const char *deployment,
		     struct deployment *out)
{
	*out = (struct deployment){0};
	FOREACH(f, &inv->filters)
		if (deployment_owns(&f->tags, deployment) &&
		    aws_tag_value(&f->tags, TAG_SPEC) &&
		    (!out->filter ||
		     in_force(inv, deployment, f->id, out->filter->id)))
			out->filter = f;
	FOREACH(t, &inv->targets)
		if (deployment_owns(&t->tags, deployment) &&
		    (!out->target ||
		     in_force(inv, deployment, t->id, out->target->id)))
			out->target = t;
	FOREACH(lb, &inv->load_balancers)
		if (!out->lb &&
		    deployment_owns(inventory_elb_tags(inv, lb->arn),
				    deployment))
			out->lb = lb;
	FOREACH(tg, &inv->target_groups)
		if (!out->tg &&
		    deployment_owns(inventory_elb_tags(inv, tg->arn),
				    deployment))
			out->tg = tg;
	FOREACH(g, &inv->groups)
		if (!out->group && deployment_owns(&g->tags, deployment))
			out->group = g;
}

static bool is_left(const struct inventory *inv, const char *deployment)
{
	struct arena a = {0};
	struct str_list l = inventory_deployments(&a, inv);
	bool left = str_list_has(&l, deployment);

	arena_free(&a);
	return left;
}

int deployment_spec(struct arena *a, const struct inventory *inv,
		    const char *deployment, struct spec *out,
		    struct parse_error *err)
{
	struct deployment current;
	const char *text;

	deployment_find(inv, deployment, &current);
	FOREACH(f, &inv->filters)
		if (!current.filter && deployment_owns(&f->tags, deployment)) {
			parse_refuse(
				err,
				"the mirror filter %s lost the tags that hold the settings of \"%.60s\": set it up again with all options (metlo-mirror aws setup), or remove it",
				f->id, deployment);
			return -ENOENT;
		}
	if (!current.filter && is_left(inv, deployment)) {
		parse_refuse(
			err,
			"only remains of \"%.60s\" are left, without its settings: delete them (metlo-mirror aws remove), or set it up again with all options",
			deployment);
		return -ENOENT;
	}
	if (!current.filter) {
		parse_refuse(err, "no deployment \"%.60s\" in %.20s",
			     deployment, inv->region ? inv->region : "");
		return -ENOENT;
	}
	text = tags_spec(a, &current.filter->tags);
	out->name = arena_dup(a, deployment);
	if (!spec_decode(a, text ? text : "", out, err))
		return -EINVAL;
	return a->failed ? -ENOMEM : 0;
}

const char *deployment_manager(const struct inventory *inv,
			       const char *deployment)
{
	struct deployment current;
	const char *by;

	deployment_find(inv, deployment, &current);
	by = current.filter
		     ? aws_tag_value(&current.filter->tags, TAG_MANAGED_BY)
		     : NULL;
	return str_same(by, "terraform")	? "Terraform"
	       : str_same(by, "cloudformation") ? "CloudFormation"
						: NULL;
}

const struct mirror_target *deployment_target(const struct inventory *inv,
					      const char *deployment)
{
	const struct mirror_target *t;
	struct parse_error unused;
	struct spec spec = {0};
	struct arena a = {0};
	struct deployment current;

	deployment_find(inv, deployment, &current);
	t = current.target;
	if (!t && !deployment_spec(&a, inv, deployment, &spec, &unused) &&
	    spec.target.type == TARGET_MIRROR)
		t = inventory_target(inv, spec.target.id);
	arena_free(&a);
	FOREACH(s, &inv->sessions)
		if (!t && deployment_owns(&s->tags, deployment))
			t = inventory_target(inv, s->target_id);
	return t;
}
