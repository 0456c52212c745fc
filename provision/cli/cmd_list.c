/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/exit.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "plan/plan.h"
#include "model/inventory_load.h"
#include "model/deployment.h"

struct listed_deployment {
	const char *name;
	struct spec spec;
	bool readable; /* the spec */
	struct parse_error error;
	const struct mirror_target *target;
	const struct mirror_filter *filter;
	struct {
		struct session_view *items;
		size_t n;
	} sessions;
};

struct deployments {
	struct listed_deployment *items;
	size_t n;
};

static void add_session(struct mirror *m, struct listed_deployment *d,
			const struct mirror_session *s)
{
	struct session_view *v = ARENA_ADD(&m->mem, &d->sessions);

	if (v)
		view_session(&m->mem, &m->inventory, s, v);
}

static void fill(struct mirror *m, struct listed_deployment *d,
		 const char *name)
{
	const struct inventory *f = &m->inventory;

	d->name = name;
	d->readable = !deployment_spec(&m->mem, f, name, &d->spec, &d->error);
	for (size_t i = 0; i < f->sessions.n; i++)
		if (str_same(tags_deployment(&f->sessions.items[i].tags), name))
			add_session(m, d, &f->sessions.items[i]);
	for (size_t i = 0; i < f->targets.n && !d->target; i++)
		if (str_same(tags_deployment(&f->targets.items[i].tags), name))
			d->target = &f->targets.items[i];
	for (size_t i = 0; i < f->filters.n && !d->filter; i++)
		if (str_same(tags_deployment(&f->filters.items[i].tags), name))
			d->filter = &f->filters.items[i];
}

static cJSON *json_target(struct mirror *m, const struct mirror_target *t)
{
	static const char *const states[] = {"active", "idle", "broken"};
	cJSON *o = cJSON_CreateObject();
	const char *why;

	json_text(o, "id", t->id);
	json_text(o, "type", t->type);
	json_text(o, "to",
		  t->interface_id	 ? t->interface_id
		  : t->load_balancer_arn ? t->load_balancer_arn
					 : t->endpoint_id);
	json_text(o, "state",
		  states[view_target_state(&m->mem, &m->inventory, t, &why)]);
	json_text(o, "why", why);
	return o;
}

static cJSON *json_deployment(struct mirror *m,
			      const struct listed_deployment *d)
{
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "name", d->name);
	if (d->readable && d->spec.vni)
		json_number(o, "vni", d->spec.vni);
	else
		cJSON_AddNullToObject(o, "vni");
	l = cJSON_AddArrayToObject(o, "sources");
	for (size_t i = 0; i < d->spec.sources.n; i++)
		cJSON_AddItemToArray(
			l, cJSON_CreateString(d->spec.sources.items[i].text));
	if (d->filter) {
		l = cJSON_AddObjectToObject(o, "filter");
		json_text(l, "id", d->filter->id);
		json_text(l, "text",
			  d->readable ? view_filter(&m->mem, &d->spec.filter)
				      : NULL);
	} else {
		cJSON_AddNullToObject(o, "filter");
	}
	cJSON_AddItemToObject(o, "target",
			      d->target ? json_target(m, d->target)
					: cJSON_CreateNull());
	l = cJSON_AddArrayToObject(o, "sessions");
	for (size_t i = 0; i < d->sessions.n; i++)
		cJSON_AddItemToArray(
			l, json_session(&m->inventory, &d->sessions.items[i]));
	return o;
}

static int print_json(struct mirror *m, const struct deployments *all,
		      const struct listed_deployment *foreign)
{
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "region", m->inventory.region);
	json_text(o, "account", m->inventory.account);
	l = cJSON_AddArrayToObject(o, "deployments");
	for (size_t i = 0; i < all->n; i++)
		cJSON_AddItemToArray(l, json_deployment(m, &all->items[i]));
	l = cJSON_AddArrayToObject(o, "foreignSessions");
	for (size_t i = 0; i < foreign->sessions.n; i++)
		cJSON_AddItemToArray(l,
				     json_session(&m->inventory,
						  &foreign->sessions.items[i]));
	return report_json(m, o);
}

static void print_sessions(struct mirror *m, const struct listed_deployment *d,
			   bool foreign)
{
	static const char *const own[] = {
		"SESSION", "SOURCE", "INTERFACE", "NAME", "VNI", "STATE", NULL};
	struct table t = {.heads = own};

	for (size_t i = 0; i < d->sessions.n; i++) {
		const struct session_view *v = &d->sessions.items[i];
		const char *cells[] = {
			v->session->id,
			foreign ? v->session->target_id
			: str_same(v->source, v->session->interface_id)
				? ""
				: v->source,
			v->session->interface_id, v->name,
			/* What all have is said above. */
			!foreign && d->readable &&
					v->session->vni == d->spec.vni
				? ""
				: arena_printf(&m->mem, "%ld",
					       (long)v->session->vni),
			v->why};

		table_row(&m->mem, &t, state_style(v->state), cells);
	}
	table_print(&m->out, &t, 2);
}

static void print_deployment(struct mirror *m,
			     const struct listed_deployment *d)
{
	struct term *out = &m->out;
	enum view_state state;
	const char *why;

	term_style(out, BOLD, "%s", d->name);
	term_print(out, "  %s, %zu session%s", m->inventory.region,
		   d->sessions.n, d->sessions.n == 1 ? "" : "s");
	if (d->readable && d->spec.vni)
		term_print(out, ", VNI %u", d->spec.vni);
	term_print(out, "\n");
	if (d->target) {
		term_print(out, "  target  %s, %s: ", d->target->id,
			   view_target(&m->mem, &m->inventory, d->target));
		state = view_target_state(&m->mem, &m->inventory, d->target,
					  &why);
		term_style(out, state_style(state), "%s\n", why);
	}
	if (d->filter)
		term_print(out, "  filter  %s, %s\n", d->filter->id,
			   d->readable ? view_filter(&m->mem, &d->spec.filter)
				       : d->error.text);
	if (d->sessions.n)
		term_print(out, "\n");
	print_sessions(m, d, false);
}

static void print_all(struct mirror *m, const struct deployments *all,
		      const struct listed_deployment *foreign)
{
	struct term *out = &m->out;
	size_t n = foreign->sessions.n;

	for (size_t i = 0; i < all->n; i++) {
		if (i)
			term_print(out, "\n");
		print_deployment(m, &all->items[i]);
	}
	if (!all->n)
		term_print(
			out,
			"Nothing is mirrored by metlo-mirror in %s; \"%s\" begins.\n",
			m->inventory.region, mirror_command(m, "setup", NULL));
	if (!n)
		return;
	term_print(out, "\n%zu session%s not made by metlo-mirror%s\n", n,
		   n == 1 ? " was" : "s were",
		   m->settings.all ? ":" : " (--all shows them)");
	if (m->settings.all)
		print_sessions(m, foreign, true);
}

int cmd_list(struct mirror *m)
{
	const struct string_list *names = &m->settings.names;
	struct inventory_scope wanted = {.network = true, .health = true};
	struct deployments all = {0};
	struct listed_deployment foreign = {0};
	struct str_list found;
	int code = mirror_open(m, false);

	if (code == EXIT_DONE)
		code = mirror_load(m, &wanted);
	if (code != EXIT_DONE)
		return code;
	found = inventory_deployments(&m->mem, &m->inventory);
	for (unsigned int i = 0; i < names->n; i++)
		if (!str_list_has(&found, names->item[i])) {
			log_error(&m->log,
				  "there is no deployment \"%s\" in %s",
				  names->item[i], m->inventory.region);
			code = EXIT_NO_DEPLOYMENT;
		}
	for (size_t i = 0; i < found.n; i++) {
		bool named = !names->n;
		struct listed_deployment *d;

		for (unsigned int k = 0; k < names->n; k++)
			named |= !strcmp(names->item[k], found.items[i]);
		d = named ? ARENA_ADD(&m->mem, &all) : NULL;
		if (d)
			fill(m, d, found.items[i]);
	}
	for (size_t i = 0; !names->n && i < m->inventory.sessions.n; i++)
		if (!tags_deployment(&m->inventory.sessions.items[i].tags))
			add_session(m, &foreign,
				    &m->inventory.sessions.items[i]);
	if (code != EXIT_DONE && !all.n)
		return code;
	if (m->settings.json) {
		int printed = print_json(m, &all, &foreign);

		return code ? code : printed;
	}
	print_all(m, &all, &foreign);
	return code;
}
