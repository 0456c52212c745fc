/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "cli/commands.h"
#include "cli/prompt.h"
#include "cli/report.h"
#include "cli/sync.h"
#include "plan/apply_aws.h"

/* Looks at the account before another one is taken for a deployment, when what
 * was planned for has gone while it was carried out. */
#define TRIES_MAX 4

void sync_say(struct sync *s, const char *deployment, const char *fmt, ...)
{
	struct mirror *m = s->m;
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = arena_vprintf(&s->round, fmt, args);
	va_end(args);
	mirror_status(m, "%s", "");
	if (s->watching)
		term_print(&m->err, "metlo-mirror: %s: %s\n", deployment, text);
	else if (!s->json)
		term_print(&m->out, "%s: %s\n", deployment, text);
}

static void complain(struct sync *s, const char *deployment, bool error,
		     const char *text)
{
	mirror_status(s->m, "%s", "");
	term_print(&s->m->err, "metlo-mirror: %s: %s: %s\n",
		   error ? "error" : "warning", deployment, text);
}

static const char *error_text(struct sync *s, const struct aws_error *err)
{
	char text[8192];

	return arena_dup(&s->round, aws_error_text(err, text, sizeof(text)));
}

/* --- carrying out --- */

struct run {
	struct sync *s;
	const char *name;
};

static void progress(void *ctx, enum apply_event event, const struct step *step,
		     size_t i, size_t n)
{
	struct run *r = ctx;
	struct sync *s = r->s;

	switch (event) {
	case APPLY_CHECKING:
		mirror_status(s->m, "asking for permission %zu of %zu ...",
			      i + 1, n);
		break;
	case APPLY_BEGIN:
		mirror_status(s->m, "%zu of %zu: %s ...", i + 1, n, step->text);
		break;
	case APPLY_OK:
		s->changed++;
		sync_say(s, r->name, "%s", step->text);
		break;
	case APPLY_FAILED:
		break;
	case APPLY_ROLLBACK:
		s->m->interrupt.held = true;
		if (s->changed)
			complain(s, r->name, false,
				 "taking back what was done");
		break;
	case APPLY_UNDO_BEGIN:
		mirror_status(s->m, "taking back: %s ...", step->text);
		break;
	case APPLY_UNDO_OK:
		s->changed--;
		sync_say(s, r->name, "taken back: %s", step->text);
		break;
	case APPLY_UNDO_FAILED:
		break;
	}
}

/* All that a refusal or a failure leaves to be said; an exit code. */
static int tell_failure(struct sync *s, const char *name,
			const struct apply_result *result)
{
	const char *what = result->failed ? result->failed->text : "";

	for (size_t i = 0; i < result->leftovers.n; i++)
		complain(s, name, true,
			 arena_printf(&s->round, "could not %s: %s",
				      result->leftovers.items[i].text,
				      error_text(s, &result->leftovers.items[i]
							     .error)));
	if (result->interrupted) {
		complain(s, name, false, "interrupted");
		return result->outcome == APPLY_LEFTOVERS ? EXIT_FAILED
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
	return mirror_exit_code(&result->error);
}

enum verdict_of_run {
	RUN_ENDED,     /* code says how */
	RUN_LOOK_AGAIN /* what it was planned for has changed */
};

/* A source that went while its session was made, or that AWS does not mirror:
 * what was done has been taken back, and a new plan does without it. */
static bool is_passing(struct sync *s, const char *name,
		       const struct apply_result *result)
{
	const struct step *f = result->failed;

	if (result->outcome != APPLY_ROLLED_BACK || !f || result->interrupted ||
	    f->kind != STEP_CREATE_SESSION)
		return false;
	if (result->error.kind == AWS_ERR_NOT_FOUND)
		return true;
	if (strcmp(result->error.code, "NetworkInterfaceNotSupported") != 0)
		return false;
	complain(s, name, false,
		 arena_printf(&s->round, "%s is left out: %s", f->eni,
			      error_text(s, &result->error)));
	str_list_add(&s->refused_mem, &s->refused, f->eni);
	return true;
}

static enum verdict_of_run carry_out(struct sync *s, struct plan *p,
				     const char *name, int *code)
{
	struct run run = {.s = s, .name = name};
	struct apply_options o = {.ops = apply_aws_ops(s->m->client),
				  .progress = progress,
				  .progress_ctx = &run,
				  .stopped = mirror_stopped,
				  .stopped_ctx = s->m,
				  .checks_only = s->m->settings.dry_run};
	struct apply_result result;
	int rc = plan_apply(p, &o, &result);

	mirror_status(s->m, "%s", "");
	s->m->interrupt.held = false;
	if (!rc) {
		*code = EXIT_DONE;
		return RUN_ENDED;
	}
	if (is_passing(s, name, &result))
		return RUN_LOOK_AGAIN;
	*code = tell_failure(s, name, &result);
	return RUN_ENDED;
}

/* --- one deployment --- */

static const char *summary(struct sync *s, const struct plan *p)
{
	return arena_printf(
		&s->round,
		"%zu session%s to add, %zu to change, %zu to remove, %zu to keep",
		p->added, p->added == 1 ? "" : "s", p->changed, p->removed,
		p->kept);
}

static int agree(struct sync *s, const struct plan *p, const char *name)
{
	struct mirror *m = s->m;
	struct prompt prompt = {
		.term = &m->err, .interrupt = &m->interrupt, .mem = &s->round};
	enum answer answer;
	bool yes = false;

	if (s->watching || m->settings.yes || m->settings.dry_run)
		return EXIT_DONE;
	if (!m->can_ask) {
		complain(
			s, name, true,
			"there are changes, and no terminal to ask at: --yes makes them, --dry-run only shows them");
		return EXIT_USAGE;
	}
	answer = ask_yes(
		&prompt,
		arena_printf(&s->round, "Make these %zu changes?", p->steps.n),
		false, &yes);
	if (answer == ANSWER_STOPPED)
		return EXIT_INTERRUPTED;
	if (answer == ANSWER_GIVEN && yes)
		return EXIT_DONE;
	complain(s, name, false, "nothing was changed");
	return EXIT_FAILED;
}

static void show_plan(struct sync *s, const struct plan *p, const char *name)
{
	sync_say(s, name, "%s", summary(s, p));
	if (s->watching || s->json)
		return;
	for (size_t i = 0; i < p->steps.n; i++)
		term_print(&s->m->out, "  %s\n", p->steps.items[i].text);
}

static void tell_notes(struct sync *s, const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->notes.n; i++) {
		const struct note *n = &p->notes.items[i];

		/* Watching, the same would be said each time. */
		if (n->level == NOTE_FAIL ||
		    (n->level == NOTE_WARN && !s->watching))
			complain(s, name, n->level == NOTE_FAIL, n->text);
	}
}

static void add_json(struct sync *s, const struct plan *p, const char *name,
		     const char *outcome)
{
	cJSON *o, *l;

	if (!s->json)
		return;
	o = cJSON_CreateObject();
	json_text(o, "name", name);
	json_text(o, "outcome", outcome);
	l = cJSON_AddObjectToObject(o, "sessions");
	json_number(l, "added", (double)p->added);
	json_number(l, "changed", (double)p->changed);
	json_number(l, "removed", (double)p->removed);
	json_number(l, "kept", (double)p->kept);
	l = cJSON_AddArrayToObject(o, "steps");
	for (size_t i = 0; i < p->steps.n; i++)
		cJSON_AddItemToArray(
			l, cJSON_CreateString(p->steps.items[i].text));
	l = cJSON_AddArrayToObject(o, "warnings");
	for (size_t i = 0; i < p->notes.n; i++)
		if (p->notes.items[i].level != NOTE_INFO)
			cJSON_AddItemToArray(
				l, cJSON_CreateString(p->notes.items[i].text));
	cJSON_AddItemToArray(s->json, o);
}

static const char *outcome_text(const struct sync *s, const struct plan *p,
				int code)
{
	if (notes_failed(&p->notes))
		return "refused";
	if (!p->steps.n)
		return "unchanged";
	if (code != EXIT_DONE)
		return "failed";
	return s->m->settings.dry_run ? "planned" : "done";
}

static enum verdict_of_run sync_one(struct sync *s, const char *name, int *code)
{
	struct spec spec = {0};
	struct parse_error err = {"out of memory"};
	enum verdict_of_run end = RUN_ENDED;
	struct plan p;

	if (plan_find_spec(&s->round, &s->m->facts, name, &spec, &err)) {
		complain(s, name, true, err.text);
		*code = EXIT_FAILED;
		return RUN_ENDED;
	}
	if (plan_setup(&p, &s->m->facts, &spec, true)) {
		complain(s, name, true, "out of memory");
		*code = EXIT_FAILED;
		plan_free(&p);
		return RUN_ENDED;
	}
	tell_notes(s, &p, name);
	*code = EXIT_DONE;
	if (notes_failed(&p.notes)) {
		*code = EXIT_FAILED;
	} else if (!p.steps.n) {
		if (!s->watching)
			sync_say(s, name, "up to date, %zu session%s", p.kept,
				 p.kept == 1 ? "" : "s");
	} else {
		show_plan(s, &p, name);
		*code = agree(s, &p, name);
		if (*code == EXIT_DONE)
			end = carry_out(s, &p, name, code);
	}
	if (end == RUN_ENDED)
		add_json(s, &p, name, outcome_text(s, &p, *code));
	plan_free(&p);
	return end;
}

/* --- all of them --- */

/* Those that are gone need not be remembered. */
static void recall_refused(struct sync *s)
{
	struct arena mem = {0};
	struct str_list l = {0};

	for (size_t i = 0; i < s->refused.n; i++)
		if (facts_interface(&s->m->facts, s->refused.items[i]))
			str_list_add(&mem, &l, s->refused.items[i]);
	arena_free(&s->refused_mem);
	s->refused_mem = mem;
	s->refused = l;
	for (size_t i = 0; i < l.n; i++)
		str_list_add(&s->m->facts.mem, &s->m->facts.refused,
			     l.items[i]);
}

static int look(struct sync *s)
{
	struct facts_wanted wanted = {
		.network = true, .health = true, .own_sources = true};
	int code = mirror_load(s->m, &wanted);

	if (code == EXIT_DONE)
		recall_refused(s);
	return code;
}

static struct str_list chosen(struct sync *s, int *code)
{
	const struct string_list *names = &s->m->settings.names;
	struct str_list found = facts_deployments(&s->round, &s->m->facts);
	struct str_list l = {0};

	if (!names->n) {
		if (!found.n && !s->watching) {
			log_error(
				&s->m->log,
				"there is no deployment of metlo-mirror in %s",
				s->m->facts.region);
			*code = EXIT_NO_DEPLOYMENT;
		}
		return found;
	}
	for (unsigned int i = 0; i < names->n; i++) {
		if (str_list_has(&found, names->item[i])) {
			str_list_add(&s->round, &l, names->item[i]);
			continue;
		}
		log_error(&s->m->log, "there is no deployment \"%s\" in %s",
			  names->item[i], s->m->facts.region);
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

int sync_round(struct sync *s)
{
	struct str_list names;
	int code, all = EXIT_DONE;

	arena_free(&s->round);
	s->changed = 0;
	code = look(s);
	if (code != EXIT_DONE)
		return code;
	names = chosen(s, &all);
	for (size_t i = 0; i < names.n && code != EXIT_INTERRUPTED; i++) {
		for (unsigned int tries = 1;; tries++) {
			size_t before = s->changed;
			bool again = sync_one(s, names.items[i], &code) ==
				     RUN_LOOK_AGAIN;

			if (again && tries == TRIES_MAX) {
				complain(
					s, names.items[i], true,
					"its sources change faster than their sessions can be made; run sync again");
				code = EXIT_FAILED;
				again = false;
			}
			if (!again &&
			    (s->changed == before || code == EXIT_INTERRUPTED))
				break;
			/* What others plan with has changed. */
			if (!again && i + 1 == names.n)
				break;
			if (look(s) != EXIT_DONE)
				return worse(all, EXIT_FAILED);
			if (!again)
				break;
		}
		all = worse(all, code);
	}
	return all;
}

static int print_json(struct sync *s)
{
	cJSON *o = cJSON_CreateObject();

	json_text(o, "region", s->m->facts.region);
	json_text(o, "account", s->m->facts.account);
	cJSON_AddItemToObject(o, "deployments", s->json);
	s->json = NULL;
	return report_json(s->m, o);
}

int cmd_sync(struct mirror *m)
{
	struct sync s = {.m = m, .watching = m->settings.watch};
	int code;

	if (s.watching && (m->settings.dry_run || m->settings.json)) {
		log_error(
			&m->log,
			"--watch makes its changes and tells them on standard error: it does not go with %s",
			m->settings.dry_run ? "--dry-run" : "--json");
		return EXIT_USAGE;
	}
	code = mirror_open(m, false);
	if (code != EXIT_DONE)
		return code;
	if (m->settings.json)
		s.json = cJSON_CreateArray();
	code = s.watching ? sync_watch(&s) : sync_round(&s);
	if (m->settings.json && m->facts.region && print_json(&s))
		code = EXIT_FAILED;
	cJSON_Delete(s.json);
	arena_free(&s.round);
	arena_free(&s.refused_mem);
	return code;
}
