/* SPDX-License-Identifier: MIT */
/* Lists deployments, found by their tags, and sessions created by others. */
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/cmd_list.h"
#include "cli/describe.h"
#include "cli/report.h"
#include "model/deployment.h"
#include "model/inventory_load.h"
#include "plan/plan.h"
#include "term/table.h"

struct listed_deployment {
	const char *name;
	struct spec spec;
	bool readable; /* its tags hold a valid spec */
	struct parse_error error;
	const struct mirror_target *target;
	const struct mirror_filter *filter;
	struct LIST_OF(struct session_status) sessions;
};

struct deployments LIST_OF(struct listed_deployment);

static void add_session(struct context *ctx, struct listed_deployment *d,
			const struct mirror_session *s)
{
	struct session_status *v = ARENA_ADD(&ctx->mem, &d->sessions);

	if (v)
		status_session(&ctx->mem, &ctx->inventory, s, v);
}

static void fill(struct context *ctx, struct listed_deployment *d,
		 const char *name)
{
	const struct inventory *inv = &ctx->inventory;

	d->name = name;
	d->readable =
		!deployment_spec(&ctx->mem, inv, name, &d->spec, &d->error);
	FOREACH(session, &inv->sessions)
		if (str_same(tags_deployment(&session->tags), name))
			add_session(ctx, d, session);
	for (size_t i = 0; i < inv->targets.n && !d->target; i++)
		if (str_same(tags_deployment(&inv->targets.items[i].tags),
			     name))
			d->target = &inv->targets.items[i];
	for (size_t i = 0; i < inv->filters.n && !d->filter; i++)
		if (str_same(tags_deployment(&inv->filters.items[i].tags),
			     name))
			d->filter = &inv->filters.items[i];
}

static cJSON *json_target(struct context *ctx, const struct mirror_target *t)
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
		  states[status_target(&ctx->mem, &ctx->inventory, t, &why)]);
	json_text(o, "why", why);
	return o;
}

static cJSON *json_deployment(struct context *ctx,
			      const struct listed_deployment *d)
{
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "name", d->name);
	if (d->readable && d->spec.vni)
		json_number(o, "vni", d->spec.vni);
	else
		cJSON_AddNullToObject(o, "vni");
	l = cJSON_AddArrayToObject(o, "sources");
	FOREACH(source, &d->spec.sources)
		cJSON_AddItemToArray(l, cJSON_CreateString(source->text));
	if (d->filter) {
		l = cJSON_AddObjectToObject(o, "filter");
		json_text(l, "id", d->filter->id);
		json_text(l, "text",
			  d->readable
				  ? describe_filter(&ctx->mem, &d->spec.filter)
				  : NULL);
	} else {
		cJSON_AddNullToObject(o, "filter");
	}
	cJSON_AddItemToObject(o, "target",
			      d->target ? json_target(ctx, d->target)
					: cJSON_CreateNull());
	l = cJSON_AddArrayToObject(o, "sessions");
	FOREACH(session, &d->sessions)
		cJSON_AddItemToArray(l, json_session(&ctx->inventory, session));
	return o;
}

static int print_json(struct context *ctx, const struct deployments *all,
		      const struct listed_deployment *foreign)
{
	cJSON *o = json_result(&ctx->inventory), *l;
	l = cJSON_AddArrayToObject(o, "deployments");
	FOREACH(deployment, all)
		cJSON_AddItemToArray(l, json_deployment(ctx, deployment));
	l = cJSON_AddArrayToObject(o, "foreignSessions");
	FOREACH(session, &foreign->sessions)
		cJSON_AddItemToArray(l, json_session(&ctx->inventory, session));
	return report_json(ctx, o);
}

static void print_sessions(struct context *ctx,
			   const struct listed_deployment *d, bool foreign)
{
	static const char *const own[] = {
		"SESSION", "SOURCE", "INTERFACE", "NAME", "VNI", "STATE", NULL};
	struct table t = {.heads = own};

	FOREACH(v, &d->sessions) {
		const char *cells[] = {
			v->session->id,
			foreign ? v->session->target_id
			: str_same(v->source, v->session->interface_id)
				? ""
				: v->source,
			v->session->interface_id, v->name,
			/* Omit the VNI that the heading shows. */
			!foreign && d->readable &&
					v->session->vni == d->spec.vni
				? ""
				: arena_printf(&ctx->mem, "%ld",
					       (long)v->session->vni),
			v->why};

		table_row(&ctx->mem, &t, state_style(v->state), cells);
	}
	table_print(&ctx->out, &t, 2);
}

static void print_deployment(struct context *ctx,
			     const struct listed_deployment *d)
{
	struct term *out = &ctx->out;
	enum mirroring_state state;
	const char *why;

	term_style(out, BOLD, "%s", d->name);
	term_print(out, "  %s, %zu session%s", ctx->inventory.region,
		   d->sessions.n, d->sessions.n == 1 ? "" : "s");
	if (d->readable && d->spec.vni)
		term_print(out, ", VNI %u", d->spec.vni);
	term_print(out, "\n");
	if (d->target) {
		term_print(
			out, "  target  %s, %s: ", d->target->id,
			describe_target(&ctx->mem, &ctx->inventory, d->target));
		state = status_target(&ctx->mem, &ctx->inventory, d->target,
				      &why);
		term_style(out, state_style(state), "%s\n", why);
	}
	if (d->filter)
		term_print(out, "  filter  %s, %s\n", d->filter->id,
			   d->readable
				   ? describe_filter(&ctx->mem, &d->spec.filter)
				   : d->error.text);
	if (d->sessions.n)
		term_print(out, "\n");
	print_sessions(ctx, d, false);
}

static void print_all(struct context *ctx, const struct deployments *all,
		      const struct listed_deployment *foreign)
{
	struct term *out = &ctx->out;
	size_t n = foreign->sessions.n;

	for (size_t i = 0; i < all->n; i++) {
		if (i)
			term_print(out, "\n");
		print_deployment(ctx, &all->items[i]);
	}
	if (!all->n)
		term_print(
			out,
			"metlo-mirror mirrors nothing in %s; start with \"%s\".\n",
			ctx->inventory.region,
			context_command(ctx, "setup", NULL));
	if (!n)
		return;
	term_print(out, "\n%zu session%s not created by metlo-mirror%s\n", n,
		   n == 1 ? " was" : "s were",
		   ctx->settings.all ? ":" : " (list with --all)");
	if (ctx->settings.all)
		print_sessions(ctx, foreign, true);
}

int cmd_list(struct context *ctx)
{
	struct inventory_scope scope = {.network = true, .health = true};
	const struct mirror_sessions *sessions = &ctx->inventory.sessions;
	struct deployments all = {0};
	struct listed_deployment foreign = {0};
	struct str_list found, selected;
	int printed, code = context_open(ctx, false);

	if (code == EXIT_DONE)
		code = context_load(ctx, &scope);
	if (code != EXIT_DONE)
		return code;
	found = inventory_deployments(&ctx->mem, &ctx->inventory);
	selected = context_deployments(ctx, &ctx->mem, &code);
	FOREACH(name, &found) {
		struct listed_deployment *d =
			str_list_has(&selected, *name)
				? ARENA_ADD(&ctx->mem, &all)
				: NULL;

		if (d)
			fill(ctx, d, *name);
	}
	for (size_t i = 0; !ctx->settings.names.n && i < sessions->n; i++)
		if (!tags_deployment(&sessions->items[i].tags))
			add_session(ctx, &foreign, &sessions->items[i]);
	if (code != EXIT_DONE && !all.n)
		return code;
	if (ctx->settings.json) {
		printed = print_json(ctx, &all, &foreign);
		return code ? code : printed;
	}
	print_all(ctx, &all, &foreign);
	return code;
}
