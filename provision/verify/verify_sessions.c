/* SPDX-License-Identifier: MIT */
/* Is every source mirrored, and with the requested settings? */
#include <string.h>

#include "model/instance.h"
#include "base/list.h"
#include "model/limits.h"
#include "verify/verify_sessions.h"
#include "model/filter_text.h"

#define NAMES_MAX 5 /* listed per row */

/* --- sources --- */

static const char *first_note(const struct diagnostics *l)
{
	FOREACH(d, l)
		if (d->level == DIAG_FAIL)
			return d->text;
	FOREACH(d, l)
		if (d->level == DIAG_WARN)
			return d->text;
	return "it has no network interface at present";
}

void check_sources(struct checker *c)
{
	const struct spec *spec = &c->plan.spec;
	const char *target_eni =
		spec->target.type == TARGET_ENI ? spec->target.id : NULL;

	FOREACH(s, &spec->sources) {
		struct candidates found = {0};
		struct diagnostics diagnostics = {0};

		select_source(c->a, c->inv, s, target_eni, NULL, &found,
			      &diagnostics);
		if (diag_failed(&diagnostics))
			check_row(
				c, VERIFY_FAIL, CHECK_SOURCES, s->text,
				arena_printf(
					c->a,
					"name every source to mirror with --source: %s",
					check_mirror(c, "setup")),
				"%s", first_note(&diagnostics));
		else if (!found.n)
			check_row(
				c, VERIFY_WARN, CHECK_SOURCES, s->text,
				"nothing to do if this is expected; sync adds interfaces as they appear",
				"%s", first_note(&diagnostics));
		else
			check_row(c, VERIFY_OK, CHECK_SOURCES, s->text, "",
				  "%zu network interface%s", found.n,
				  found.n == 1 ? "" : "s");
	}
}

/* --- sessions --- */

static size_t foreign_sessions(const struct checker *c, const char *eni,
			       const struct mirror_session **first)
{
	size_t n = 0;

	*first = NULL;
	FOREACH(s, &c->inv->sessions) {
		if (!str_same(s->interface_id, eni) ||
		    deployment_owns(&s->tags, c->name))
			continue;
		n++;
		if (!*first || s->number < (*first)->number)
			*first = s;
	}
	return n;
}

static const struct mirror_session *session_of(const struct checker *c,
					       const char *eni)
{
	FOREACH(s, &c->sessions)
		if (str_same(s->interface_id, eni))
			return s;
	return NULL;
}

/* Interfaces without a session; those at their quota get rows of their own. */
static void missing_sessions(struct checker *c)
{
	struct str_list missing = {0};

	FOREACH(src, &c->plan.sources) {
		const char *eni = src->eni->id;
		const struct mirror_session *first;
		size_t others;

		if (session_of(c, eni))
			continue;
		others = foreign_sessions(c, eni, &first);
		if (others < LIMIT_SESSIONS_PER_SOURCE)
			str_list_add(c->a, &missing, eni);
		else
			check_row(
				c, VERIFY_FAIL, CHECK_SESSIONS, eni,
				arena_printf(
					c->a,
					"delete a session that nobody needs, for example: %s",
					check_aws(
						c,
						"ec2 delete-traffic-mirror-session --traffic-mirror-session-id %s",
						first->id)),
				"is not mirrored: it has %zu sessions of others, and AWS allows %d per interface",
				others, LIMIT_SESSIONS_PER_SOURCE);
	}
	if (missing.n)
		check_row(
			c, VERIFY_FAIL, CHECK_SESSIONS,
			str_list_text(c->a, &missing, NAMES_MAX),
			check_mirror(c, "sync"),
			"%zu of %zu source interfaces %s no session and %s not mirrored",
			missing.n, c->plan.sources.n,
			missing.n == 1 ? "has" : "have",
			missing.n == 1 ? "is" : "are");
}

/* A length that was set by hand has a row in check_packet_length(). */
static bool differs_in_length_only(const struct step *s)
{
	const struct session_config *a = &s->session, *b = &s->old_session;

	return !a->packet_length && b->packet_length && a->vni == b->vni &&
	       str_same(a->target.id, b->target.id) &&
	       str_same(a->filter.id, b->filter.id);
}

static void different_session(struct checker *c, const struct step *s)
{
	bool target = !str_same(s->session.target.id, s->old_session.target.id);
	bool filter = !str_same(s->session.filter.id, s->old_session.filter.id);
	const char *what =
		"truncates packets at a different length than requested";

	if (target)
		what = "sends to a different target than requested";
	else if (filter)
		what = "has a different filter than requested";
	else if (s->session.vni != s->old_session.vni)
		what = "has a different VNI than requested";
	else if (s->session.number)
		what = "has a different number than requested";
	else if (s->session.description)
		what = "has a different description than requested";
	check_row(c, target || filter ? VERIFY_FAIL : VERIFY_WARN,
		  CHECK_SESSIONS, s->on.id, check_mirror(c, "sync"),
		  "the session of %s %s", s->eni, what);
}

static void differing_sessions(struct checker *c)
{
	const struct steps *l = &c->plan.steps;
	struct str_list stale = {0};

	FOREACH(s, l) {
		/* A new filter or target changes every session and has a row of
		 * its own. */
		if (s->type == STEP_MODIFY_SESSION &&
		    !differs_in_length_only(s) && s->session.target.step < 0 &&
		    s->session.filter.step < 0)
			different_session(c, s);
		if (s->type == STEP_DELETE_SESSION)
			str_list_add(c->a, &stale, s->on.id);
	}
	if (stale.n)
		check_row(
			c, VERIFY_WARN, CHECK_SESSIONS,
			str_list_text(c->a, &stale, NAMES_MAX),
			check_mirror(c, "sync"),
			"%zu session%s of interfaces that no source includes any more; they cost money",
			stale.n, stale.n == 1 ? "" : "s");
}

/* A packet goes only to the session with the lowest number whose filter accepts
 * it. */
static void shadowed_sessions(struct checker *c)
{
	FOREACH(m, &c->sessions) {
		const struct mirror_session *s = m, *first;

		if (foreign_sessions(c, s->interface_id, &first) &&
		    first->number < s->number)
			check_row(
				c, VERIFY_WARN, CHECK_SESSIONS, s->id,
				"nothing to do if its filter accepts other traffic; otherwise talk to its owner",
				"%s is also mirrored by session %s with the lower number %ld: packets that its filter accepts do not arrive here",
				s->interface_id, first->id,
				(long)first->number);
	}
}

static void check_filter(struct checker *c)
{
	const struct filter_spec *spec = &c->plan.spec.filter;
	const struct mirror_filter *m = c->current.filter;

	if (c->plan.filter.step >= 0)
		check_row(
			c, VERIFY_FAIL, CHECK_FILTER, m->id,
			check_mirror(c, "sync"),
			"its %zu ingress and %zu egress rules are not the %zu requested rules%s",
			m->ingress.n, m->egress.n, c->plan.rules.n,
			m->ingress.n && m->egress.n
				? ""
				: "; one direction is not mirrored at all");
	else
		check_row(c, VERIFY_OK, CHECK_FILTER, m->id, "",
			  "%zu rules, as requested: protocol %s, ports %s",
			  c->plan.rules.n, filter_protocol_text(spec->protocol),
			  filter_ports_text(c->a, &spec->ports));
}

void check_sessions(struct checker *c)
{
	missing_sessions(c);
	differing_sessions(c);
	shadowed_sessions(c);
	if (!c->plan.sources.n && !c->sessions.n)
		check_row(c, VERIFY_FAIL, CHECK_SESSIONS, c->name,
			  check_mirror(c, "sync"),
			  "no sessions: nothing is mirrored");
	if (!check_has(c, CHECK_SESSIONS))
		check_row(c, VERIFY_OK, CHECK_SESSIONS, c->name, "",
			  "%zu session%s, one per interface; VNI %u",
			  c->sessions.n, c->sessions.n == 1 ? "" : "s",
			  c->plan.spec.vni);
	check_filter(c);
}

/* --- mirrored instances --- */

static void instance_rows(struct checker *c, const struct ec2_instance *i)
{
	enum instance_support support = INSTANCE_SUPPORTED;
	const char *why = "";

	if (!str_same(i->state, "running"))
		check_row(
			c, VERIFY_WARN, CHECK_INSTANCES, i->id,
			check_aws(c, "ec2 start-instances --instance-ids %s",
				  i->id),
			"is %s: its sessions cost money but carry no traffic until it runs",
			i->state ? i->state : "in an unknown state");
	if (!str_empty(i->type))
		support = instance_support(i->type, &why);
	if (support != INSTANCE_SUPPORTED)
		check_row(
			c,
			support == INSTANCE_UNSUPPORTED ? VERIFY_FAIL
							: VERIFY_WARN,
			CHECK_INSTANCE_TYPE, i->id,
			support == INSTANCE_UNSUPPORTED
				? arena_printf(
					  c->a,
					  "stop it, then change its type: %s",
					  check_aws(
						  c,
						  "ec2 modify-instance-attribute --instance-id %s --instance-type t3.large",
						  i->id))
				: "nothing to do if \"mirrored\" below shows packets from it; otherwise change its type",
			"%s: %s", i->type, why);
}

void check_instances(struct checker *c)
{
	struct str_list seen = {0};

	FOREACH(src, &c->plan.sources) {
		const struct ec2_instance *in = src->instance;

		if (!in || str_list_has(&seen, in->id))
			continue;
		str_list_add(c->a, &seen, in->id);
		instance_rows(c, in);
	}
	if (seen.n && !check_has(c, CHECK_INSTANCES))
		check_row(c, VERIFY_OK, CHECK_INSTANCES,
			  str_list_text(c->a, &seen, NAMES_MAX), "",
			  "%zu instance%s running", seen.n,
			  seen.n == 1 ? " is" : "s are");
	if (seen.n && !check_has(c, CHECK_INSTANCE_TYPE))
		check_row(c, VERIFY_OK, CHECK_INSTANCE_TYPE,
			  str_list_text(c->a, &seen, NAMES_MAX), "",
			  "AWS mirrors all of their types");
}
