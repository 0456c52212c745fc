/* SPDX-License-Identifier: MIT */
/*
 * Applies a plan on a terminal: each step has a line that is redrawn with the
 * elapsed time until the step ends. Once the rollback begins, signals are
 * deferred.
 */
#include <string.h>

#include "apply/apply_aws.h"
#include "base/clock.h"
#include "base/exit.h"
#include "base/list.h"
#include "cli/progress.h"
#include "cli/run.h"

struct plan_run {
	struct context *ctx;
	struct term *t;
	const struct plan *plan;
	const struct step *step; /* the current step, or NULL */
	const char *text;	 /* of the step or its undo */
	size_t i, n;		 /* index of the step and number of steps */
	size_t checked;		 /* steps whose permission was checked */
	uint64_t since;		 /* ns, when the step began */
	unsigned int shown_s;	 /* elapsed seconds on the screen */
	uint64_t interrupted; /* ns, when an interrupt was noticed; 0: none */
	bool explained;	      /* why the interrupt takes a while */
	bool rolling_back;
};

static const char *head(const struct plan_run *r, char *to, size_t n)
{
	if (r->rolling_back)
		snprintf(to, n, "  ");
	else
		snprintf(to, n, "%*zu/%zu ", r->n > 99 ? 5 : 4, r->i + 1, r->n);
	return to;
}

/* Draws the line of the current step, in place if the terminal allows it. */
static void draw(struct plan_run *r, unsigned int seconds)
{
	unsigned int columns, lines;
	char line[1024], start[32];

	/* Log lines of calls would cut it: end() prints the whole line. */
	if (r->ctx->settings.verbose)
		return;
	head(r, start, sizeof(start));
	if (!r->t->moves) {
		term_print(r->t, "%s%s ... ", start, r->text);
		return;
	}
	if (seconds)
		snprintf(line, sizeof(line), "%s%s ... %u s", start, r->text,
			 seconds);
	else
		snprintf(line, sizeof(line), "%s%s ...", start, r->text);
	term_size(r->t, &columns, &lines);
	fputs("\r\033[K", r->t->out);
	term_cut(r->t, DIM, columns - 1, line);
	fflush(r->t->out);
}

static void begin(struct plan_run *r, const struct step *s, const char *text)
{
	r->step = s;
	r->text = text;
	r->since = clock_mono_ns();
	r->shown_s = 0;
	draw(r, 0);
}

static void end(struct plan_run *r, enum style style, const char *word)
{
	char start[32];

	if (r->t->moves)
		fputs("\r\033[K", r->t->out);
	if (r->t->moves || r->ctx->settings.verbose) {
		term_wrap_open(r->t, PLAIN, head(r, start, sizeof(start)),
			       r->text, 1 + (unsigned int)strlen(word));
		term_print(r->t, " ");
	}
	term_style(r->t, style, "%s", word);
	term_print(r->t, "\n");
	r->step = NULL;
}

/* A change in progress finishes first: aborted, it could be made after it has
 * been rolled back. */
static void explain_wait(struct plan_run *r)
{
	uint64_t now = clock_mono_ns();

	if (!r->ctx->interrupt.count || r->explained || r->rolling_back)
		return;
	if (!r->interrupted)
		r->interrupted = now;
	if (now - r->interrupted < NSEC_PER_SEC)
		return;
	r->explained = true;
	term_print(
		&r->ctx->err,
		"\nInterrupted; waiting for AWS to answer the change in progress.\n");
}

/* Called during AWS calls. */
static void tick(void *arg)
{
	struct plan_run *r = arg;
	unsigned int s;

	explain_wait(r);

	if (!r->step || !r->t->moves)
		return;
	s = (unsigned int)((clock_mono_ns() - r->since) / NSEC_PER_SEC);
	if (s < 2 || s == r->shown_s)
		return;
	r->shown_s = s;
	draw(r, s);
}

/* An ARN without its prefix up to the account; other IDs as they are. */
static const char *short_name(const char *id)
{
	const char *p = id;

	if (strncmp(id, "arn:", 4) != 0)
		return id;
	for (int i = 0; p && i < 5; i++)
		p = strchr(p + 1, ':');
	return p ? p + 1 : id;
}

static const char *undo_line(struct plan_run *r, const struct step *s)
{
	const char *what = s->created ? s->created : s->eni ? s->eni : s->on.id;

	what = what ? short_name(what) : NULL;
	return arena_printf(&r->ctx->mem, "%s%s%s", s->undo_text,
			    what ? ": " : "", what ? what : "");
}

/* With --json-progress. */
static void json_progress(struct plan_run *r, enum apply_event event,
			  const struct step *s, size_t i)
{
	r->checked += event == APPLY_CHECKING;
	if (event == APPLY_BEGIN || event == APPLY_UNDO_BEGIN)
		r->since = clock_mono_ns();
	if (event == APPLY_ROLLBACK)
		r->rolling_back = r->ctx->interrupt.deferred = true;
	progress_event(r->ctx, r->plan, event, s, i,
		       (double)(clock_mono_ns() - r->since) / 1e9);
}

static void progress(void *arg, enum apply_event event, const struct step *s,
		     size_t i, size_t n)
{
	struct plan_run *r = arg;

	if (r->ctx->settings.json_progress) {
		json_progress(r, event, s, i);
		return;
	}
	r->i = i;
	r->n = n;
	switch (event) {
	case APPLY_CHECKING:
		r->checked++;
		context_status(r->ctx, "checking permission %zu/%zu: %s", i + 1,
			       n, s->text);
		break;
	case APPLY_BEGIN:
		context_status(r->ctx, "%s", "");
		begin(r, s, s->text);
		break;
	case APPLY_OK:
	case APPLY_UNDO_OK:
		end(r, GREEN, "ok");
		break;
	case APPLY_FAILED:
	case APPLY_UNDO_FAILED:
		end(r, RED,
		    event == APPLY_FAILED &&
				    interrupt_pending(&r->ctx->interrupt)
			    ? "interrupted"
			    : "failed");
		break;
	case APPLY_SKIPPED:
		end(r, YELLOW, "not permitted");
		break;
	case APPLY_ROLLBACK:
		r->rolling_back = true;
		r->ctx->interrupt.deferred = true;
		term_style(r->t, BOLD, "Rolling back this run; please wait.\n");
		break;
	case APPLY_UNDO_BEGIN:
		begin(r, s, undo_line(r, s));
		break;
	}
}

/* Whether both lack the same permission. */
static bool same_refusal(const struct aws_error *a, const struct aws_error *b)
{
	char x[128], y[128];

	return aws_error_permission(a, x, sizeof(x)) &&
	       aws_error_permission(b, y, sizeof(y)) && !strcmp(x, y);
}

/* Reports refusal i, once for all steps that lack the same permission: it may be
 * missing for each of a hundred sessions. brief: only the permission. */
static void report_refusal(struct context *ctx, const struct step_error *l,
			   size_t n, size_t i, bool brief)
{
	const char *more = "", *why = NULL;
	char action[128];
	size_t same = 0;

	for (size_t k = 0; k < n; k++) {
		if (k == i || !same_refusal(&l[i].error, &l[k].error))
			continue;
		if (k < i)
			return;
		same++;
	}
	if (same)
		more = arena_printf(&ctx->mem, " (and %zu more)", same);
	if (brief && aws_error_permission(&l[i].error, action, sizeof(action)))
		why = arena_printf(&ctx->mem, "%s is not permitted", action);
	term_wrap(
		&ctx->err, PLAIN, "  ",
		arena_printf(&ctx->mem, "%s%s: %s", l[i].text, more,
			     why ? why
				 : context_error_text(&ctx->mem, &l[i].error)));
}

static int report_refused(struct context *ctx, const struct apply_result *r)
{
	size_t denied = 0;

	if (r->interrupted)
		return context_cancelled(ctx, ANSWER_STOPPED);
	FOREACH(refusal, &r->refused)
		denied += refusal->error.kind == AWS_ERR_DENIED;
	if (denied)
		log_error(&ctx->log,
			  "%zu step%s not permitted; nothing was changed",
			  denied, denied == 1 ? " is" : "s are");
	else
		log_error(&ctx->log, "AWS refused a step; nothing was changed");
	for (size_t i = 0; i < r->refused.n; i++)
		report_refusal(ctx, r->refused.items, r->refused.n, i, false);
	if (!r->refused.n)
		context_error(ctx, "%s",
			      context_error_text(&ctx->mem, &r->error));
	return context_exit_code(&r->error);
}

/* What is left out need not stop the rest, but must not go unnoticed. */
static void report_skipped(struct context *ctx, const struct apply_result *r)
{
	if (!r->skipped.n)
		return;
	log_warn(&ctx->log, "%zu step%s left out:", r->skipped.n,
		 r->skipped.n == 1 ? " was" : "s were");
	for (size_t i = 0; i < r->skipped.n; i++)
		report_refusal(ctx, r->skipped.items, r->skipped.n, i, true);
}

static void report_failure(struct context *ctx, const struct plan *p,
			   const struct apply_result *r)
{
	if (r->interrupted || !r->failed)
		return;
	context_error(ctx, "step %zu of %zu, %s: %s",
		      (size_t)(r->failed - p->steps.items) + 1, p->steps.n,
		      r->failed->text,
		      context_error_text(&ctx->mem, &r->error));
}

static void report_orphans(struct context *ctx, const struct plan *p,
			   const struct apply_result *r)
{
	log_error(&ctx->log, "these resources could not be removed:");
	FOREACH(l, &r->orphans) {
		term_wrap(
			&ctx->err, RED, "  ",
			arena_printf(&ctx->mem, "%s: %s", l->text,
				     context_error_text(&ctx->mem, &l->error)));
	}
	if (!str_empty(p->spec.name))
		term_print(&ctx->err,
			   "Remove them with \"%s\" once AWS allows it.\n",
			   context_command(ctx, "remove", p->spec.name));
}

static int report_result(struct context *ctx, const struct plan *p,
			 const struct apply_result *r)
{
	switch (r->outcome) {
	case APPLY_DONE:
		return EXIT_DONE;
	case APPLY_REFUSED:
		return report_refused(ctx, r);
	case APPLY_ROLLED_BACK:
		report_failure(ctx, p, r);
		term_print(&ctx->err,
			   "%sAll changes of this run were rolled back.\n",
			   r->interrupted ? "Interrupted. " : "");
		break;
	case APPLY_ORPHANS:
		report_failure(ctx, p, r);
		report_orphans(ctx, p, r);
		break;
	case APPLY_UNFINISHED:
		report_failure(ctx, p, r);
		term_print(
			&ctx->err,
			"%s%zu of %zu steps are done; run the command again to finish.\n",
			r->interrupted ? "Interrupted. " : "", r->done,
			p->steps.n);
		break;
	}
	if (r->interrupted)
		return EXIT_INTERRUPTED;
	return r->error.kind ? context_exit_code(&r->error) : EXIT_FAILED;
}

/* What DryRun found out about n steps; those of load balancers do not know it. */
static void report_checks(struct context *ctx, size_t n, size_t skipped,
			  size_t steps)
{
	if (n)
		term_print(
			&ctx->err,
			"AWS permits %s%s%zu change%s that can be checked in advance%s; nothing was changed.\n",
			n == 1 ? "the " : "all ", skipped ? "other " : "", n,
			n == 1 ? "" : "s",
			n + skipped < steps ? " (not those of load balancers)"
					    : "");
	else
		term_print(
			&ctx->err,
			"No change can be checked in advance; nothing was changed.\n");
}

int run_plan(struct context *ctx, struct plan *p, bool checks_only,
	     struct apply_result *result)
{
	struct plan_run r = {.ctx = ctx, .t = &ctx->err, .plan = p};
	struct apply_options o = {.ops = apply_aws_ops(ctx->client),
				  .progress = progress,
				  .progress_ctx = &r,
				  .stopped = context_stopped,
				  .stopped_ctx = ctx,
				  .checks_only = checks_only};

	ctx->tick = tick;
	ctx->tick_arg = &r;
	plan_apply(p, &o, result);
	ctx->tick = NULL;
	ctx->interrupt.deferred = false;
	context_status(ctx, "%s", "");
	report_skipped(ctx, result);
	run_ended(ctx, p, result);
	if (checks_only && result->outcome == APPLY_DONE)
		report_checks(ctx, r.checked - result->skipped.n,
			      result->skipped.n, p->steps.n);
	return report_result(ctx, p, result);
}

const char *run_outcome(const struct apply_result *r)
{
	static const char *const names[] = {"done", "refused", "rolled-back",
					    "leftovers", "unfinished"};

	return names[r->outcome];
}

static void json_errors(struct context *ctx, cJSON *to, const char *name,
			const struct step_error *items, size_t n)
{
	cJSON *l = cJSON_AddArrayToObject(to, name);

	for (size_t i = 0; i < n; i++) {
		cJSON *o = json_append(l);

		json_text(o, "text", items[i].text);
		json_text(o, "error",
			  context_error_text(&ctx->mem, &items[i].error));
	}
}

void run_json(struct context *ctx, cJSON *to, const struct apply_result *r)
{
	json_text(to, "outcome", run_outcome(r));
	cJSON_AddBoolToObject(to, "interrupted", r->interrupted);
	json_text(to, "error",
		  r->error.kind ? context_error_text(&ctx->mem, &r->error)
				: NULL);
	json_errors(ctx, to, "refused", r->refused.items, r->refused.n);
	json_errors(ctx, to, "leftovers", r->orphans.items, r->orphans.n);
	json_errors(ctx, to, "skipped", r->skipped.items, r->skipped.n);
}

void run_ended(struct context *ctx, const struct plan *p,
	       const struct apply_result *r)
{
	cJSON *o;

	if (!ctx->settings.json_progress)
		return;
	o = progress_new("result", p);
	run_json(ctx, o, r);
	progress_print(ctx, o);
}
