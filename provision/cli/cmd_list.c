/* SPDX-License-Identifier: MIT */
/* Lists deployments, found by their tags, and sessions created by others. */
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/cmd_list.h"
#include "cli/describe.h"
#include "cli/regions.h"
#include "cli/report.h"
#include "model/deployment.h"
#include "model/inventory_load.h"
#include "model/own_rules.h"
#include "plan/plan.h"
#include "term/table.h"

struct listed_deployment {
	const char *name;
	struct spec spec;
	bool readable; /* its tags hold a valid spec */
	struct parse_error error;
	const char *target_id; /* NULL: it has none yet, or none any more */
	const struct mirror_target *target; /* NULL: unknown to this account */
	const struct mirror_filter *filter;
	struct LIST_OF(struct session_status) sessions;
	struct own_rules rules; /* in security groups */
};

struct deployments LIST_OF(struct listed_deployment);

static void add_session(struct context *ctx, struct listed_deployment *d,
			const struct mirror_session *s)
{
	struct session_status *v = ARENA_ADD(&ctx->mem, &d->sessions);

	if (v)
		status_session(&ctx->mem, &ctx->inventory, s, v);
}

/* Its own target, or that of others which its sessions or settings name. */
static void find_target(const struct inventory *inv,
			struct listed_deployment *d,
			const struct mirror_target *own)
{
	d->target_id = own	       ? own->id
		       : d->sessions.n ? d->sessions.items[0].session->target_id
		       : d->readable && d->spec.target.type == TARGET_MIRROR
			       ? d->spec.target.id
			       : NULL;
	d->target = own		   ? own
		    : d->target_id ? inventory_target(inv, d->target_id)
				   : NULL;
}

static void fill(struct context *ctx, struct listed_deployment *d,
		 const char *name)
{
	const struct inventory *inv = &ctx->inventory;
	struct deployment current;

	d->name = name;
	d->readable =
		!deployment_spec(&ctx->mem, inv, name, &d->spec, &d->error);
	FOREACH(session, &inv->sessions)
		if (str_same(tags_deployment(&session->tags), name))
			add_session(ctx, d, session);
	d->rules = own_rules(&ctx->mem, inv, name);
	deployment_find(inv, name, &current);
	find_target(inv, d, current.target);
	d->filter = current.filter;
	/* It may have lost the tag that holds the settings. */
	for (size_t i = 0; i < inv->filters.n && !d->filter; i++)
		if (str_same(tags_deployment(&inv->filters.items[i].tags),
			     name))
			d->filter = &inv->filters.items[i];
}

/* What is left of a deployment whose removal was interrupted: everything else is
 * deleted after the filter. */
static struct str_list orphans(struct context *ctx,
			       const struct listed_deployment *d)
{
	struct str_list l = {0};
	struct deployment left;

	if (d->filter)
		return l;
	deployment_find(&ctx->inventory, d->name, &left);
	if (left.target)
		str_list_add(&ctx->mem, &l, left.target->id);
	if (left.lb)
		str_list_add(&ctx->mem, &l, left.lb->arn);
	if (left.tg)
		str_list_add(&ctx->mem, &l, left.tg->arn);
	if (left.group)
		str_list_add(&ctx->mem, &l, left.group->id);
	FOREACH(r, &d->rules)
		if (!left.group || !str_same(left.group->id, r->group))
			str_list_add(&ctx->mem, &l, r->id ? r->id : r->group);
	return l;
}

/* "the rule for udp 4789 from sg-1 in the security group sg-2" */
static const char *rule_name(struct context *ctx,
			     const struct listed_deployment *d, const char *id)
{
	FOREACH(r, &d->rules)
		if (str_same(r->id ? r->id : r->group, id))
			return arena_printf(
				&ctx->mem,
				"the rule for %s in the security group %s",
				own_rule_text(&ctx->mem, r), r->group);
	return NULL;
}

static void print_orphans(struct context *ctx,
			  const struct listed_deployment *d)
{
	struct str_list l = orphans(ctx, d), names = {0};

	FOREACH(id, &l) {
		const struct elbv2_load_balancer *lb = inventory_load_balancer(
			&ctx->inventory, *id, "network");
		const struct elbv2_target_group *tg =
			inventory_target_group(&ctx->inventory, *id);
		const char *name = rule_name(ctx, d, *id);

		name = name ? name
		       : lb ? arena_printf(
				      &ctx->mem,
				      "the load balancer %s (billed until it is deleted)",
				      lb->name)
		       : tg ? arena_printf(&ctx->mem, "the target group %s",
					   tg->name)
		       : !strncmp(*id, "sg-", 3)
			       ? arena_printf(&ctx->mem,
					      "the security group %s", *id)
			       : arena_printf(&ctx->mem, "the mirror target %s",
					      *id);

		str_list_add(&ctx->mem, &names, name);
	}
	if (l.n)
		term_wrap(
			&ctx->out, YELLOW, "  left    ",
			arena_printf(&ctx->mem, "%s; to delete: %s",
				     str_list_text(&ctx->mem, &names, 4),
				     context_command(ctx, "remove", d->name)));
}

static cJSON *json_target(struct context *ctx,
			  const struct listed_deployment *d)
{
	static const char *const states[] = {"active", "idle", "broken"};
	const struct mirror_target *t = d->target;
	cJSON *o;
	const char *why;

	if (!d->target_id)
		return cJSON_CreateNull();
	o = cJSON_CreateObject();
	json_text(o, "id", d->target_id);
	if (!t)
		return o;
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
	struct str_list left = orphans(ctx, d);
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "name", d->name);
	if (d->readable && d->spec.vni)
		json_number(o, "vni", d->spec.vni);
	else
		cJSON_AddNullToObject(o, "vni");
	json_text(o, "managedBy", deployment_manager(&ctx->inventory, d->name));
	json_tags(o, &d->spec.tags);
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
	cJSON_AddItemToObject(o, "target", json_target(ctx, d));
	l = cJSON_AddArrayToObject(o, "orphans");
	FOREACH(id, &left)
		cJSON_AddItemToArray(l, cJSON_CreateString(*id));
	l = cJSON_AddArrayToObject(o, "sessions");
	FOREACH(session, &d->sessions)
		cJSON_AddItemToArray(l, json_session(&ctx->inventory, session));
	return o;
}

/* What one region has. */
struct listing {
	struct deployments all;
	struct listed_deployment foreign;
};

static cJSON *json_region(struct context *ctx, const struct listing *r)
{
	cJSON *o = json_result(&ctx->inventory), *l;

	l = cJSON_AddArrayToObject(o, "deployments");
	FOREACH(deployment, &r->all)
		cJSON_AddItemToArray(l, json_deployment(ctx, deployment));
	l = cJSON_AddArrayToObject(o, "foreignSessions");
	FOREACH(session, &r->foreign.sessions)
		cJSON_AddItemToArray(l, json_session(&ctx->inventory, session));
	return o;
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
	if (deployment_manager(&ctx->inventory, d->name))
		term_print(out, ", managed by %s",
			   deployment_manager(&ctx->inventory, d->name));
	term_print(out, "\n");
	if (d->target) {
		state = status_target(&ctx->mem, &ctx->inventory, d->target,
				      &why);
		term_wrap_open(
			out, PLAIN, "  target  ",
			arena_printf(&ctx->mem, "%s, %s:", d->target->id,
				     describe_target(&ctx->mem, &ctx->inventory,
						     d->target)),
			term_width(why) + 1);
		term_style(out, state_style(state), " %s\n", why);
	} else if (d->target_id) {
		term_print(out, "  target  %s, deleted or of another account\n",
			   d->target_id);
	}
	if (d->readable && d->spec.target.type == TARGET_PLACED)
		term_print(out, "          and other interfaces of %s\n",
			   str_list_text(&ctx->mem, &d->spec.target.collectors,
					 4));
	if (d->filter)
		term_wrap(out, PLAIN, "  filter  ",
			  arena_printf(
				  &ctx->mem, "%s, %s", d->filter->id,
				  d->readable ? describe_filter(&ctx->mem,
								&d->spec.filter)
					      : d->error.text));
	FOREACH(tag, &d->spec.tags)
		term_print(out, "  tag     %s=%s\n", tag->key, tag->value);
	print_orphans(ctx, d);
	if (d->sessions.n)
		term_print(out, "\n");
	print_sessions(ctx, d, false);
}

static void print_region(struct context *ctx, const struct listing *r)
{
	const struct deployments *all = &r->all;
	const struct listed_deployment *foreign = &r->foreign;
	struct term *out = &ctx->out;
	size_t n = foreign->sessions.n;

	for (size_t i = 0; i < all->n; i++) {
		if (i)
			term_print(out, "\n");
		print_deployment(ctx, &all->items[i]);
	}
	if (!all->n && !ctx->settings.all_regions)
		term_print(
			out,
			"metlo-mirror mirrors nothing in %s; start with \"%s\".\n",
			ctx->inventory.region,
			context_command(ctx, "setup", NULL));
	if (!n)
		return;
	if (all->n || !ctx->settings.all_regions)
		term_print(out, "\n");
	term_print(out, "%zu session%s not created by metlo-mirror%s%s%s\n", n,
		   n == 1 ? " was" : "s were",
		   ctx->settings.all_regions ? " in " : "",
		   ctx->settings.all_regions ? ctx->inventory.region : "",
		   ctx->settings.all ? ":" : " (list with --all)");
	if (ctx->settings.all)
		print_sessions(ctx, foreign, true);
}

/* Loads the account in the current region of the client. Returns an exit code. */
static int load_region(struct context *ctx, struct listing *r)
{
	struct inventory_scope scope = {
		.network = true, .health = true, .rules = true};
	const struct string_list *names = &ctx->settings.names;
	struct str_list wanted = {0}, found;
	int code = context_load(ctx, &scope);

	if (code != EXIT_DONE)
		return code;
	for (unsigned int i = 0; i < names->n; i++)
		str_list_add(&ctx->mem, &wanted, names->item[i]);
	if (ctx->inventory.group_rules_denied)
		log_warn(
			&ctx->log,
			"rules in security groups of others are recognized only if something else of their deployment leads to them: ec2:DescribeSecurityGroupRules is not permitted");
	context_warn_rules(ctx);
	found = inventory_deployments(&ctx->mem, &ctx->inventory);
	FOREACH(name, &found) {
		struct listed_deployment *d =
			!names->n || str_list_has(&wanted, *name)
				? ARENA_ADD(&ctx->mem, &r->all)
				: NULL;

		if (d)
			fill(ctx, d, *name);
	}
	if (names->n)
		return EXIT_DONE;
	FOREACH(session, &ctx->inventory.sessions)
		if (!tags_deployment(&session->tags))
			add_session(ctx, &r->foreign, session);
	return EXIT_DONE;
}

static int list_region(struct context *ctx)
{
	struct listing r = {0};
	int printed, code = load_region(ctx, &r);

	if (code != EXIT_DONE)
		return code;
	context_deployments(ctx, &ctx->mem, &code); /* logs unknown names */
	if (code != EXIT_DONE && !r.all.n)
		return code;
	if (ctx->settings.json) {
		printed = report_json(ctx, json_region(ctx, &r));
		return code ? code : printed;
	}
	print_region(ctx, &r);
	return code;
}

/* The names of --name that no region has. Returns an exit code. */
static int check_names(struct context *ctx, const struct str_list *found)
{
	const struct string_list *names = &ctx->settings.names;
	int code = EXIT_DONE;

	for (unsigned int i = 0; i < names->n; i++) {
		if (str_list_has(found, names->item[i]))
			continue;
		log_error(&ctx->log,
			  "deployment \"%s\" does not exist in any region",
			  names->item[i]);
		code = EXIT_NO_DEPLOYMENT;
	}
	return code;
}

/* A region that cannot be read, for example because the organisation forbids it,
 * is reported and does not keep the others from being listed. */
static int list_regions(struct context *ctx)
{
	struct str_list regions = {0}, found = {0};
	cJSON *o = ctx->settings.json ? cJSON_CreateObject() : NULL;
	cJSON *l = o ? cJSON_AddArrayToObject(o, "regions") : NULL;
	int code = regions_load(ctx, &ctx->mem, &regions), all = code;
	size_t shown = 0;

	for (size_t i = 0; code == EXIT_DONE && i < regions.n; i++) {
		struct aws_error err = {0};
		struct listing r = {0};
		int one = EXIT_FAILED;

		if (aws_client_set_region(ctx->client, regions.items[i], &err))
			context_fail(ctx, &err, regions.items[i]);
		else
			one = load_region(ctx, &r);
		if (one == EXIT_INTERRUPTED)
			all = code = one;
		if (one != EXIT_DONE) {
			log_warn(&ctx->log, "%s is not listed",
				 regions.items[i]);
			all = all == EXIT_DONE ? one : all;
			continue;
		}
		FOREACH(d, &r.all)
			str_list_add(&ctx->mem, &found, d->name);
		if (l) {
			cJSON_AddItemToArray(l, json_region(ctx, &r));
		} else if (r.all.n || r.foreign.sessions.n) {
			if (shown++)
				term_print(&ctx->out, "\n");
			print_region(ctx, &r);
		}
	}
	if (!regions.n) {
		cJSON_Delete(o);
		return code;
	}
	if (o && report_json(ctx, o))
		all = EXIT_FAILED;
	if (!o && !shown && code == EXIT_DONE)
		term_print(&ctx->out,
			   "There are no mirror sessions in %zu regions.\n",
			   regions.n);
	return all != EXIT_DONE ? all : check_names(ctx, &found);
}

int cmd_list(struct context *ctx)
{
	int code;

	if (ctx->settings.all_regions && ctx->settings.region) {
		log_error(&ctx->log,
			  "--all-regions cannot be combined with --region");
		return EXIT_USAGE;
	}
	code = context_open(ctx, ctx->settings.all_regions);
	if (code != EXIT_DONE)
		return code;
	return ctx->settings.all_regions ? list_regions(ctx) : list_region(ctx);
}
