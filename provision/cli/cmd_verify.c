/* SPDX-License-Identifier: MIT */
/* Runs the checks of each deployment and prints a row per check. */
#include <time.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/cmd_verify.h"
#include "cli/collector_metrics.h"
#include "cli/report.h"
#include "model/inventory_load.h"
#include "verify/verify.h"
#include "verify/verify_load.h"

struct verify_reports LIST_OF(struct verify_report);

static cJSON *json_report(const struct verify_report *r)
{
	static const char *const states[] = {"ok", "warn", "fail"};
	cJSON *o = cJSON_CreateObject(), *l;

	json_text(o, "name", r->deployment);
	json_text(o, "state",
		  states[r->failed   ? VERIFY_FAIL
			 : r->warned ? VERIFY_WARN
				     : VERIFY_OK]);
	l = cJSON_AddArrayToObject(o, "checks");
	FOREACH(row, r) {
		cJSON *c = json_append(l);

		json_text(c, "check", row->check);
		json_text(c, "state", states[row->state]);
		json_text(c, "subject", row->subject);
		json_text(c, "detail", row->detail);
		json_text(c, "fix", row->fix);
	}
	return o;
}

static int print_json(struct context *ctx, const struct verify_reports *l)
{
	cJSON *o = json_result(&ctx->inventory), *all;
	all = cJSON_AddArrayToObject(o, "deployments");
	FOREACH(report, l)
		cJSON_AddItemToArray(all, json_report(report));
	return report_json(ctx, o);
}

/* A fix is not wrapped, so that it can be pasted into a shell. */
static void print_row(struct context *ctx, const struct verify_row *r)
{
	static const enum style styles[] = {GREEN, YELLOW, RED};
	const char *head = arena_printf(&ctx->mem, "  %-4s  %-14s  ",
					verify_state_text(r->state), r->check);

	term_wrap(&ctx->out, styles[r->state], head,
		  arena_printf(&ctx->mem, "%s: %s", r->subject, r->detail));
	if (*r->fix)
		term_print(&ctx->out, "%*sfix: %s\n", 24, "", r->fix);
}

static void print_report(struct context *ctx, const struct verify_report *r)
{
	struct term *out = &ctx->out;
	size_t ok = r->n - r->warned - r->failed;

	term_style(out, BOLD, "%s", r->deployment);
	term_print(out, "  %s\n", ctx->inventory.region);
	FOREACH(row, r)
		print_row(ctx, row);
	term_print(out, "  %zu OK, %zu WARN, %zu FAIL: ", ok, r->warned,
		   r->failed);
	if (r->failed)
		term_style(out, RED, "traffic is missing\n");
	else if (r->warned)
		term_style(out, YELLOW, "see the warnings\n");
	else
		term_style(out, GREEN, "all checks passed\n");
}

static int verify_all(struct context *ctx, const struct str_list *names,
		      struct verify_extra *more, struct verify_reports *l)
{
	int code = EXIT_DONE;

	FOREACH(name, names) {
		struct verify_report r;
		struct parse_error err = {"out of memory"};
		struct verify_report *to;

		if (verify_deployment(&r, &ctx->inventory, more, *name, &err)) {
			log_error(&ctx->log, "%s: %s", *name, err.text);
			code = EXIT_FAILED;
			continue;
		}
		to = ARENA_ADD(&ctx->mem, l);
		if (to)
			*to = r;
		else
			verify_report_free(&r);
	}
	return code;
}

static int print_all(struct context *ctx, const struct verify_reports *l)
{
	int code = EXIT_DONE;

	FOREACH(report, l)
		if (report->failed)
			code = EXIT_CHECKS_FAILED;
	if (ctx->settings.json)
		return print_json(ctx, l) ? EXIT_FAILED : code;
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			term_print(&ctx->out, "\n");
		print_report(ctx, &l->items[i]);
	}
	return code;
}

int cmd_verify(struct context *ctx)
{
	struct inventory_scope scope = {.network = true,
					.health = true,
					.attributes = true,
					.paths = true,
					.own_sources = true};
	struct verify_extra more = {.profile = ctx->settings.profile,
				    .endpoint_url = ctx->settings.endpoint_url};
	struct aws_error err = {0};
	struct verify_reports l = {0};
	struct str_list names;
	struct collector_stats collector = {0};
	int code = context_open(ctx, false), missing = EXIT_DONE, shown;

	if (code == EXIT_DONE)
		code = collector_metrics_load(ctx, &collector);
	if (ctx->settings.collector_metrics.n)
		more.collector = &collector;
	if (code == EXIT_DONE)
		code = context_load(ctx, &scope);
	if (code != EXIT_DONE)
		return code;
	names = context_deployments(ctx, &ctx->mem, &missing);
	if (!names.n && missing == EXIT_DONE) {
		log_error(&ctx->log, "no deployment of metlo-mirror in %s",
			  ctx->inventory.region);
		return EXIT_NO_DEPLOYMENT;
	}
	if (!names.n)
		return missing;
	context_status(ctx, "reading attributes and metrics ...");
	if (verify_load(&more, ctx->client, &ctx->inventory, &names,
			!ctx->settings.no_metrics, (int64_t)time(NULL), &err))
		return context_fail(ctx, &err, "cannot read the account");
	context_status(ctx, "%s", "");
	code = verify_all(ctx, &names, &more, &l);
	shown = print_all(ctx, &l);
	FOREACH(report, &l)
		verify_report_free(report);
	verify_extra_free(&more);
	if (missing != EXIT_DONE)
		return missing;
	return code != EXIT_DONE ? code : shown;
}
