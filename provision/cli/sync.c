/* SPDX-License-Identifier: MIT */
/*
 * Plans each deployment against the current inventory and applies the plan. If a
 * source disappears in between, or AWS refuses to mirror it, the deployment is
 * planned again without it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "apply/apply_aws.h"
#include "base/clock.h"
#include "base/exit.h"
#include "base/list.h"
#include "cli/report_plan.h"
#include "cli/cmd_names.h"
#include "cli/progress.h"
#include "cli/run.h"
#include "cli/sync.h"
#include "model/deployment.h"
#include "model/inventory_load.h"
#include "plan/plan_setup.h"
#include "term/prompt.h"

/* Plans per deployment and round while its sources keep changing. */
#define TRIES_MAX 4

/* Prints a line about a deployment: on standard output, or as a log line when
 * watching. Names in it are untrusted. */
static void report(struct sync *s, const char *deployment, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void report(struct sync *s, const char *deployment, const char *fmt, ...)
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

static void log_problem(struct sync *s, const char *deployment, bool error,
			const char *text)
{
	context_status(s->ctx, "%s", "");
	term_print(&s->ctx->err, "metlo-mirror: %s: %s: %s\n",
		   error ? "error" : "warning", deployment, text);
}

/* --- applying a plan, with a line for each change --- */

struct watched_plan {
	struct sync *s;
	const char *name;
	const struct plan *plan;
	uint64_t since; /* ns, when the current step began */
};

static void progress(void *arg, enum apply_event event, const struct step *step,
		     size_t i, size_t n)
{
	struct watched_plan *w = arg;
	struct sync *s = w->s;

	(void)n;
	if (s->ctx->settings.json_progress) {
		if (event == APPLY_BEGIN || event == APPLY_UNDO_BEGIN)
			w->since = clock_mono_ns();
		s->ctx->interrupt.deferred |= event == APPLY_ROLLBACK;
		progress_event(s->ctx, w->plan, event, step, i,
			       (double)(clock_mono_ns() - w->since) / 1e9);
		return;
	}
	switch (event) {
	case APPLY_OK:
		report(s, w->name, "%s", step->text);
		break;
	case APPLY_ROLLBACK:
		s->ctx->interrupt.deferred = true;
		report(s, w->name, "rolling back");
		break;
	case APPLY_UNDO_OK:
		report(s, w->name, "rolled back: %s", step->text);
		break;
	case APPLY_CHECKING:
	case APPLY_BEGIN:
	case APPLY_FAILED:
	case APPLY_UNDO_BEGIN:
	case APPLY_UNDO_FAILED:
	case APPLY_SKIPPED:
		break;
	}
}

/* The session that could not be created because its source has disappeared or
 * AWS does not mirror it; the plan has been rolled back and can be made again
 * without that source. NULL if the plan failed for another reason. */
static const struct step *source_failure(const struct apply_result *result)
{
	const struct step *f = result->failed;

	if (result->outcome == APPLY_ROLLED_BACK && f && !result->interrupted &&
	    f->type == STEP_CREATE_SESSION &&
	    (result->error.kind == AWS_ERR_NOT_FOUND ||
	     !strcmp(result->error.code, "NetworkInterfaceNotSupported")))
		return f;
	return NULL;
}

/* Logs why the plan was refused or failed. Returns an exit code. */
static int report_failure(struct sync *s, const char *name,
			  const struct apply_result *result)
{
	const char *what = result->failed ? result->failed->text : "";

	FOREACH(orphan, &result->orphans)
		log_problem(s, name, true,
			    arena_printf(&s->round, "could not %s: %s",
					 orphan->text,
					 context_error_text(&s->round,
							    &orphan->error)));
	if (result->interrupted) {
		log_problem(s, name, false, "interrupted");
		return result->outcome == APPLY_ORPHANS ? EXIT_FAILED
							: EXIT_INTERRUPTED;
	}
	FOREACH(refusal, &result->refused)
		log_problem(s, name, true,
			    arena_printf(&s->round, "%s: %s", refusal->text,
					 context_error_text(&s->round,
							    &refusal->error)));
	if (!result->refused.n)
		log_problem(s, name, true,
			    arena_printf(&s->round, "%s%s%s", what,
					 *what ? ": " : "",
					 context_error_text(&s->round,
							    &result->error)));
	if (result->outcome == APPLY_UNFINISHED)
		log_problem(s, name, true,
			    "not everything was removed; run sync again");
	return context_exit_code(&result->error);
}

static int apply_watched(struct sync *s, struct plan *p, const char *name,
			 struct apply_result *result)
{
	struct watched_plan w = {.s = s, .name = name, .plan = p};
	struct apply_options o = {.ops = apply_aws_ops(s->ctx->client),
				  .progress = progress,
				  .progress_ctx = &w,
				  .stopped = context_stopped,
				  .stopped_ctx = s->ctx};
	int rc = plan_apply(p, &o, result);

	s->ctx->interrupt.deferred = false;
	run_ended(s->ctx, p, result);
	if (!rc || source_failure(result))
		return EXIT_DONE;
	return report_failure(s, name, result);
}

/* --- one deployment --- */

static int confirm(struct sync *s, const struct plan *p, const char *name)
{
	struct context *ctx = s->ctx;
	struct prompt prompt = context_prompt(ctx, &s->round);
	enum prompt_answer answer;
	bool yes = false;

	if (s->watching || ctx->settings.yes || ctx->settings.dry_run)
		return EXIT_DONE;
	if (!ctx->can_ask) {
		log_problem(
			s, name, true,
			"changes are needed, but there is no terminal to ask on: apply them with --yes or show them with --dry-run");
		return EXIT_USAGE;
	}
	answer = prompt_confirm(&prompt,
				p->steps.n == 1 ? "Apply this change?"
						: "Apply these changes?",
				false, &yes);
	return answer == ANSWER_GIVEN && yes ? EXIT_DONE
					     : context_cancelled(ctx, answer);
}

/* While watching, warnings are omitted: they would recur in every round. */
static void report_diagnostics(struct sync *s, const struct plan *p,
			       const char *name)
{
	const struct diagnostics *l = &p->diagnostics;

	FOREACH(diagnostic, l) {
		const char *text = diag_shown(&s->round, l,
					      (size_t)(diagnostic - l->items));

		if (text && (diagnostic->level == DIAG_FAIL ||
			     (diagnostic->level == DIAG_WARN && !s->watching)))
			log_problem(s, name, diagnostic->level == DIAG_FAIL,
				    text);
	}
}

static void print_plan(struct sync *s, const struct plan *p, const char *name)
{
	report(s, name,
	       "%zu session%s to add, %zu to change, %zu to remove, %zu to keep",
	       p->added, p->added == 1 ? "" : "s", p->changed, p->removed,
	       p->kept);
	for (size_t i = 0; i < p->steps.n && !s->watching && !s->json; i++)
		term_print(&s->ctx->out, "  %s\n", p->steps.items[i].text);
}

/* Shows the plan, asks for confirmation and applies it. Returns an exit code. */
static int carry_out(struct sync *s, struct plan *p, const char *name,
		     struct apply_result *result)
{
	bool dry_run = s->ctx->settings.dry_run;
	int code;

	report_diagnostics(s, p, name);
	if (diag_failed(&p->diagnostics)) {
		result->outcome = APPLY_REFUSED;
		run_ended(s->ctx, p, result);
		return EXIT_FAILED;
	}
	if (!p->steps.n) {
		if (s->watching)
			return EXIT_DONE;
		report(s, name, "up to date, %zu session%s", p->kept,
		       p->kept == 1 ? "" : "s");
		run_ended(s->ctx, p, result);
		return EXIT_DONE;
	}
	print_plan(s, p, name);
	code = confirm(s, p, name);
	if (code != EXIT_DONE) {
		result->outcome = APPLY_REFUSED;
		run_ended(s->ctx, p, result);
		return code;
	}
	code = s->watching ? apply_watched(s, p, name, result)
			   : run_plan(s->ctx, p, dry_run, result);
	if (result->done)
		s->stale = true;
	if (code == EXIT_DONE && !s->watching && !dry_run &&
	    result->outcome == APPLY_DONE)
		report(s, name, "done");
	return code;
}

/* Logs that a source failed; one that AWS refuses to mirror is remembered. */
static void drop_source(struct sync *s, const char *name,
			const struct step *source,
			const struct apply_result *result)
{
	s->stale = true;
	if (result->error.kind == AWS_ERR_NOT_FOUND) {
		log_problem(s, name, false,
			    arena_printf(&s->round,
					 "%s has disappeared; planning again",
					 source->eni));
		return;
	}
	log_problem(
		s, name, false,
		arena_printf(&s->round, "%s is left out: %s", source->eni,
			     context_error_text(&s->round, &result->error)));
	str_list_add(&s->refused_mem, &s->refused, source->eni);
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

/* Whether the deployment is left to the code that created it; reports so. */
static bool is_managed(struct sync *s, const char *name)
{
	const char *by = deployment_manager(&s->ctx->inventory, name);
	cJSON *o;

	if (!by)
		return false;
	if (!s->watching)
		report(s, name,
		       "managed by %s and left alone; \"setup --take-over\" changes that",
		       by);
	if (s->json) {
		o = json_result(&s->ctx->inventory);
		json_text(o, "deployment", name);
		json_text(o, "managedBy", by);
		json_text(o, "outcome", "left-alone");
		cJSON_AddItemToArray(s->json, o);
	}
	return true;
}

/* Sets *again if a source failed: the account must be loaded and planned again. */
static int sync_once(struct sync *s, const char *name, bool *again)
{
	struct apply_result result = {.outcome = APPLY_DONE};
	struct spec spec = {0};
	struct parse_error err = {"out of memory"};
	const struct step *source;
	struct plan p = {0};
	int code;

	*again = false;
	if (is_managed(s, name))
		return EXIT_DONE;
	if (deployment_spec(&s->round, &s->ctx->inventory, name, &spec, &err) ||
	    plan_setup(&p, &s->ctx->inventory, &spec, PLAN_SYNC)) {
		log_problem(s, name, true, err.text);
		plan_free(&p);
		return EXIT_FAILED;
	}
	code = carry_out(s, &p, name, &result);
	source = source_failure(&result);
	*again = source != NULL;
	if (source)
		drop_source(s, name, source, &result);
	if (!source) {
		add_json(s, &p, &result);
		sync_metrics_add(&s->metrics, &s->round, &p, &result,
				 p.steps.n && !s->ctx->settings.dry_run &&
					 !diag_failed(&p.diagnostics));
	}
	plan_free(&p);
	return code;
}

/* --- one round --- */

/* Copies the refused interfaces into the inventory and forgets those that no
 * longer exist. */
static void apply_refused(struct sync *s)
{
	struct arena mem = {0};
	struct str_list l = {0};

	FOREACH(eni, &s->refused)
		if (inventory_interface(&s->ctx->inventory, *eni))
			str_list_add(&mem, &l, *eni);
	arena_free(&s->refused_mem);
	s->refused_mem = mem;
	s->refused = l;
	FOREACH(eni, &l)
		str_list_add(&s->ctx->inventory.mem, &s->ctx->inventory.refused,
			     *eni);
}

static int load_account(struct sync *s)
{
	struct inventory_scope scope = {.network = true,
					.health = true,
					.attributes = true,
					.rules = true,
					.routes = true,
					.quotas = true,
					.own_sources = true};
	int code = context_load(s->ctx, &scope);

	if (code == EXIT_DONE)
		apply_refused(s);
	return code;
}

/* The worse of two exit codes; an interruption takes precedence. */
static int worse(int a, int b)
{
	if (a == EXIT_INTERRUPTED || b == EXIT_INTERRUPTED)
		return EXIT_INTERRUPTED;
	return a != EXIT_DONE ? a : b;
}

/* Syncs one deployment, again if a source fails. */
static int sync_deployment(struct sync *s, const char *name)
{
	bool again = false;
	int code;

	for (unsigned int tries = 0; tries < TRIES_MAX; tries++) {
		/* Earlier deployments may have changed what this one sees. */
		if (s->stale) {
			s->stale = false;
			code = load_account(s);
			if (code != EXIT_DONE)
				return code;
		}
		code = sync_once(s, name, &again);
		if (!again)
			return code;
	}
	log_problem(
		s, name, true,
		"sources change faster than sessions can be created; run sync again");
	return EXIT_FAILED;
}

static int sync_all(struct sync *s)
{
	struct str_list names;
	int all = EXIT_DONE, code = load_account(s);

	if (code != EXIT_DONE)
		return code;
	names = context_deployments(s->ctx, &s->round, &all);
	if (!names.n && !s->ctx->settings.names.n && !s->watching) {
		log_error(&s->ctx->log, "no deployment of metlo-mirror in %s",
			  s->ctx->inventory.region);
		return EXIT_NO_DEPLOYMENT;
	}
	for (size_t i = 0; i < names.n && all != EXIT_INTERRUPTED; i++)
		all = worse(all, sync_deployment(s, names.items[i]));
	return all;
}

/* Names change with the sources, also if a deployment could not be updated. */
static int write_names(struct sync *s, int code)
{
	const char *path = s->ctx->settings.names_file;
	struct str_list names;
	int unused = EXIT_DONE;

	if (!path || code == EXIT_INTERRUPTED || !s->ctx->inventory.region)
		return code;
	if (s->stale && load_account(s) != EXIT_DONE)
		return code;
	names = context_deployments(s->ctx, &s->round, &unused);
	return worse(code, names_replace(s->ctx, &names, path));
}

int sync_round(struct sync *s)
{
	int code, written;

	sync_metrics_begin(&s->metrics);
	arena_free(&s->round);
	s->stale = false;
	code = write_names(s, sync_all(s));
	written = sync_metrics_end(&s->metrics, s->ctx, s->refused.n,
				   code == EXIT_DONE);
	return code == EXIT_DONE ? written : code;
}

void sync_free(struct sync *s)
{
	cJSON_Delete(s->json);
	arena_free(&s->round);
	arena_free(&s->refused_mem);
}
