/* SPDX-License-Identifier: MIT */
/*
 * Two witnesses are required: the mark of a deployment in the description or
 * name of the resource, and another resource that shows that this deployment
 * exists: one with tags, or one with the same mark that refers to it. A mark
 * alone may have been copied.
 */
#include <stdlib.h>
#include <string.h>

#include "model/adopt.h"
#include "base/list.h"
#include "model/deployment.h"
#include "model/limits.h"
#include "model/tags.h"

#define MARK "metlo-mirror "

/* The deployment that a description names, NULL if it names none. */
static const char *marked(const char *description)
{
	struct parse_error unused;
	const char *name =
		description && !strncmp(description, MARK, strlen(MARK))
			? description + strlen(MARK)
			: NULL;

	return name && spec_name_check(name, &unused) ? name : NULL;
}

/* In front, so that it overrides what the resource has. */
static bool add_tag(struct aws_tags *tags, const char *key, const char *value)
{
	struct aws_tag *items =
		realloc(tags->items, (tags->n + 1) * sizeof(*items));
	struct aws_tag tag = {strdup(key), strdup(value)};

	if (items)
		tags->items = items;
	if (!items || !tag.key || !tag.value) {
		free(tag.key);
		free(tag.value);
		return false;
	}
	memmove(items + 1, items, tags->n * sizeof(*items));
	items[0] = tag;
	tags->n++;
	return true;
}

static void adopt(struct inventory *inv, const char *id, struct aws_tags *tags,
		  const char *deployment)
{
	if (!add_tag(tags, TAG_DEPLOYMENT, deployment) ||
	    !add_tag(tags, TAG_MADE_BY, TAG_MADE_BY_VALUE))
		inv->mem.failed = true;
	str_list_add(&inv->mem, &inv->adopted, id);
}

static bool is_group_of(struct inventory *inv, const struct ec2_group *g,
			const char *name)
{
	return str_same(g->name, name_resource(&inv->mem, name)) &&
	       str_same(g->description, name_rule(&inv->mem, name));
}

/* Sessions whose filter or target has the same mark: two resources that refer to
 * each other name the deployment. */
static void add_marked_pairs(struct inventory *inv, struct str_list *names)
{
	FOREACH(s, &inv->sessions) {
		const struct mirror_filter *f =
			inventory_filter(inv, s->filter_id);
		const struct mirror_target *t =
			inventory_target(inv, s->target_id);

		if (marked(s->description) &&
		    ((f && str_same(f->description, s->description)) ||
		     (t && str_same(t->description, s->description))))
			str_list_add(&inv->mem, names, marked(s->description));
	}
	/* Without sessions: a filter, and a target or security group. */
	FOREACH(f, &inv->filters) {
		const char *name = marked(f->description);
		bool pair = false;

		if (!name)
			continue;
		FOREACH(t, &inv->targets)
			pair |= str_same(f->description, t->description);
		FOREACH(g, &inv->groups)
			pair |= is_group_of(inv, g, name);
		if (pair)
			str_list_add(&inv->mem, names, name);
	}
}

static bool is_known(const struct str_list *names, const char *name)
{
	return name && str_list_has(names, name);
}

/* Whether a deployment has a filter with settings: otherwise a tag that names it
 * was written by hand. */
static bool has_settings(const struct inventory *inv, const char *name)
{
	FOREACH(f, &inv->filters)
		if (str_same(tags_deployment(&f->tags), name) &&
		    aws_tag_value(&f->tags, TAG_SPEC))
			return true;
	return false;
}

/* Whether the tags say nothing else than the description, which names a known
 * deployment. */
static bool is_lost(const struct inventory *inv, const struct aws_tags *tags,
		    const char *description, const struct str_list *names)
{
	const char *by_tags = tags_deployment(tags), *by = marked(description);

	if (!is_known(names, by))
		return false;
	return !by_tags || (strcmp(by_tags, by) != 0 && has_settings(inv, by) &&
			    !has_settings(inv, by_tags));
}

static void adopt_mirrors(struct inventory *inv, const struct str_list *names)
{
#define ADOPT(list)                                                \
	FOREACH(r, list)                                           \
		if (is_lost(inv, &r->tags, r->description, names)) \
			adopt(inv, r->id, &r->tags, marked(r->description));
	ADOPT(&inv->filters)
	ADOPT(&inv->targets)
	ADOPT(&inv->sessions)
#undef ADOPT
}

/* Neither tags nor description, but the filter, the target and the VNI of the
 * deployment: nobody else makes such a session by chance. */
static void adopt_sessions(struct inventory *inv, const char *name)
{
	struct parse_error unused;
	struct spec spec = {0};

	if (deployment_spec(&inv->mem, inv, name, &spec, &unused))
		return;
	FOREACH(s, &inv->sessions) {
		const struct mirror_filter *f =
			inventory_filter(inv, s->filter_id);
		const struct mirror_target *t =
			inventory_target(inv, s->target_id);

		if (!s->tags.n && str_empty(s->description) && f && t &&
		    s->vni == spec.vni && deployment_owns(&f->tags, name) &&
		    deployment_owns(&t->tags, name))
			adopt(inv, s->id, &s->tags, name);
	}
}

static void adopt_groups(struct inventory *inv, const char *name)
{
	FOREACH(g, &inv->groups)
		if (!tags_deployment(&g->tags) && is_group_of(inv, g, name))
			adopt(inv, g->id, &g->tags, name);
}

static struct aws_tags *elb_tags(struct inventory *inv, const char *arn)
{
	FOREACH(d, &inv->elb_tags)
		if (str_same(d->arn, arn))
			return &d->tags;
	return NULL;
}

static void adopt_elb(struct inventory *inv, const char *arn, const char *name)
{
	struct aws_tags *tags = elb_tags(inv, arn);

	if (tags && !tags_deployment(tags))
		adopt(inv, arn, tags, name);
}

/* Whether something else of the deployment belongs to the load balancer: the
 * mirror target, the security group or the target group. */
static bool belongs_to(const struct inventory *inv, const char *name,
		       const struct elbv2_load_balancer *lb)
{
	FOREACH(t, &inv->targets)
		if (str_same(t->load_balancer_arn, lb->arn) &&
		    str_same(tags_deployment(&t->tags), name))
			return true;
	FOREACH(id, &lb->groups) {
		const struct ec2_group *g = inventory_group(inv, *id);

		if (g && str_same(tags_deployment(&g->tags), name))
			return true;
	}
	FOREACH(tg, &inv->target_groups)
		FOREACH(arn, &tg->load_balancer_arns)
			if (str_same(*arn, lb->arn) &&
			    str_same(tags_deployment(
					     inventory_elb_tags(inv, tg->arn)),
				     name))
				return true;
	return false;
}

/* The load balancer by what belongs to it; the target group by that load balancer,
 * or if it is left over from one. */
static void adopt_load_balancers(struct inventory *inv, const char *name)
{
	const char *title = name_elb(&inv->mem, name);

	FOREACH(lb, &inv->load_balancers)
		if (str_same(lb->name, title) &&
		    str_same(lb->type, "network") && belongs_to(inv, name, lb))
			adopt_elb(inv, lb->arn, name);
	FOREACH(tg, &inv->target_groups) {
		bool used = tg->load_balancer_arns.n > 0, ours = !used;

		if (!str_same(tg->name, title) || tg->port != VXLAN_PORT ||
		    !str_same(tg->protocol, "UDP"))
			continue;
		FOREACH(arn, &tg->load_balancer_arns)
			ours |= str_same(
				tags_deployment(inventory_elb_tags(inv, *arn)),
				name);
		if (ours)
			adopt_elb(inv, tg->arn, name);
	}
}

void inventory_adopt(struct inventory *inv)
{
	struct str_list names = inventory_deployments(&inv->mem, inv);

	add_marked_pairs(inv, &names);
	adopt_mirrors(inv, &names);
	FOREACH(name, &names) {
		adopt_sessions(inv, *name);
		adopt_groups(inv, *name);
		adopt_load_balancers(inv, *name);
	}
}
