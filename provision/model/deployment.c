/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "model/deployment.h"
#include "model/tags.h"

bool deployment_owns(const struct aws_tags *tags, const char *deployment)
{
	const char *d = tags_deployment(tags);

	return d && !strcmp(d, deployment);
}

void deployment_find(const struct inventory *f, const char *deployment,
		     struct deployment *out)
{
	*out = (struct deployment){0};
	for (size_t i = 0; i < f->filters.n && !out->filter; i++)
		if (deployment_owns(&f->filters.items[i].tags, deployment) &&
		    aws_tag_value(&f->filters.items[i].tags, TAG_SPEC))
			out->filter = &f->filters.items[i];
	for (size_t i = 0; i < f->targets.n && !out->target; i++)
		if (deployment_owns(&f->targets.items[i].tags, deployment))
			out->target = &f->targets.items[i];
	for (size_t i = 0; i < f->load_balancers.n && !out->lb; i++)
		if (deployment_owns(inventory_elb_tags(
					    f, f->load_balancers.items[i].arn),
				    deployment))
			out->lb = &f->load_balancers.items[i];
	for (size_t i = 0; i < f->target_groups.n && !out->tg; i++)
		if (deployment_owns(inventory_elb_tags(
					    f, f->target_groups.items[i].arn),
				    deployment))
			out->tg = &f->target_groups.items[i];
	for (size_t i = 0; i < f->groups.n && !out->group; i++)
		if (deployment_owns(&f->groups.items[i].tags, deployment))
			out->group = &f->groups.items[i];
}

int deployment_spec(struct arena *a, const struct inventory *f,
		    const char *deployment, struct spec *out,
		    struct parse_error *err)
{
	struct deployment own;
	const char *text;

	deployment_find(f, deployment, &own);
	if (!own.filter) {
		parse_refuse(err, "there is no deployment \"%.60s\" in %.20s",
			     deployment, f->region ? f->region : "");
		return -ENOENT;
	}
	text = tags_spec(a, &own.filter->tags);
	out->name = arena_dup(a, deployment);
	if (!spec_decode(a, text ? text : "", out, err))
		return -EINVAL;
	return a->failed ? -ENOMEM : 0;
}
