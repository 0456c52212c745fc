/* SPDX-License-Identifier: MIT */
/* Finds the resources of a deployment by their tags. */
#include <errno.h>
#include <string.h>

#include "model/deployment.h"
#include "base/list.h"
#include "model/tags.h"
#include "model/spec_text.h"

bool deployment_owns(const struct aws_tags *tags, const char *deployment)
{
	const char *d = tags_deployment(tags);

	return d && !strcmp(d, deployment);
}

void deployment_find(const struct inventory *inv, const char *deployment,
		     struct deployment *out)
{
	*out = (struct deployment){0};
	FOREACH(f, &inv->filters)
		if (!out->filter && deployment_owns(&f->tags, deployment) &&
		    aws_tag_value(&f->tags, TAG_SPEC))
			out->filter = f;
	FOREACH(t, &inv->targets)
		if (!out->target && deployment_owns(&t->tags, deployment))
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
	return t;
}
