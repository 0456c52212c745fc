/* SPDX-License-Identifier: MIT */
/* Finds the resources of a deployment by their tags. */
#include <errno.h>
#include <string.h>

#include "model/deployment.h"
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
	for (size_t i = 0; i < inv->filters.n && !out->filter; i++)
		if (deployment_owns(&inv->filters.items[i].tags, deployment) &&
		    aws_tag_value(&inv->filters.items[i].tags, TAG_SPEC))
			out->filter = &inv->filters.items[i];
	for (size_t i = 0; i < inv->targets.n && !out->target; i++)
		if (deployment_owns(&inv->targets.items[i].tags, deployment))
			out->target = &inv->targets.items[i];
	for (size_t i = 0; i < inv->load_balancers.n && !out->lb; i++)
		if (deployment_owns(
			    inventory_elb_tags(
				    inv, inv->load_balancers.items[i].arn),
			    deployment))
			out->lb = &inv->load_balancers.items[i];
	for (size_t i = 0; i < inv->target_groups.n && !out->tg; i++)
		if (deployment_owns(
			    inventory_elb_tags(inv,
					       inv->target_groups.items[i].arn),
			    deployment))
			out->tg = &inv->target_groups.items[i];
	for (size_t i = 0; i < inv->groups.n && !out->group; i++)
		if (deployment_owns(&inv->groups.items[i].tags, deployment))
			out->group = &inv->groups.items[i];
}

int deployment_spec(struct arena *a, const struct inventory *inv,
		    const char *deployment, struct spec *out,
		    struct parse_error *err)
{
	struct deployment current;
	const char *text;

	deployment_find(inv, deployment, &current);
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
