/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "cli/commands.h"
#include "term/prompt.h"
#include "cli/report_plan.h"
#include "cli/run.h"
#include "cli/sync.h"
#include "apply/apply_aws.h"
#include "model/inventory_load.h"
#include "plan/plan_setup.h"
#include "model/deployment.h"

/* Looks at the account before another one is taken for a deployment, when what
 * was planned for has gone while it was carried out. */
#define TRIES_MAX 4

void sync_say(struct sync *s, const char *deployment, const char *fmt, ...)
{
	struct context *ctx = s->ctx;
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = arena_vprintf(&s->round, fmt, args);
	va_end(args);
	context_status(ctx, "%s", "");
	if (s->watching)
		term_print(&ctx->err, "metlo-mirror: %s: %s\n", deployment,
			   text);
	else if (!s->json)
		term_print(&ctx->out, "%s: %s\n", deployment, text);
}

static void complain(struct sync *s, const char *deployment, bool error,
		     const char *text)
{
	context_status(s->ctx, "%s", "");
	term_print(&s->ctx->err, "metlo-mirror: %s: %s: %s\n",
		   error ? "error" : "warning", deployment, text);
}

static const char *error_text(struct sync *s, const struct aws_error *err)
{
	char text[8192];

	return arena_dup(&s->round, aws_error_text(err, text, sizeof(text)));
}

/* --- carrying out, a line for each change --- */

struct watched {
	struct sync *s;
	const char *name;
};

static void progress(void *arg, enum apply_event event, const struct step *step,
		     size_t i, size_t n)
{
	struct watched *w = arg;
	struct sync *s = w->s;

	(void)i;
	(void)n;
	switch (event) {
	case APPLY_OK:
		sync_say(s, w->name, "%s", step->text);
		break;
	case APPLY_ROLLBACK:
		s->ctx->interrupt.deferred = true;
		sync_say(s, w->name, "taking back what was begun");
		break;
	case APPLY_UNDO_OK:
		sync_say(s, w->name, "taken back: %s", step->text);
		break;
	case APPLY_CHECKING:
	case APPLY_BEGIN:
	case APPLY_FAILED:
	case APPLY_UNDO_BEGIN:
	case APPLY_UNDO_FAILED:
		break;
	}
}

/* The session that could not be made because its source went meanwhile, or
 * because AWS does not mirror it: what was done has been taken back, and a new
 * plan does without it. NULL: it failed for another reason. */
static const struct step *passing(const struct apply_result *result)
{
	const struct step *f = result->failed;

	if (result->outcome == APPLY_ROLLED_BACK && f && !result->interrupted &&
	    f->type == STEP_CREATE_SESSION &&
	    (result->error.kind == AWS_ERR_NOT_FOUND ||
	     !strcmp(result->error.code, "NetworkInterfaceNotSupported")))
		return f;
	return NULL;
}

/* All that a refusal or a failure leaves to be said; an exit code. */
static int tell_failure(struct sync *s, const char *name,
			const struct apply_result *result)
{
	const char *what = result->failed ? result->failed->text : "";

	for (size_t i = 0; i < result->orphans.n; i++)
		complain(s, name, true,
			 arena_printf(
				 &s->round, "could not %s: %s",
				 result->orphans.items[i].text,
				 error_text(s,
					    &result->orphans.items[i].error)));
	if (result->interrupted) {
		complain(s, name, false, "interrupted");
		return result->outcome == APPLY_ORPHANS ? EXIT_FAILED
							: EXIT_INTERRUPTED;
	}
	for (size_t i = 0; i < result->refused.n; i++)
		complain(s, name, true,
			 arena_printf(
				 &s->round, "%s: %s",
				 result->refused.items[i].text,
				 error_text(s,
					    &result->refused.items[i].error)));
	if (!result->refused.n)
		complain(s, name, true,
			 arena_printf(&s->round, "%s%s%s", what,
				      *what ? ": " : "",
				      error_text(s, &result->error)));
	if (result->outcome == APPLY_UNFINISHED)
		complain(
			s, name, true,
			"what was to be taken away is there in part: run sync again");
	return context_exit_code(&result->error);
}

static int run_watched(struct sync *s, struct plan *p, const char *name,
		       struct apply_result *result)
{
	struct watched w = {.s = s, .name = name};
	struct apply_options o = {.ops = apply_aws_ops(s->ctx->client),
				  .progress = progress,
				  .progress_ctx = &w,
				  .stopped = context_stopped,
				  .stopped_ctx = s->ctx};
	int rc = plan_apply(p, &o, result);

	s->ctx->interrupt.deferred = false;
	if (!rc || passing(result))
		return EXIT_DONE;
	return tell_failure(s, name, result);
}

/* --- one deployment --- */

static int agree(struct sync *s, const struct plan *p, const char *name)
{
	struct context *ctx = s->ctx;
	struct prompt prompt = {.term = &ctx->err,
				.interrupt = &ctx->interrupt,
				.mem = &s->round};
	enum answer answer;
	bool yes = false;

	if (s->watching || ctx->settings.yes || ctx->settings.dry_run)
		return EXIT_DONE;
	if (!ctx->can_ask) {
		complain(
			s, name, true,
			"there are changes, and no terminal to ask at: --yes makes them, --dry-run shows them");
		return EXIT_USAGE;
	}
	answer = prompt_confirm(
		&prompt,
		arena_printf(&s->round, "Make %s?",
			     p->steps.n == 1 ? "this change" : "these changes"),
		false, &yes);
	if (answer == ANSWER_GIVEN && yes)
		return EXIT_DONE;
	term_print(&ctx->err, "%sothing was changed.\n",
		   answer == ANSWER_STOPPED ? "Interrupted; n" : "N");
	return answer == ANSWER_STOPPED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

/* Watching, warnings would be the same each time. */
static void tell_notes(struct sync *s, const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->diagnostics.n; i++) {
		const struct diagnostic *n = &p->diagnostics.items[i];

		if (n->level == DIAG_FAIL ||
		    (n->level == DIAG_WARN && !s->watching))
			complain(s, name, n->level == DIAG_FAIL, n->text);
	}
}

static void show(struct sync *s, const struct plan *p, const char *name)
{
	sync_say(
		s, name,
		"%zu session%s to add, %zu to change, %zu to remove, %zu to keep",
		p->added, p->added == 1 ? "" : "s", p->changed, p->removed,
		p->kept);
	for (size_t i = 0; i < p->steps.n && !s->watching && !s->json; i++)
		term_print(&s->ctx->out, "  %s\n", p->steps.items[i].text);
}

/* Plans, asks and carries out; an exit code. */
static int do_plan(struct sync *s, struct plan *p, const char *name,
		   struct apply_result *result)
{
	bool dry_run = s->ctx->settings.dry_run;
	int code;

	tell_notes(s, p, name);
	if (diag_failed(&p->diagnostics)) {
		result->outcome = APPLY_REFUSED;
		return EXIT_FAILED;
	}
	if (!p->steps.n) {
		if (!s->watching)
			sync_say(s, name, "up to date, %zu session%s", p->kept,
				 p->kept == 1 ? "" : "s");
		return EXIT_DONE;
	}
	show(s, p, name);
	code = agree(s, p, name);
	if (code != EXIT_DONE) {
		result->outcome = APPLY_REFUSED;
		return code;
	}
	code = s->watching ? run_watched(s, p, name, result)
			   : run_plan(s->ctx, p, dry_run, result);
	if (result->done)
		s->stale = true;
	if (code == EXIT_DONE && !s->watching && !dry_run &&
	    result->outcome == APPLY_DONE)
		sync_say(s, name, "done");
	return code;
}

/* AWS's word on a source keeps the others from nothing. */
static bool goes_on_without(struct sync *s, const char *name,
			    const struct apply_result *result)
{
	const struct step *source = passing(result);

	if (!source)
		return false;
	s->stale = true;
	if (result->error.kind == AWS_ERR_NOT_FOUND) {
		complain(s, name, false,
			 arena_printf(&s->round,
				      "%s went away meanwhile; looking again",
				      source->eni));
		return true;
	}
	complain(s, name, false,
		 arena_printf(&s->round, "%s is left out: %s", source->eni,
			      error_text(s, &result->error)));
	str_list_add(&s->refused_mem, &s->refused, source->eni);
	return true;
}

static void add_json(struct sync *s, const struct plan *p,
		     const struct apply_result *result)
{
	cJSON *o;

	if (!s->json)
		return;
	o = plan_json(s->ctx, p);
	run_json(s->ctx, o, result);
	cJSON_AddItemToArray(s->json, o);
}

/* *again: what it was planned for has changed; look and plan anew. */
static int sync_one(struct sync *s, const char *name, bool *again)
{
	struct apply_result result = {.outcome = APPLY_DONE};
	struct spec spec = {0};
	struct parse_error err = {"out of memory"};
	struct plan p = {0};
	int code;

	*again = false;
	if (deployment_spec(&s->round, &s->ctx->inventory, name, &spec, &err) ||
	    plan_setup(&p, &s->ctx->inventory, &spec, true)) {
		complain(s, name, true, err.text);
		plan_free(&p);
		return EXIT_FAILED;
	}
	code = do_plan(s, &p, name, &result);
	*again = goes_on_without(s, name, &result);
	if (!*again) {
		add_json(s, &p, &result);
		sync_count(s, &p, &result,
			   p.steps.n && !s->ctx->settings.dry_run &&
				   !diag_failed(&p.diagnostics));
	}
	plan_free(&p);
	return code;
}

/* --- all of them --- */

/* Those that are gone need not be remembered. */
static void recall_refused(struct sync *s)
{
	struct arena mem = {0};
	struct str_list l = {0};

	for (size_t i = 0; i < s->refused.n; i++)
		if (inventory_interface(&s->ctx->inventory,
					s->refused.items[i]))
			str_list_add(&mem, &l, s->refused.items[i]);
	arena_free(&s->refused_mem);
	s->refused_mem = mem;
	s->refused = l;
	for (size_t i = 0; i < l.n; i++)
		str_list_add(&s->ctx->inventory.mem, &s->ctx->inventory.refused,
			     l.items[i]);
}

static int look(struct sync *s)
{
	struct inventory_scope wanted = {
		.network = true, .health = true, .own_sources = true};
	int code = context_load(s->ctx, &wanted);

	if (code == EXIT_DONE)
		recall_refused(s);
	return code;
}

static struct str_list chosen(struct sync *s, int *code)
{
	const struct string_list *names = &s->ctx->settings.names;
	struct str_list found =
		inventory_deployments(&s->round, &s->ctx->inventory);
	struct str_list l = {0};

	if (!names->n) {
		if (!found.n && !s->watching) {
			log_error(
				&s->ctx->log,
				"there is no deployment of metlo-mirror in %s",
				s->ctx->inventory.region);
			*code = EXIT_NO_DEPLOYMENT;
		}
		return found;
	}
	for (unsigned int i = 0; i < names->n; i++) {
		if (str_list_has(&found, names->item[i])) {
			str_list_add(&s->round, &l, names->item[i]);
			continue;
		}
		log_error(&s->ctx->log, "there is no deployment \"%s\" in %s",
			  names->item[i], s->ctx->inventory.region);
		*code = EXIT_NO_DEPLOYMENT;
	}
	return l;
}

/* The worst of two exit codes: an interruption ends everything. */
static int worse(int a, int b)
{
	if (a == EXIT_INTERRUPTED || b == EXIT_INTERRUPTED)
		return EXIT_INTERRUPTED;
	return a != EXIT_DONE ? a : b;
}

/* One deployment, as often as its sources change meanwhile. */
static int sync_deployment(struct sync *s, const char *name)
{
	bool again = false;
	int code;

	for (unsigned int tries = 0; tries < TRIES_MAX; tries++) {
		/* What earlier ones have changed counts for this one. */
		if (s->stale) {
			s->stale = false;
			code = look(s);
			if (code != EXIT_DONE)
				return code;
		}
		code = sync_one(s, name, &again);
		if (!again)
			return code;
	}
	complain(
		s, name, true,
		"its sources change faster than their sessions can be made; run sync again");
	return EXIT_FAILED;
}

static int sync_all(struct sync *s)
{
	struct str_list names;
	int all = EXIT_DONE, code = look(s);

	if (code != EXIT_DONE)
		return code;
	names = chosen(s, &all);
	for (size_t i = 0; i < names.n && all != EXIT_INTERRUPTED; i++)
		all = worse(all, sync_deployment(s, names.items[i]));
	return all;
}

int sync_round(struct sync *s)
{
	int code;

	arena_free(&s->round);
	s->gauges.items = NULL; /* they were in it */
	s->gauges.n = 0;
	s->stale = false;
	code = sync_all(s);
	if (!sync_metrics(s, code == EXIT_DONE) && code == EXIT_DONE)
		code = EXIT_FAILED;
	return code;
}

static int print_json(struct sync *s)
{
	cJSON *o = cJSON_CreateObject();

	json_text(o, "region", s->ctx->inventory.region);
	json_text(o, "account", s->ctx->inventory.account);
	cJSON_AddItemToObject(o, "deployments", s->json);
	s->json = NULL;
	return report_json(s->ctx, o);
}

int cmd_sync(struct context *ctx)
{
	struct sync s = {.ctx = ctx, .watching = ctx->settings.watch};
	int code;

	if (s.watching && (ctx->settings.dry_run || ctx->settings.json)) {
		log_error(
			&ctx->log,
			"--watch makes its changes and tells them on standard error: it does not go with %s",
			ctx->settings.dry_run ? "--dry-run" : "--json");
		return EXIT_USAGE;
	}
	code = context_open(ctx, false);
	if (code != EXIT_DONE)
		return code;
	if (ctx->settings.json)
		s.json = cJSON_CreateArray();
	code = s.watching ? sync_watch(&s) : sync_round(&s);
	if (ctx->settings.json && ctx->inventory.region && print_json(&s))
		code = EXIT_FAILED;
	cJSON_Delete(s.json);
	arena_free(&s.round);
	arena_free(&s.refused_mem);
	return code;
}
