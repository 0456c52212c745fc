/* SPDX-License-Identifier: MIT */
/* Removes the deployments or sessions named by options or selected from a list. */
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/cmd_remove.h"
#include "cli/report_plan.h"
#include "cli/run.h"
#include "model/deployment.h"
#include "model/inventory_load.h"
#include "plan/plan_remove.h"
#include "term/prompt.h"

/* Lists each deployment followed by its sessions. */
static void list_choices(struct context *ctx, const struct str_list *all,
			 struct choices *c)
{
	const struct mirror_sessions *l = &ctx->inventory.sessions;

	FOREACH(deployment, all) {
		size_t n = status_count_sessions(&ctx->inventory, *deployment);

		choice_add(
			&ctx->mem, c, *deployment,
			arena_printf(
				&ctx->mem,
				"whole deployment: %zu session%s and what belongs to %s",
				n, n == 1 ? "" : "s", n == 1 ? "it" : "them"));
		FOREACH(session, l) {
			struct session_status v;

			if (!str_same(tags_deployment(&session->tags),
				      *deployment))
				continue;
			status_session(&ctx->mem, &ctx->inventory, session, &v);
			choice_add(&ctx->mem, c, session->id,
				   arena_printf(&ctx->mem, "of %s  %s  %s",
						session->interface_id, v.name,
						v.why));
		}
	}
}

static int select_from_list(struct context *ctx, const struct str_list *all,
			    struct removal *r)
{
	struct prompt p = context_prompt(ctx, &ctx->mem);
	struct choices c = {0};
	enum prompt_answer answer;

	list_choices(ctx, all, &c);
	answer = prompt_many(&p, "What should be removed?", &c, 1);
	if (answer != ANSWER_GIVEN)
		return context_cancelled(ctx, answer);
	FOREACH(choice, &c)
		if (choice->chosen)
			str_list_add(&ctx->mem,
				     str_list_has(all, choice->label)
					     ? &r->deployments
					     : &r->sessions,
				     choice->label);
	return EXIT_DONE;
}

static int select_named(struct context *ctx, const struct str_list *all,
			struct removal *r)
{
	const struct cli_settings *s = &ctx->settings;

	if (s->all)
		r->deployments = *all;
	for (unsigned int i = 0; i < s->names.n; i++) {
		if (!str_list_has(all, s->names.item[i])) {
			log_error(&ctx->log,
				  "deployment \"%s\" does not exist in %s",
				  s->names.item[i], ctx->inventory.region);
			return EXIT_NO_DEPLOYMENT;
		}
		str_list_add(&ctx->mem, &r->deployments, s->names.item[i]);
	}
	for (unsigned int i = 0; i < s->sessions.n; i++)
		str_list_add(&ctx->mem, &r->sessions, s->sessions.item[i]);
	return EXIT_DONE;
}

static bool names_something(const struct cli_settings *s)
{
	return s->all || s->names.n || s->sessions.n;
}

/* Without a terminal: names the missing options before AWS is called. */
static int check_options(struct context *ctx)
{
	const struct cli_settings *s = &ctx->settings;
	bool what = names_something(s), sure = s->yes || s->dry_run;

	if (ctx->can_ask || (what && sure))
		return EXIT_DONE;
	log_error(
		&ctx->log,
		"%s%s%s missing and there is no terminal to ask on; see \"%s help remove\"",
		what ? "" : "--name, --session or --all",
		what || sure ? "" : " and ",
		sure   ? " is"
		: what ? "--yes is"
		       : "--yes are",
		ctx->log.program);
	return EXIT_USAGE;
}

static int carry_out(struct context *ctx, struct plan *p)
{
	struct prompt prompt = context_prompt(ctx, &ctx->mem);
	struct apply_result result = {.outcome = APPLY_DONE};
	enum prompt_answer answer = ANSWER_GIVEN;
	bool yes = true, failed = diag_failed(&p->diagnostics);
	int code = failed ? EXIT_FAILED : EXIT_DONE;

	removal_print(&ctx->mem, &ctx->err, p);
	if (failed) {
		result.outcome = APPLY_REFUSED;
		log_error(&ctx->log, "nothing was changed");
	}
	if (!failed && p->steps.n && !ctx->settings.yes &&
	    !ctx->settings.dry_run)
		answer = prompt_confirm(&prompt, "Remove this?", false, &yes);
	if (answer != ANSWER_GIVEN || !yes)
		return context_cancelled(ctx, answer);
	if (!failed && p->steps.n)
		code = run_plan(ctx, p, ctx->settings.dry_run, &result);
	else
		run_ended(ctx, p, &result);
	if (ctx->settings.json) {
		cJSON *o = plan_json(ctx, p);
		int printed;

		run_json(ctx, o, &result);
		printed = report_json(ctx, o);
		return code ? code : printed;
	}
	if (code == EXIT_DONE && !ctx->settings.dry_run)
		term_print(
			&ctx->out,
			p->steps.n
				? "Removed: %zu session%s and what belonged to %s.\n"
				: "Nothing to remove.\n",
			p->removed, p->removed == 1 ? "" : "s",
			p->removed == 1 ? "it" : "them");
	return code;
}

int cmd_remove(struct context *ctx)
{
	struct inventory_scope scope = {
		.network = true, .protection = true, .rules = true};
	struct removal removal = {.take_over = ctx->settings.take_over};
	struct str_list all;
	struct plan plan;
	int code = check_options(ctx);

	if (code == EXIT_DONE)
		code = context_open(ctx, false);
	if (code == EXIT_DONE)
		code = context_load(ctx, &scope);
	if (code != EXIT_DONE)
		return code;
	context_warn_rules(ctx);
	all = inventory_deployments(&ctx->mem, &ctx->inventory);
	if (names_something(&ctx->settings)) {
		code = select_named(ctx, &all, &removal);
	} else if (!all.n) {
		term_print(&ctx->err,
			   "metlo-mirror has created nothing in %s.\n",
			   ctx->inventory.region);
		return EXIT_DONE;
	} else {
		code = select_from_list(ctx, &all, &removal);
	}
	if (code != EXIT_DONE)
		return code;
	if (plan_remove(&plan, &ctx->inventory, &removal)) {
		log_error(&ctx->log, "out of memory");
		code = EXIT_FAILED;
	} else {
		code = carry_out(ctx, &plan);
	}
	plan_free(&plan);
	return code;
}
