/* SPDX-License-Identifier: MIT */
/*
 * From the current state to the desired state.
 *
 * The order of the steps is the order of the calls below: the target with
 * everything behind it, filter and rules, sessions, tags of an unchanged
 * filter, and last the deletions, which cannot be undone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "base/list.h"
#include "model/limits.h"
#include "model/spec_text.h"
#include "model/filter_text.h"
#include "plan/plan_setup.h"
#include "model/deployment.h"
#include "plan/plan_collect.h"
#include "plan/plan_target.h"
#include "plan/plan_advise.h"
#include "plan/plan_restore.h"
#include "plan/plan_rules.h"
#include "plan/plan_lb.h"
#include "plan/plan_quotas.h"
#include "plan/plan_reach.h"
#include "plan/plan_tags.h"
#include "model/filter_build.h"

static bool is_ours(const struct plan *p, const struct mirror_session *s)
{
	return deployment_owns(&s->tags, p->spec.name);
}

/* Records which resources exist already, so that apply can recognise what a run
 * has created. */
static void record_known(struct plan *p)
{
	const struct inventory *inv = p->inventory;

#define RECORD(list)                                                      \
	for (size_t i = 0; i < (list).n; i++)                             \
		if (deployment_owns(&(list).items[i].tags, p->spec.name)) \
			str_list_add(&p->mem, &p->known, (list).items[i].id);
	RECORD(inv->sessions)
	RECORD(inv->targets)
	RECORD(inv->filters)
	RECORD(inv->groups)
#undef RECORD
}

/* The user may refer to the deployment's own load balancer by name. Treat it as
 * "nlb:new", or the plan would collect it as no longer needed. */
static void normalize_target(struct plan *p)
{
	struct target_spec *t = &p->spec.target;
	const struct elbv2_load_balancer *lb = NULL;

	if (t->type == TARGET_NLB && !str_empty(t->id))
		lb = inventory_load_balancer(p->inventory, t->id, "network");
	if (lb && deployment_owns(inventory_elb_tags(p->inventory, lb->arn),
				  p->spec.name))
		t->id = "";
	/* What is behind a foreign load balancer is not ours to manage. */
	if (t->type == TARGET_PLACED)
		t->subnets = (struct str_list){0};
	else if (t->type != TARGET_NLB || !str_empty(t->id))
		t->collectors = t->subnets = (struct str_list){0};
}

static void copy_spec(struct plan *p, const struct spec *s)
{
	struct arena *a = &p->mem;
	const char *text = spec_encode(a, s);
	struct parse_error err;

	/* Encode and decode it, so that the plan matches what the tags will
	 * record. */
	p->spec = (struct spec){.name = arena_dup(a, s->name)};
	if (!spec_decode(a, text, &p->spec, &err))
		plan_report(p, DIAG_FAIL, "%s", err.text);
	normalize_target(p);
}

static bool is_terminated(const struct plan *p, const char *instance)
{
	const struct ec2_instance *i =
		inventory_instance(p->inventory, instance);

	return !i || str_same(i->state, "terminated") ||
	       str_same(i->state, "shutting-down");
}

/* All running instances with a tag. Auto Scaling tags instances with the name
 * of their group, so sync follows the group. */
static void add_tagged(struct plan *p, const struct source *tag)
{
	const struct ec2_instances *l = &p->inventory->instances;

	FOREACH(i, l)
		if (str_same(i->state, "running") &&
		    str_same(aws_tag_value(&i->tags, tag->name), tag->value))
			str_list_add(&p->mem, &p->collectors, i->id);
}

/* sync carries on with the remaining collectors. */
static void find_collectors(struct plan *p, bool sync)
{
	const struct str_list *l = &p->spec.target.collectors;

	FOREACH(text, l) {
		struct parse_error unused;
		struct source s;

		if (source_parse(&p->mem, *text, &s, &unused) &&
		    s.type == SOURCE_TAG)
			add_tagged(p, &s);
		else if (sync && is_terminated(p, *text))
			plan_report(p, DIAG_WARN,
				    "the collector %s no longer exists", *text);
		else
			str_list_add(&p->mem, &p->collectors, *text);
	}
}

static bool is_collector(const struct plan *p, const struct candidate *c)
{
	return c->instance && str_list_has(&p->collectors, c->instance->id);
}

/* A collector must not mirror to itself. */
static void drop_collectors(struct plan *p)
{
	size_t n = 0;

	FOREACH(c, &p->sources) {
		if (is_collector(p, c))
			plan_report(
				p,
				c->source->type == SOURCE_INSTANCE ||
						c->source->type ==
							SOURCE_INTERFACE
					? DIAG_WARN
					: DIAG_INFO,
				"%s belongs to the collector %s and is not mirrored",
				c->eni->id, c->instance->id);
		else
			p->sources.items[n++] = *c;
	}
	p->sources.n = n;
}

static void select_sources(struct plan *p, bool sync)
{
	const char *target_eni =
		p->spec.target.type == TARGET_ENI ? p->spec.target.id : NULL;
	size_t before = p->diagnostics.n;
	struct candidates excluded = {0};

	FOREACH(src, &p->spec.excluded)
		select_excluded(&p->mem, p->inventory, src, &excluded);
	FOREACH(src, &p->spec.sources)
		select_source(&p->mem, p->inventory, src, target_eni, &excluded,
			      &p->sources, &p->diagnostics);
	drop_collectors(p);
	for (size_t i = before; sync && i < p->diagnostics.n; i++)
		if (p->diagnostics.items[i].level == DIAG_FAIL)
			p->diagnostics.items[i].level = DIAG_WARN;
	if (!p->sources.n && !diag_failed(&p->diagnostics))
		plan_report(
			p, sync ? DIAG_WARN : DIAG_FAIL,
			p->spec.sources.n
				? "none of the sources has a network interface that AWS can mirror"
				: "no source is specified");
}

static void choose_vni(struct plan *p)
{
	const struct mirror_sessions *l = &p->inventory->sessions;
	uint32_t *taken = arena_alloc(&p->mem, (l->n + 1) * sizeof(*taken));
	uint32_t current = 0;
	const struct mirror_session *other = NULL;
	size_t n = 0;

	if (!taken)
		return;
	FOREACH(s, l) {
		if (is_ours(p, s)) {
			current = (uint32_t)s->vni;
			continue;
		}
		taken[n++] = (uint32_t)s->vni;
		if (p->spec.vni && s->vni == p->spec.vni)
			other = s;
	}
	if (other)
		plan_report(
			p, DIAG_FAIL,
			"VNI %u is used by session %s, which does not belong to this deployment; choose another, or omit --vni to get a free one",
			p->spec.vni, other->id);
	/* Accounts and regions may share a collector, so the same name in
	 * another one must not yield the same VNI. */
	if (!p->spec.vni)
		p->spec.vni =
			current ? current
				: vni_choose(arena_printf(&p->mem, "%s/%s/%s",
							  p->inventory->account,
							  p->inventory->region,
							  p->spec.name),
					     taken, n);
}

/* --- the filter --- */

static bool rule_of(const struct mirror_rule *m, bool egress,
		    struct filter_rule *out)
{
	struct parse_error unused;

	*out = (struct filter_rule){.egress = egress,
				    .reject = str_same(m->action, "reject"),
				    .number = (uint32_t)m->number,
				    .protocol = (int)m->protocol};
	if (m->dst_from >= 0) {
		out->has_to_ports = true;
		out->to_ports = (struct port_range){(uint16_t)m->dst_from,
						    (uint16_t)m->dst_to};
	}
	if (m->src_from >= 0) {
		out->has_from_ports = true;
		out->from_ports = (struct port_range){(uint16_t)m->src_from,
						      (uint16_t)m->src_to};
	}
	return m->src_cidr && m->dst_cidr &&
	       cidr_parse(m->src_cidr, &out->from, &unused) &&
	       cidr_parse(m->dst_cidr, &out->to, &unused);
}

static bool filter_is(struct plan *p, const struct mirror_filter *m)
{
	struct filter_rules have = {0};

	for (size_t i = 0; i < m->ingress.n + m->egress.n; i++) {
		bool egress = i >= m->ingress.n;
		struct filter_rule *r = ARENA_ADD(&p->mem, &have);

		if (!r || !rule_of(egress ? &m->egress.items[i - m->ingress.n]
					  : &m->ingress.items[i],
				   egress, r))
			return false;
	}
	return filter_rules_same(&have, &p->rules);
}

/* Changed rules become a new filter, which the sessions are then switched to:
 * they never mirror by half of the rules, and the switch can be undone. */
static void plan_filter(struct plan *p, const struct deployment *current,
			const struct tag_list *tags)
{
	struct step *s;

	if (current->filter && filter_is(p, current->filter)) {
		p->filter = ref_id(current->filter->id);
		restore_services(p, current->filter);
		return;
	}
	s = plan_step(p, STEP_CREATE_FILTER, &p->filter,
		      "create a mirror filter");
	s->undo_text = "delete the mirror filter";
	s->description = name_resource(&p->mem, p->spec.name);
	s->tags = *tags;
	FOREACH(rule, &p->rules) {
		s = plan_step(p, STEP_CREATE_RULE, NULL, "add its rule %s",
			      filter_rule_text(&p->mem, rule));
		s->on = p->filter;
		s->rule = *rule;
		s->tags =
			plan_new_tags(p, name_resource(&p->mem, p->spec.name));
	}
}

/* --- sessions --- */

static const struct mirror_session *own_session(const struct plan *p,
						const char *eni)
{
	FOREACH(s, &p->inventory->sessions) {
		if (is_ours(p, s) && str_same(s->interface_id, eni))
			return s;
	}
	return NULL;
}

static void new_session(struct plan *p, const struct candidate *c,
			const struct session_config *config)
{
	const struct mirror_sessions *l = &p->inventory->sessions;
	uint32_t taken[LIMIT_SESSIONS_PER_SOURCE] = {0};
	const char *name = inventory_interface_name(p->inventory, c->eni);
	const struct mirror_session *first = NULL;
	struct step *s;
	size_t n = 0;

	FOREACH(m, l) {
		if (!str_same(m->interface_id, c->eni->id))
			continue;
		if (n < LIMIT_SESSIONS_PER_SOURCE)
			taken[n] = (uint32_t)m->number;
		n++;
		if (!first || m->number < first->number)
			first = m;
	}
	if (n >= LIMIT_SESSIONS_PER_SOURCE) {
		plan_report(
			p, DIAG_FAIL,
			"%s already has %zu mirror sessions of others, but AWS allows %d per interface; delete one of them",
			c->eni->id, n, LIMIT_SESSIONS_PER_SOURCE);
		return;
	}
	if (first)
		plan_report(
			p, DIAG_WARN,
			"%s is also mirrored by others: packets that the filter of session %s (number %ld) accepts go there only, not to this deployment",
			c->eni->id, first->id, (long)first->number);
	s = plan_step(p, STEP_CREATE_SESSION, NULL, "mirror %s%s%s%s",
		      c->eni->id, *name ? " (" : "", name, *name ? ")" : "");
	s->undo_text = "stop mirroring it";
	s->eni = c->eni->id;
	s->number = session_free_number(taken, n);
	s->session = *config;
	s->description = name_resource(&p->mem, p->spec.name);
	s->tags = plan_new_tags(p, s->description);
	if (strlen(c->source->text) <= LIMIT_TAG_VALUE)
		tags_add(&p->mem, &s->tags, TAG_SOURCE, c->source->text);
	tags_add(&p->mem, &s->tags, TAG_NUMBER,
		 arena_printf(&p->mem, "%u", s->number));
	p->added++;
}

/* The number that setup gave the session; 0 if it stays as it is. */
static uint32_t lost_number(struct plan *p, const struct mirror_session *m)
{
	uint32_t wanted = plan_session_number(m);

	if (!wanted || wanted == m->number)
		return 0;
	FOREACH(other, &p->inventory->sessions) {
		if (other == m ||
		    !str_same(other->interface_id, m->interface_id) ||
		    other->number != wanted)
			continue;
		plan_report(
			p, DIAG_WARN,
			"the session %s keeps the number %ld, which was set by hand: its own, %u, is now that of session %s",
			m->id, (long)m->number, wanted, other->id);
		return 0;
	}
	return wanted;
}

/* "VNI and packet length" */
static const char *changes_text(struct plan *p, const struct mirror_session *m,
				const struct session_config *to, bool length)
{
	struct str_list l = {0};

	if (!str_same(m->target_id, to->target.id))
		str_list_add(&p->mem, &l, "target");
	if (!str_same(m->filter_id, to->filter.id))
		str_list_add(&p->mem, &l, "filter");
	if (m->vni != to->vni)
		str_list_add(&p->mem, &l, "VNI");
	if (length)
		str_list_add(&p->mem, &l, "packet length");
	if (to->number)
		str_list_add(&p->mem, &l, "number");
	if (to->description)
		str_list_add(&p->mem, &l, "description");
	return str_list_text(&p->mem, &l, 6);
}

static void update_session(struct plan *p, const struct mirror_session *m,
			   struct session_config config)
{
	/* Without a request, AWS reports its own default, which truncates
	 * nothing; anything else was set by hand. */
	bool truncated = !config.packet_length && m->packet_length > 0 &&
			 m->packet_length != PACKET_LENGTH_DEFAULT &&
			 m->packet_length < PACKET_LENGTH_MAX;
	bool length = truncated || (config.packet_length &&
				    m->packet_length != config.packet_length);
	const char *description = name_resource(&p->mem, p->spec.name), *what;
	struct step *s;

	config.number = lost_number(p, m);
	if (!str_same(m->description, description))
		config.description = description;
	what = changes_text(p, m, &config, length);
	if (!*what) {
		p->kept++;
		return;
	}
	s = plan_step(p, STEP_MODIFY_SESSION, NULL,
		      "change the session %s of %s: %s", m->id, m->interface_id,
		      what);
	s->undo_text = "change it back";
	s->on = ref_id(m->id);
	s->eni = m->interface_id;
	s->number = (uint32_t)m->number;
	s->session = config;
	s->old_session = (struct session_config){
		.target = ref_id(m->target_id),
		.filter = ref_id(m->filter_id),
		.vni = (uint32_t)m->vni,
		.packet_length = truncated || config.packet_length
					 ? (uint32_t)m->packet_length
					 : 0,
		.number = config.number ? (uint32_t)m->number : 0,
		.description = !config.description ? NULL
			       : m->description	   ? m->description
						   : ""};
	p->changed++;
}

static bool is_source(const struct plan *p, const char *eni)
{
	FOREACH(src, &p->sources)
		if (str_same(src->eni->id, eni))
			return true;
	return false;
}

/* A source for which no collector has room: nothing new, and nothing lost. */
static void leave_session(struct plan *p, const struct mirror_session *m)
{
	if (!m)
		return;
	str_list_add(&p->mem, &p->kept_targets, m->target_id);
	p->kept++;
}

static void plan_sessions(struct plan *p)
{
	struct session_config config = {.target = p->target,
					.filter = p->filter,
					.vni = p->spec.vni,
					.packet_length = p->spec.packet_length};

	FOREACH(src, &p->sources) {
		const struct mirror_session *m = own_session(p, src->eni->id);

		if (p->placed.n)
			config.target =
				p->placed.items[LIST_INDEX(src, &p->sources)];
		if (p->placed.n && !config.target.id && config.target.step < 0)
			leave_session(p, m);
		else if (m)
			update_session(p, m, config);
		else
			new_session(p, src, &config);
	}
}

/* Deletes whatever the deployment no longer needs. */
static void collect_unneeded(struct plan *p, const struct deployment *current)
{
	struct collection collection = {.deployment = p->spec.name,
					.keep_filter = p->filter.id,
					.keep_target = p->target.id,
					.keep_lb = p->spec.target.type ==
							   TARGET_NLB &&
						   str_empty(p->spec.target.id),
					.keep_rules = true};

	plan_deregister(p,
			collection.keep_lb ? current : &(struct deployment){0});
	FOREACH(s, &p->inventory->sessions) {
		if (!is_ours(p, s))
			continue;
		/* Sessions that stay already use the new filter and target. */
		str_list_add(&p->mem, &collection.released, s->id);
		if (!is_source(p, s->interface_id))
			plan_delete_session(p, s);
	}
	plan_collect(p, &collection);
	revoke_changed_rules(p);
}

static void estimate(struct plan *p)
{
	struct str_list zones = {0};
	struct cost_input in = {.sessions = p->sources.n};

	FOREACH(src, &p->sources)
		if (src->eni->zone)
			str_list_add(&p->mem, &zones, src->eni->zone);
	FOREACH(id, &p->collectors) {
		const struct ec2_instance *c =
			inventory_instance(p->inventory, *id);

		if (c && c->zone)
			str_list_add(&p->mem, &zones, c->zone);
	}
	in.zones = zones.n;
	in.new_load_balancers = p->spec.target.type == TARGET_NLB &&
				str_empty(p->spec.target.id);
	cost_estimate(&p->mem, &cost_default_prices, p->inventory->region, &in,
		      &p->cost);
}

int plan_setup(struct plan *p, const struct inventory *inv,
	       const struct spec *spec, enum plan_mode mode)
{
	bool sync = mode == PLAN_SYNC;
	struct filter_advice advice;
	struct parse_error err;
	struct tag_list tags;
	struct deployment current;

	*p = (struct plan){.inventory = inv, .sync = sync};
	copy_spec(p, spec);
	find_changed_rules(p);
	find_collectors(p, sync);
	record_known(p);
	deployment_find(p->inventory, p->spec.name, &current);
	if (!spec_name_check(p->spec.name, &err) ||
	    !packet_length_check(p->spec.target.type, p->spec.packet_length,
				 &err))
		plan_report(p, DIAG_FAIL, "%s", err.text);
	if (filter_build(&p->mem, &p->spec.filter, &p->rules, &advice))
		plan_report(p, DIAG_FAIL, "%s", advice.text);
	select_sources(p, sync);
	choose_vni(p);
	plan_target(p, &current);
	plan_reach(p, mode);
	tags = plan_filter_tags(p);
	plan_filter(p, &current, &tags);
	plan_sessions(p);
	plan_quotas(p);
	plan_advise(p);
	plan_retag(p, &current, &tags);
	restore_rule_texts(p);
	collect_unneeded(p, &current);
	estimate(p);
	return p->mem.failed ? -ENOMEM : 0;
}
