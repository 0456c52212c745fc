/* SPDX-License-Identifier: MIT */
/* The tags of a deployment's resources. Tags that are neither ours nor in the
 * spec, now or before, belong to others and are left alone. */
#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "model/limits.h"
#include "model/spec_text.h"
#include "plan/plan_tags.h"

struct tag_list plan_new_tags(struct plan *p, const char *name)
{
	return tags_common(&p->mem, p->spec.name, &p->spec.tags, name);
}

struct tag_list plan_filter_tags(struct plan *p)
{
	struct tag_list l =
		plan_new_tags(p, name_resource(&p->mem, p->spec.name));

	if (tags_add_spec(&p->mem, &l, spec_encode(&p->mem, &p->spec)) ==
		    -E2BIG ||
	    l.n > LIMIT_TAGS)
		plan_report(
			p, DIAG_FAIL,
			"the settings do not fit into the %d tags of a mirror filter; use fewer --tag, or tag:KEY=VALUE as the source, or split the sources into several deployments",
			LIMIT_TAGS);
	return l;
}

/* What a resource should have, and what it should no longer have. */
struct tag_change {
	enum step_type type;
	const char *id;
	const struct aws_tags *is;
	struct tag_list wanted;
	struct str_list removed; /* keys, whether it has them or not */
	bool adopted; /* our own tags in is were lost and are not in AWS */
	const char *text, *undo_text;
};

static bool is_changed(const struct tag_change *c, const char *key)
{
	return tags_value(&c->wanted, key) || str_list_has(&c->removed, key);
}

static void add_step(struct plan *p, const struct tag_change *c)
{
	bool stale = false;
	struct step *s;

	FOREACH(t, c->is)
		stale |= str_list_has(&c->removed, t->key);
	if (!c->adopted && !stale && tags_include(c->is, &c->wanted))
		return;
	s = plan_step(p, c->type, NULL, "%s", c->text);
	s->undo_text = c->undo_text;
	s->on = ref_id(arena_dup(&p->mem, c->id));
	s->tags = c->wanted;
	FOREACH(t, c->is) {
		if (c->adopted && (!strcmp(t->key, TAG_DEPLOYMENT) ||
				   !strcmp(t->key, TAG_MADE_BY)))
			continue;
		if (is_changed(c, t->key))
			tags_add(&p->mem, &s->old_tags, t->key, t->value);
		if (str_list_has(&c->removed, t->key))
			str_list_add(&p->mem, &s->ids, t->key);
	}
}

/* The keys of the user's tags that the deployment had so far and is to lose, and
 * the mark of code, since whoever carries out a plan takes over. */
static struct str_list dropped_keys(struct plan *p)
{
	struct parse_error unused;
	struct str_list l = {0};
	struct spec old = {0};

	str_list_add(&p->mem, &l, TAG_MANAGED_BY);
	if (deployment_spec(&p->mem, p->inventory, p->spec.name, &old, &unused))
		return l;
	FOREACH(tag, &old.tags)
		if (!tags_value(&p->spec.tags, tag->key))
			str_list_add(&p->mem, &l, tag->key);
	return l;
}

/* A resource that stays. name: of a lost Name tag; source: of a session. */
static void keep(struct plan *p, const char *id, const struct aws_tags *is,
		 const struct str_list *dropped, const char *name,
		 const char *source)
{
	bool lost = str_list_has(&p->inventory->adopted, id);
	struct tag_change c = {
		.type = STEP_TAG,
		.id = id,
		.is = is,
		.wanted = p->spec.tags,
		.removed = *dropped,
		.adopted = lost,
		.text = arena_printf(&p->mem, "%s the tags of %s",
				     lost ? "restore" : "update", id),
		.undo_text = "restore the tags"};

	if (lost) {
		c.wanted = plan_new_tags(p, name);
		c.undo_text = "remove the tags";
		if (source && strlen(source) <= LIMIT_TAG_VALUE)
			tags_add(&p->mem, &c.wanted, TAG_SOURCE, source);
	}
	add_step(p, &c);
}

static void keep_filter(struct plan *p, const struct mirror_filter *m,
			const struct tag_list *wanted,
			const struct str_list *dropped)
{
	struct tag_change c = {
		.type = STEP_TAG,
		.id = m->id,
		.is = &m->tags,
		.wanted = *wanted,
		.removed = tags_stale(&p->mem, &m->tags, wanted),
		.text = arena_printf(
			&p->mem,
			"store the new settings in the tags of the mirror filter %s",
			m->id),
		.undo_text = "restore the tags"};

	FOREACH(key, dropped)
		str_list_add(&p->mem, &c.removed, *key);
	add_step(p, &c);
}

/* The load balancer and what belongs to it. Lost tags are only reported: to add
 * them takes a permission that does not depend on them. */
static void keep_balancer(struct plan *p, const struct deployment *current,
			  const struct str_list *dropped)
{
	const struct elbv2_listener *listener =
		current->lb ? inventory_listener(p->inventory, current->lb->arn)
			    : NULL;
	const struct {
		const char *arn, *what;
	} l[] = {{current->tg ? current->tg->arn : NULL, "the target group"},
		 {current->lb ? current->lb->arn : NULL, "the load balancer"},
		 {listener ? listener->arn : NULL, "the listener of"}};
	const char *name = name_elb(&p->mem, p->spec.name);
	bool lost = false;

	for (size_t i = 0; i < ARRAY_SIZE(l); i++) {
		const struct aws_tags *tags =
			inventory_elb_tags(p->inventory, l[i].arn);
		struct tag_change c = {
			.type = STEP_ELB_TAG,
			.id = l[i].arn,
			.is = tags,
			.wanted = p->spec.tags,
			.removed = *dropped,
			.text = arena_printf(&p->mem,
					     "update the tags of %s %s",
					     l[i].what, name),
			.undo_text = "restore the tags"};

		if (l[i].arn && str_list_has(&p->inventory->adopted, l[i].arn))
			lost = true;
		else if (l[i].arn && deployment_owns(tags, p->spec.name))
			add_step(p, &c);
	}
	if (lost)
		plan_report(
			p, DIAG_WARN,
			"the load balancer or target group %s lost its tags; it is still taken for ours by its name",
			name);
}

/* A rule without our tags may have been made by an earlier version. */
static void keep_rules(struct plan *p, const struct mirror_rules *l,
		       const struct str_list *dropped, const char *name)
{
	FOREACH(r, l)
		if (deployment_owns(&r->tags, p->spec.name))
			keep(p, r->id, &r->tags, dropped, name, NULL);
}

/* unused: a group of ours that is not needed any more; NULL: none. */
static void keep_group_rules(struct plan *p, const struct ec2_group *unused,
			     const struct str_list *dropped, const char *name)
{
	FOREACH(r, &p->inventory->group_rules)
		if (deployment_owns(&r->tags, p->spec.name) &&
		    !(unused && str_same(r->group_id, unused->id)))
			keep(p, r->id, &r->tags, dropped, name, NULL);
}

/* With --open-groups there may be rules in groups of others. */
static void report_denied(struct plan *p, const struct deployment *current)
{
	if (p->inventory->group_rules_denied &&
	    (current->group || p->spec.open_groups))
		plan_report(
			p, DIAG_WARN,
			"changed tags of security group rules are not restored: ec2:DescribeSecurityGroupRules is not permitted");
}

static const struct candidate *source_of(const struct plan *p, const char *eni)
{
	FOREACH(c, &p->sources)
		if (str_same(c->eni->id, eni))
			return c;
	return NULL;
}

void plan_retag(struct plan *p, const struct deployment *current,
		const struct tag_list *filter_tags)
{
	const char *name = name_resource(&p->mem, p->spec.name);
	bool own_lb = p->spec.target.type == TARGET_NLB &&
		      str_empty(p->spec.target.id);
	struct str_list dropped = dropped_keys(p);

	if (own_lb && current->group)
		keep(p, current->group->id, &current->group->tags, &dropped,
		     name, NULL);
	if (own_lb)
		keep_balancer(p, current, &dropped);
	FOREACH(t, &p->inventory->targets)
		if (deployment_owns(&t->tags, p->spec.name) &&
		    (str_same(t->id, p->target.id) ||
		     str_list_has(&p->kept_targets, t->id)))
			keep(p, t->id, &t->tags, &dropped, name, NULL);
	FOREACH(s, &p->inventory->sessions) {
		const struct candidate *c =
			deployment_owns(&s->tags, p->spec.name)
				? source_of(p, s->interface_id)
				: NULL;

		if (c)
			keep(p, s->id, &s->tags, &dropped, name,
			     c->source->text);
	}
	report_denied(p, current);
	keep_group_rules(p, own_lb ? NULL : current->group, &dropped, name);
	if (p->filter.step >= 0 || !current->filter)
		return;
	keep_filter(p, current->filter, filter_tags, &dropped);
	keep_rules(p, &current->filter->ingress, &dropped, name);
	keep_rules(p, &current->filter->egress, &dropped, name);
}
