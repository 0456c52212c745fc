/* SPDX-License-Identifier: MIT */
/* The tags of a deployment's resources. Tags that are neither ours nor in the
 * spec, now or before, belong to others and are left alone. */
#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "base/parse.h"
#include "model/adopt.h"
#include "model/limits.h"
#include "model/sessions.h"
#include "model/spec_text.h"
#include "plan/plan_restore.h"
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
	bool adopted; /* our own tags in is are not in AWS: see adopt.h */
	bool lost;    /* the resource is ours, but not by its tags */
	bool optional;
	const char *text;
};

static bool is_changed(const struct tag_change *c, const char *key)
{
	return tags_value(&c->wanted, key) || str_list_has(&c->removed, key);
}

/* The tags that the resource has in AWS. */
static struct aws_tags real_tags(const struct tag_change *c)
{
	struct aws_tags l = *c->is;

	if (!c->adopted)
		return l;
	l.items += ADOPTED_TAGS;
	l.n -= ADOPTED_TAGS;
	return l;
}

static void add_step(struct plan *p, const struct tag_change *c)
{
	struct aws_tags is = real_tags(c);
	bool stale = false;
	struct step *s;

	FOREACH(t, &is)
		stale |= str_list_has(&c->removed, t->key);
	if (!c->lost && !stale && tags_include(&is, &c->wanted))
		return;
	s = plan_step(p, c->type, NULL, "%s", c->text);
	s->undo_text = "change the tags back";
	s->optional = c->optional;
	s->on = ref_id(arena_dup(&p->mem, c->id));
	s->tags = c->wanted;
	FOREACH(t, &is) {
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

/* Whether tags of ours have changed that follow neither from options of the user
 * nor from the sources. */
static bool own_changed(const struct aws_tags *is,
			const struct tag_list *wanted,
			const struct tag_list *users)
{
	FOREACH(t, wanted)
		if (strcmp(t->key, TAG_MADE_BY) != 0 &&
		    strcmp(t->key, TAG_SOURCE) != 0 &&
		    !tags_value(users, t->key) &&
		    !str_same(aws_tag_value(is, t->key), t->value))
			return true;
	return false;
}

/* A resource that stays. what: how it is shown. Tags of ours were changed by hand:
 * without the permission to restore them, which may depend on them, the rest goes
 * on. */
static void keep(struct plan *p, enum step_type type, const char *id,
		 const char *what, const struct aws_tags *is,
		 const struct tag_list *wanted, const struct str_list *dropped)
{
	struct tag_change c = {
		.type = type,
		.id = id,
		.is = is,
		.wanted = *wanted,
		.removed = *dropped,
		.adopted = str_list_has(&p->inventory->adopted, id)};

	c.lost = c.adopted || !deployment_owns(is, p->spec.name);
	c.optional = c.lost || own_changed(is, wanted, &p->spec.tags);
	c.text = arena_printf(&p->mem, "%s the tags of %s",
			      c.optional ? "restore" : "update", what);
	add_step(p, &c);
}

static void keep_ec2(struct plan *p, const char *id, const struct aws_tags *is,
		     const struct str_list *dropped)
{
	struct tag_list wanted =
		plan_new_tags(p, name_resource(&p->mem, p->spec.name));

	keep(p, STEP_TAG, id, id, is, &wanted, dropped);
}

uint32_t plan_session_number(const struct mirror_session *m)
{
	const char *text = aws_tag_value(&m->tags, TAG_NUMBER);
	struct parse_error unused;
	uint64_t n = 0;

	return text && parse_number(text, 1, SESSION_NUMBER_MAX, &n, &unused)
		       ? (uint32_t)n
		       : 0;
}

static void keep_session(struct plan *p, const struct mirror_session *m,
			 const struct str_list *dropped, const char *source)
{
	struct tag_list wanted =
		plan_new_tags(p, name_resource(&p->mem, p->spec.name));
	uint32_t number = plan_session_number(m);

	/* Sessions of earlier versions have none. */
	if (!number && str_list_has(&p->inventory->adopted, m->id))
		number = (uint32_t)m->number;
	if (strlen(source) <= LIMIT_TAG_VALUE)
		tags_add(&p->mem, &wanted, TAG_SOURCE, source);
	if (number)
		tags_add(&p->mem, &wanted, TAG_NUMBER,
			 arena_printf(&p->mem, "%u", number));
	keep(p, STEP_TAG, m->id, m->id, &m->tags, &wanted, dropped);
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
		.adopted = str_list_has(&p->inventory->adopted, m->id),
		.text = arena_printf(
			&p->mem,
			"store the settings in the tags of the mirror filter %s",
			m->id)};

	c.lost = c.adopted;
	FOREACH(key, dropped)
		str_list_add(&p->mem, &c.removed, *key);
	add_step(p, &c);
}

/* The load balancer and what belongs to it. */
static void keep_balancer(struct plan *p, const struct deployment *current,
			  const struct str_list *dropped)
{
	const struct elbv2_listener *listener =
		own_listener(p->inventory, current);
	const struct {
		const char *arn, *what;
	} l[] = {{current->tg ? current->tg->arn : NULL, "the target group"},
		 {current->lb ? current->lb->arn : NULL, "the load balancer"},
		 {listener ? listener->arn : NULL, "the listener of"}};
	const char *name = name_elb(&p->mem, p->spec.name);
	struct tag_list wanted = plan_new_tags(p, name);

	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		if (l[i].arn)
			keep(p, STEP_ELB_TAG, l[i].arn,
			     arena_printf(&p->mem, "%s %s", l[i].what, name),
			     inventory_elb_tags(p->inventory, l[i].arn),
			     &wanted, dropped);
}

/* Those of earlier versions, and of Terraform, have no tags. */
static void keep_rules(struct plan *p, const struct mirror_rules *l,
		       const struct str_list *dropped)
{
	FOREACH(r, l)
		keep_ec2(p, r->id, &r->tags, dropped);
}

/* unused: a group of ours that is not needed any more; NULL: none. */
static void keep_group_rules(struct plan *p, const struct ec2_group *unused,
			     const struct str_list *dropped)
{
	struct own_rules l = own_rules(&p->mem, p->inventory, p->spec.name);

	FOREACH(r, &l) {
		bool changed = false;

		FOREACH(other, &p->changed_rules)
			changed |= own_rule_same(r, other);
		if (r->id && !changed &&
		    !(unused && str_same(r->group, unused->id)))
			keep_ec2(p, r->id, r->tags, dropped);
	}
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
	bool own_lb = p->spec.target.type == TARGET_NLB &&
		      str_empty(p->spec.target.id);
	struct str_list dropped = dropped_keys(p);

	if (own_lb && current->group)
		keep_ec2(p, current->group->id, &current->group->tags,
			 &dropped);
	if (own_lb)
		keep_balancer(p, current, &dropped);
	FOREACH(t, &p->inventory->targets)
		if (deployment_owns(&t->tags, p->spec.name) &&
		    (str_same(t->id, p->target.id) ||
		     str_list_has(&p->kept_targets, t->id)))
			keep_ec2(p, t->id, &t->tags, &dropped);
	FOREACH(s, &p->inventory->sessions) {
		const struct candidate *c =
			deployment_owns(&s->tags, p->spec.name)
				? source_of(p, s->interface_id)
				: NULL;

		if (c)
			keep_session(p, s, &dropped, c->source->text);
	}
	report_denied(p, current);
	keep_group_rules(p, own_lb ? NULL : current->group, &dropped);
	if (p->filter.step >= 0 || !current->filter)
		return;
	keep_rules(p, &current->filter->ingress, &dropped);
	keep_rules(p, &current->filter->egress, &dropped);
	keep_filter(p, current->filter, filter_tags, &dropped);
}
