/* SPDX-License-Identifier: MIT */
/* The behaviour of the in-memory account: what AWS does for each step, and
 * what it refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_world.h"
#include "base/list.h"

/* Inventory strings are char *, but nothing writes to them. */
#define TEXT(s)	   ((char *)arena_dup(&w->mem, s))
#define ID(prefix) ((char *)arena_printf(&w->mem, prefix "-%u", ++w->next))

static void tag_all(struct world *w, struct aws_tags *tags,
		    const struct tag_list *l)
{
	FOREACH(item, l)
		world_tag(w, tags, item->key, item->value);
}

/* --- what AWS does --- */

static int refuse(struct aws_error *err, enum aws_error_kind kind,
		  const char *why)
{
	return aws_error_set(err, kind, "Test", "%s", why);
}

/* Removes the item whose member equals text from a list; false if there is
 * none. */
#define REMOVE(list, member, text)                                          \
	({                                                                  \
		bool found_ = false;                                        \
		for (size_t i_ = 0; i_ < (list)->n; i_++) {                 \
			if (strcmp((list)->items[i_].member, text) != 0)    \
				continue;                                   \
			memmove(&(list)->items[i_], &(list)->items[i_ + 1], \
				((list)->n - i_ - 1) *                      \
					sizeof(*(list)->items));            \
			(list)->n--;                                        \
			found_ = true;                                      \
			break;                                              \
		}                                                           \
		found_;                                                     \
	})

static struct aws_tags *elb_tags(struct world *w, const char *arn)
{
	struct elbv2_tag_description *d = ARENA_ADD(&w->mem, &w->inv.elb_tags);

	d->arn = TEXT(arn);
	return &d->tags;
}

/* AWS refuses duplicate rules. */
static int add_rule(struct world *w, struct plan *p, const struct step *s,
		    struct ec2_group *g, struct aws_error *err)
{
	struct ec2_permission *perm;

	FOREACH(rule, &g->ingress)
		FOREACH(range, &rule->ranges)
			if (!strcmp(rule->protocol, s->protocol) &&
			    str_list_has(&s->ids, range->cidr))
				return refuse(err, AWS_ERR_EXISTS,
					      "the rule exists");
	perm = ARENA_ADD(&w->mem, &g->ingress);

	perm->protocol = TEXT(s->protocol);
	perm->from_port = perm->to_port = 4789;
	FOREACH(id, &s->ids) {
		struct ec2_range *r = ARENA_ADD(&w->mem, &perm->ranges);

		r->cidr = TEXT(*id);
		r->description = TEXT(s->description);
	}
	if (plan_id(p, s->other)) {
		struct ec2_group_pair *r = ARENA_ADD(&w->mem, &perm->groups);

		r->group_id = TEXT(plan_id(p, s->other));
		r->description = TEXT(s->description);
	}
	return 0;
}

/* Removes matching entries from rules with the same protocol. */
static int drop_rule(struct plan *p, const struct step *s, struct ec2_group *g,
		     struct aws_error *err)
{
	const char *peer = plan_id(p, s->other);
	bool found = false;

	for (size_t i = 0; i < g->ingress.n; i++) {
		struct ec2_permission *r = &g->ingress.items[i];

		if (strcmp(r->protocol, s->protocol) != 0)
			continue;
		FOREACH(id, &s->ids)
			found |= REMOVE(&r->ranges, cidr, *id);
		if (peer)
			found |= REMOVE(&r->groups, group_id, peer);
		if (!r->ranges.n && !r->groups.n) {
			memmove(r, r + 1, (g->ingress.n - i - 1) * sizeof(*r));
			g->ingress.n--;
			i--;
		}
	}
	return found ? 0 : refuse(err, AWS_ERR_NOT_FOUND, "no such rule");
}

static int create_lb(struct world *w, struct plan *p, const struct step *s,
		     const char **created)
{
	struct elbv2_load_balancer *lb =
		ARENA_ADD(&w->mem, &w->inv.load_balancers);

	lb->arn = ID("arn:lb");
	lb->name = TEXT(s->name);
	lb->type = TEXT("network");
	lb->scheme = TEXT("internal");
	lb->state = TEXT("provisioning");
	lb->vpc_id = TEXT("vpc-1");
	assert_true(s->ids.n > 0);
	FOREACH(id, &s->ids) {
		struct elbv2_zone *z = ARENA_ADD(&w->mem, &lb->zones);

		z->subnet_id = TEXT(*id);
	}
	if (plan_id(p, s->other)) {
		char **g = ARENA_ADD(&w->mem, &lb->groups);

		*g = TEXT(plan_id(p, s->other));
	}
	tag_all(w, elb_tags(w, lb->arn), &s->tags);
	*created = lb->arn;
	return 0;
}

static int create_elb(struct world *w, struct plan *p, const struct step *s,
		      const char **created)
{
	struct elbv2_target_group *tg;
	struct elbv2_listener *l;
	char **arn;

	if (s->type == STEP_CREATE_LB)
		return create_lb(w, p, s, created);
	if (s->type == STEP_CREATE_TG) {
		/* Growing the list would move it and invalidate pointers into
		 * it. */
		assert_true(w->inv.target_groups.n < 8);
		tg = ARENA_ADD(&w->mem, &w->inv.target_groups);
		tg->arn = ID("arn:tg");
		tg->name = TEXT(s->name);
		tg->target_type = TEXT(s->target_type);
		tag_all(w, elb_tags(w, tg->arn), &s->tags);
		*created = tg->arn;
		return 0;
	}
	l = ARENA_ADD(&w->mem, &w->inv.listeners);
	l->arn = ID("arn:listener");
	l->load_balancer_arn = TEXT(plan_id(p, s->on));
	l->port = 4789;
	l->protocol = TEXT("UDP");
	arn = ARENA_ADD(&w->mem, &l->target_group_arns);
	*arn = TEXT(plan_id(p, s->other));
	tag_all(w, elb_tags(w, l->arn), &s->tags);
	*created = l->arn;
	return 0;
}

static int create_target(struct world *w, struct plan *p, const struct step *s,
			 const char **created, struct aws_error *err)
{
	const char *to = plan_id(p, s->on);
	struct mirror_target *t;

	assert_non_null(to);
	if (s->mirror_type == TARGET_NLB &&
	    strcmp(inventory_load_balancer(&w->inv, to, NULL)->state,
		   "active") != 0)
		return refuse(err, AWS_ERR_REFUSED, "not active");
	t = ARENA_ADD(&w->mem, &w->inv.targets);
	t->id = ID("tmt");
	if (s->mirror_type == TARGET_NLB)
		t->load_balancer_arn = TEXT(to);
	else if (s->mirror_type == TARGET_ENI)
		t->interface_id = TEXT(to);
	else
		t->endpoint_id = TEXT(to);
	tag_all(w, &t->tags, &s->tags);
	*created = t->id;
	return 0;
}

static struct mirror_filter *filter(struct world *w, const char *id)
{
	return (struct mirror_filter *)inventory_filter(&w->inv, id);
}

static int create_rule(struct world *w, struct plan *p, const struct step *s,
		       const char **created, struct aws_error *err)
{
	struct mirror_filter *f = filter(w, plan_id(p, s->on));
	const struct filter_rule *r = &s->rule;
	struct mirror_rules *l;
	struct mirror_rule *m;
	char text[CIDR_TEXT_MAX];

	assert_non_null(f);
	l = r->egress ? &f->egress : &f->ingress;
	if (f->ingress.n + f->egress.n == 10)
		return refuse(err, AWS_ERR_LIMIT, "10 rules");
	FOREACH(item, l)
		if (item->number == r->number)
			return refuse(err, AWS_ERR_EXISTS, "number");
	m = ARENA_ADD(&w->mem, l);
	m->id = ID("tmfr");
	m->number = r->number;
	m->action = TEXT(r->reject ? "reject" : "accept");
	m->protocol = r->protocol;
	m->src_cidr = TEXT(cidr_text(&r->from, text));
	m->dst_cidr = TEXT(cidr_text(&r->to, text));
	m->src_from = r->has_from_ports ? r->from_ports.from : -1;
	m->src_to = r->has_from_ports ? r->from_ports.to : -1;
	m->dst_from = r->has_to_ports ? r->to_ports.from : -1;
	m->dst_to = r->has_to_ports ? r->to_ports.to : -1;
	tag_all(w, &m->tags, &s->tags);
	*created = m->id;
	return 0;
}

static int create_session(struct world *w, struct plan *p, const struct step *s,
			  const char **created, struct aws_error *err)
{
	const char *target = plan_id(p, s->session.target);
	const char *by = plan_id(p, s->session.filter);
	struct mirror_session *m;
	unsigned int n = 0;

	assert_non_null(inventory_target(&w->inv, target));
	assert_non_null(filter(w, by));
	FOREACH(session, &w->inv.sessions) {
		if (strcmp(session->interface_id, s->eni) != 0)
			continue;
		if (++n == 3)
			return refuse(err, AWS_ERR_LIMIT, "3 sessions");
		if (session->number == s->number)
			return refuse(err, AWS_ERR_REFUSED, "number in use");
	}
	m = world_session(w, ID("tms"), s->eni, target, by, s->number,
			  s->session.vni);
	m->packet_length = s->session.packet_length;
	m->description = TEXT(s->description);
	tag_all(w, &m->tags, &s->tags);
	*created = m->id;
	return 0;
}

static int create(struct world *w, struct plan *p, const struct step *s,
		  const char **created, struct aws_error *err)
{
	struct mirror_filter *f;
	struct ec2_group *g;

	switch (s->type) {
	case STEP_CREATE_GROUP:
		g = ARENA_ADD(&w->mem, &w->inv.groups);
		g->id = ID("sg");
		g->name = TEXT(s->name);
		g->vpc_id = TEXT(s->vpc_id);
		tag_all(w, &g->tags, &s->tags);
		*created = g->id;
		return 0;
	case STEP_CREATE_TARGET:
		return create_target(w, p, s, created, err);
	case STEP_CREATE_FILTER:
		f = ARENA_ADD(&w->mem, &w->inv.filters);
		f->id = ID("tmf");
		tag_all(w, &f->tags, &s->tags);
		*created = f->id;
		return 0;
	case STEP_CREATE_RULE:
		return create_rule(w, p, s, created, err);
	case STEP_CREATE_SESSION:
		return create_session(w, p, s, created, err);
	case STEP_CREATE_LB:
	case STEP_CREATE_TG:
	case STEP_CREATE_LISTENER:
		return create_elb(w, p, s, created);
	default:
		fail_msg("cannot %s", step_ops(s->type)->name);
		return 0;
	}
}

static struct inventory_target_group *registered(struct world *w,
						 const char *arn)
{
	struct inventory_target_group *g;

	FOREACH(item, &w->inv.registered)
		if (!strcmp(item->group->arn, arn))
			return item;
	g = ARENA_ADD(&w->mem, &w->inv.registered);
	g->group = inventory_target_group(&w->inv, arn);
	return g;
}

static void configure(struct world *w, struct plan *p, const char *id,
		      const struct session_config *c)
{
	FOREACH(m, &w->inv.sessions) {
		if (strcmp(m->id, id) != 0)
			continue;
		m->target_id = TEXT(plan_id(p, c->target));
		m->filter_id = TEXT(plan_id(p, c->filter));
		m->vni = c->vni;
		m->packet_length = c->packet_length;
		m->number = c->number ? c->number : m->number;
		if (c->description)
			m->description = TEXT(c->description);
	}
}

/* The tags of any resource that the deployment can have. */
static struct aws_tags *tags_of(struct world *w, const char *id)
{
	FOREACH(f, &w->inv.filters) {
		FOREACH(r, &f->ingress)
			if (!strcmp(r->id, id))
				return &r->tags;
		FOREACH(r, &f->egress)
			if (!strcmp(r->id, id))
				return &r->tags;
	}
#define FIND(list, member)                  \
	FOREACH(r, &w->inv.list)            \
		if (!strcmp(r->member, id)) \
			return &r->tags;
	FIND(filters, id)
	FIND(targets, id)
	FIND(sessions, id)
	FIND(groups, id)
	FIND(elb_tags, arn)
#undef FIND
	fail_msg("no resource %s", id);
	return NULL;
}

static void retag(struct world *w, const char *id, const struct tag_list *set,
		  const struct str_list *removed)
{
	struct aws_tags *tags = tags_of(w, id);

	tag_all(w, tags, set);
	FOREACH(item, removed)
		REMOVE(tags, key, *item);
}

static int change(struct world *w, struct plan *p, const struct step *s,
		  struct aws_error *err)
{
	const char *id = plan_id(p, s->on);
	struct ec2_group *g;

	assert_non_null(id);
	switch (s->type) {
	case STEP_AUTHORIZE:
		g = (struct ec2_group *)inventory_group(&w->inv, id);
		assert_non_null(g);
		return add_rule(w, p, s, g, err);
	case STEP_REGISTER:
		FOREACH(item, &s->ids) {
			struct elbv2_target *t =
				ARENA_ADD(&w->mem, &registered(w, id)->targets);

			t->id = TEXT(*item);
			t->port = 4789;
			t->state = TEXT("healthy");
		}
		return 0;
	case STEP_WAIT_LB:
		((struct elbv2_load_balancer *)inventory_load_balancer(
			 &w->inv, id, NULL))
			->state = TEXT("active");
		return 0;
	case STEP_MODIFY_SESSION:
		configure(w, p, id, &s->session);
		return 0;
	case STEP_TAG:
	case STEP_ELB_TAG:
		retag(w, id, &s->tags, &s->ids);
		return 0;
	case STEP_LB_ATTRIBUTES:
	case STEP_TG_ATTRIBUTES:
		return 0;
	default:
		fail_msg("cannot %s", step_ops(s->type)->name);
		return 0;
	}
}

static bool in_use(const struct world *w, const char *id)
{
	const struct inventory *f = &w->inv;

	FOREACH(s, &f->sessions)
		if (str_same(s->filter_id, id) || str_same(s->target_id, id))
			return true;
	FOREACH(t, &f->targets)
		if (str_same(t->load_balancer_arn, id))
			return true;
	FOREACH(l, &f->listeners)
		if (str_same(l->target_group_arns.items[0], id))
			return true;
	FOREACH(lb, &f->load_balancers)
		if (lb->groups.n && str_same(lb->groups.items[0], id))
			return true;
	FOREACH(g, &f->groups)
		FOREACH(r, &g->ingress)
			FOREACH(group, &r->groups)
				if (str_same(group->group_id, id))
					return true;
	return false;
}

static int delete (struct world *w, const char *id, struct aws_error *err)
{
	struct inventory *f = &w->inv;
	bool found;

	if (in_use(w, id))
		return refuse(err, AWS_ERR_IN_USE, id);
	found = REMOVE(&f->sessions, id, id) || REMOVE(&f->targets, id, id) ||
		REMOVE(&f->filters, id, id) || REMOVE(&f->groups, id, id) ||
		REMOVE(&f->listeners, arn, id);
	if (!found && REMOVE(&f->load_balancers, arn, id)) {
		found = true; /* and its listeners */
		while (REMOVE(&f->listeners, load_balancer_arn, id))
			;
	}
	if (!found && inventory_target_group(f, id)) {
		found = true;
		REMOVE(&f->registered, group->arn, id);
		REMOVE(&f->target_groups, arn, id);
		if (f->registered.n) /* the list was compacted */
			f->registered.items[0].group = f->target_groups.items;
	}
	REMOVE(&f->elb_tags, arn, id);
	return found ? 0 : refuse(err, AWS_ERR_NOT_FOUND, id);
}

static int take_away(struct world *w, struct plan *p, const struct step *s,
		     struct aws_error *err)
{
	const char *id = plan_id(p, s->on);

	assert_non_null(id);
	if (s->type == STEP_WAIT_LB_DELETED)
		return 0;
	if (s->type == STEP_REVOKE)
		return drop_rule(
			p, s, (struct ec2_group *)inventory_group(&w->inv, id),
			err);
	if (s->type == STEP_DEREGISTER) {
		FOREACH(item, &s->ids)
			REMOVE(&registered(w, id)->targets, id, *item);
		return 0;
	}
	return delete (w, id, err);
}

static int act(struct world *w, struct plan *p, const struct step *s,
	       const char **created, struct aws_error *err)
{
	str_list_add(&w->mem, &w->log, s->text);
	if (step_ops(s->type)->irreversible)
		return take_away(w, p, s, err);
	return step_ops(s->type)->creates ? create(w, p, s, created, err)
					  : change(w, p, s, err);
}

static int perform(void *ctx, struct plan *p, struct step *s, bool dry_run,
		   const char **created, struct aws_error *err)
{
	struct world *w = ctx;
	const char *hidden = NULL;

	if (dry_run) {
		w->dry_runs++;
		assert_true(step_can_dry_run(p, s));
		if (w->denied && strstr(s->text, w->denied))
			return refuse(err, AWS_ERR_DENIED, s->text);
		return 0;
	}
	if (++w->performed != w->fail_perform)
		return act(w, p, s, created, err);
	if (w->done_anyway)
		assert_int_equal(act(w, p, s, &hidden, err), 0);
	*err = w->error;
	return aws_error_errno(err->kind);
}

static int undo(void *ctx, struct plan *p, struct step *s,
		struct aws_error *err)
{
	struct world *w = ctx;
	struct str_list none = {0}, removed = {0};
	struct tag_list no_tags = {0};
	struct ec2_group *g;

	if (++w->undone == w->fail_undo) {
		*err = w->error;
		return aws_error_errno(err->kind);
	}
	switch (s->type) {
	case STEP_AUTHORIZE:
		g = (struct ec2_group *)inventory_group(&w->inv,
							plan_id(p, s->on));
		return drop_rule(p, s, g, err);
	case STEP_REGISTER:
		FOREACH(item, &s->ids)
			REMOVE(&registered(w, plan_id(p, s->on))->targets, id,
			       *item);
		return 0;
	case STEP_MODIFY_SESSION:
		configure(w, p, s->on.id, &s->old_session);
		return 0;
	case STEP_TAG:
	case STEP_ELB_TAG:
		FOREACH(t, &s->tags)
			str_list_add(&w->mem, &removed, t->key);
		retag(w, s->on.id, &no_tags, &removed);
		retag(w, s->on.id, &s->old_tags, &none);
		return 0;
	default: /* every create step is undone alike */
		assert_non_null(step_ops(s->type)->creates);
		assert_non_null(s->created);
		return delete (w, s->created, err);
	}
}

static int find(void *ctx, struct plan *p, struct step *s, const char **created,
		struct aws_error *err)
{
	struct world *w = ctx;
	struct inventory *f = &w->inv;

	(void)p;
	(void)err;
	/* Only the most recently created resource is ever searched for. */
#define LAST(kind_, list, id_)                    \
	if (s->type == (kind_) && w->done_anyway) \
		*created = f->list.items[f->list.n - 1].id_;
	LAST(STEP_CREATE_GROUP, groups, id)
	LAST(STEP_CREATE_LB, load_balancers, arn)
	LAST(STEP_CREATE_TG, target_groups, arn)
	LAST(STEP_CREATE_LISTENER, listeners, arn)
	LAST(STEP_CREATE_TARGET, targets, id)
	LAST(STEP_CREATE_FILTER, filters, id)
	LAST(STEP_CREATE_SESSION, sessions, id)
#undef LAST
	return 0;
}

static bool stopped(void *ctx)
{
	struct world *w = ctx;

	return ++w->asked == w->stop_at;
}

struct apply_options world_options(struct world *w)
{
	return (struct apply_options){
		.ops = {perform, undo, find, w},
		.stopped = stopped,
		.stopped_ctx = w,
	};
}
