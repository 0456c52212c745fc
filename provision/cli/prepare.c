/* SPDX-License-Identifier: MIT */
/*
 * The questions form a sequence with a cursor (s->at). A question is skipped if
 * an option answers it; Esc moves back to the previous one that is not skipped.
 */
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/ask_filter.h"
#include "cli/ask_region.h"
#include "cli/ask_sources.h"
#include "cli/ask_target.h"
#include "cli/prepare.h"
#include "cli/request.h"
#include "model/deployment.h"
#include "model/filter_text.h"
#include "plan/discover.h"
#include "plan/plan_setup.h"
#include "plan/plan_whole.h"
#include "term/prompt.h"

enum question { Q_REGION, Q_DEPLOYMENT, Q_SOURCES, Q_TARGET, Q_FILTER, Q_END };

/* Whether options and the existing deployment leave nothing to ask. */
static bool complete(const struct setup *s)
{
	const struct cli_settings *o = &s->ctx->settings;

	return (o->sources.n && o->target && o->ports) ||
	       (s->exists && request_given(o));
}

static bool needed(const struct setup *s, unsigned int question)
{
	const struct cli_settings *o = &s->ctx->settings;
	const struct inventory *inv = s->inventory;

	if (!s->ctx->can_ask || complete(s))
		return false;
	switch (question) {
	case Q_REGION:
		return !o->region;
	case Q_DEPLOYMENT:
		/* If there is none yet, a new one is created. */
		return !o->name && (inv->filters.n || inv->sessions.n) &&
		       inventory_deployments(s->mem, inv).n;
	case Q_SOURCES:
		return !o->sources.n;
	case Q_TARGET:
		return !o->target;
	default:
		return !o->ports;
	}
}

/* The exit code for a question that was not answered. */
static int stop(struct setup *s, enum prompt_answer answer)
{
	if (s->code)
		return s->code;
	if (answer == ANSWER_STOPPED)
		return context_cancelled(s->ctx, answer);
	log_error(&s->ctx->log, "end of input; nothing was changed");
	return EXIT_FAILED;
}

static int ask(struct setup *s)
{
	static enum prompt_answer (*const questions[Q_END])(struct setup *) = {
		[Q_REGION] = ask_region,   [Q_DEPLOYMENT] = ask_deployment,
		[Q_SOURCES] = ask_sources, [Q_TARGET] = ask_target,
		[Q_FILTER] = ask_filter,
	};

	while (s->at < Q_END) {
		unsigned int back = s->at;
		enum prompt_answer answer = ANSWER_GIVEN;

		if (needed(s, s->at))
			answer = questions[s->at](s);
		if (answer == ANSWER_GIVEN) {
			s->at++;
			continue;
		}
		if (answer != ANSWER_BACK)
			return stop(s, answer);
		while (back > 0 && !needed(s, --back))
			continue;
		if (needed(s, back))
			s->at = back;
	}
	return EXIT_DONE;
}

static int refuse_missing(struct setup *s, const char *missing)
{
	struct context *ctx = s->ctx;

	log_error(
		&ctx->log,
		"%s %s missing and there is no terminal to ask on; see \"%s help %s\"",
		missing, strchr(missing, ' ') ? "are" : "is", ctx->log.program,
		s->applies ? "setup" : "plan");
	return EXIT_USAGE;
}

/* Without a terminal: names the missing options before AWS is called, if no
 * existing deployment could supply them. */
static int check_options(struct setup *s)
{
	const struct cli_settings *o = &s->ctx->settings;
	struct str_list l = {0};

	if (s->ctx->can_ask)
		return EXIT_DONE;
	/* A name alone brings an existing deployment up to date. */
	if (!request_given(o) && !o->name) {
		str_list_add(s->mem, &l, "--source");
		str_list_add(s->mem, &l, "--target");
		str_list_add(s->mem, &l, "--ports");
	}
	if (s->applies && !o->yes && !o->dry_run)
		str_list_add(s->mem, &l, "--yes");
	return l.n ? refuse_missing(s, str_list_text(s->mem, &l, 9))
		   : EXIT_DONE;
}

static bool service_loaded(const struct inventory *inv,
			   const struct source *source)
{
	FOREACH(service, &inv->services)
		if (str_same(service->cluster, source->name) &&
		    str_same(service->service, source->value))
			return true;
	return false;
}

/* ECS services are loaded only for the sources known at that time; an answer may
 * have added others. */
static bool services_missing(const struct setup *s, const struct sources *l)
{
	FOREACH(source, l)
		if (source->type == SOURCE_ECS &&
		    !service_loaded(s->inventory, source))
			return true;
	return false;
}

/* Resolves --ports auto. */
static int find_ports(struct setup *s)
{
	struct log *log = &s->ctx->log;
	struct filter_spec *f = &s->spec.filter;
	struct candidates sources = setup_candidates(s);
	const char *found = discover_ports(s->mem, s->inventory, &sources);
	struct parse_error err = {""};

	f->ports = (struct port_list){0};
	if (!found || !filter_ports_parse(s->mem, found, &f->ports, &err)) {
		log_error(
			log,
			"--ports auto: no load balancer has these sources as targets, so their ports are unknown; name them with --ports");
		return EXIT_FAILED;
	}
	if (f->protocol == FILTER_ANY_PROTOCOL)
		f->protocol = FILTER_TCP;
	log_info(log, "ports to which load balancers forward: %s", found);
	return EXIT_DONE;
}

/* Code that created the deployment would undo our changes. */
static void check_manager(struct setup *s)
{
	const struct cli_settings *o = &s->ctx->settings;
	const char *by = deployment_manager(s->inventory, s->spec.name);

	if (by && !o->take_over && o->output == OUTPUT_APPLY)
		plan_report(
			&s->plan, DIAG_FAIL,
			"the deployment %s was created by %s, which would undo the change: change its code, exported anew with --output, or give --take-over to manage the deployment here from now on",
			s->spec.name, by);
}

/* An existing deployment is exported as a whole. */
static int plan_request(struct setup *s)
{
	if (s->exists && s->ctx->settings.output == OUTPUT_TERRAFORM)
		return plan_whole(&s->plan, s->mem, s->inventory, &s->spec);
	return plan_setup(&s->plan, s->inventory, &s->spec,
			  s->ctx->settings.ignore_routes ? PLAN_ANY_ROUTE
							 : PLAN_REQUEST);
}

static int make_plan(struct setup *s)
{
	struct context *ctx = s->ctx;
	int code;

	if (services_missing(s, &s->spec.sources) ||
	    services_missing(s, &s->spec.excluded)) {
		code = setup_load(s);
		if (code != EXIT_DONE)
			return code;
	}
	if (str_same(ctx->settings.ports, PORTS_AUTO)) {
		code = find_ports(s);
		if (code != EXIT_DONE)
			return code;
	}
	if (!s->has_families)
		s->spec.filter.families = setup_families(s);
	plan_free(&s->plan);
	if (!plan_request(s)) {
		check_manager(s);
		return EXIT_DONE;
	}
	log_error(&ctx->log, "out of memory");
	return EXIT_FAILED;
}

/* Missing rules of security groups that are not ours are only added after the
 * user agrees. */
static int offer_rules(struct setup *s)
{
	const struct diagnostics *l = &s->plan.diagnostics;
	enum prompt_answer answer;
	bool yes = true;

	if (!s->applies || !s->plan.rules_missing || s->spec.open_groups ||
	    !s->ctx->can_ask || s->ctx->settings.yes || diag_failed(l))
		return EXIT_DONE;
	FOREACH(diagnostic, l)
		if (strstr(diagnostic->text, "--open-groups"))
			term_wrap(s->prompt.term, YELLOW, "! ",
				  diagnostic->text);
	answer = prompt_confirm(&s->prompt,
				s->plan.rules_missing == 1 ? "Add this rule?"
							   : "Add these rules?",
				true, &yes);
	if (answer == ANSWER_BACK)
		return prepare_again(s);
	if (answer != ANSWER_GIVEN)
		return stop(s, answer);
	s->spec.open_groups = yes;
	return yes ? make_plan(s) : EXIT_DONE;
}

static int ask_and_plan(struct setup *s)
{
	const char *missing = NULL;
	int code = ask(s);

	if (code != EXIT_DONE)
		return code;
	if (!s->ctx->can_ask)
		missing = request_missing(s->mem, &s->ctx->settings, &s->spec,
					  s->exists);
	if (missing)
		return refuse_missing(s, missing);
	code = make_plan(s);
	return code == EXIT_DONE ? offer_rules(s) : code;
}

int prepare_again(struct setup *s)
{
	s->at = Q_END;
	while (s->at > 0 && !needed(s, s->at - 1))
		s->at--;
	if (s->at)
		s->at--;
	return ask_and_plan(s);
}

int prepare_plan(struct setup *s, struct context *ctx, bool applies)
{
	int code;

	setup_init(s, ctx, applies);
	code = check_options(s);
	if (code != EXIT_DONE)
		return code;
	code = context_open(ctx, needed(s, Q_REGION));
	if (code != EXIT_DONE)
		return code;
	/* Otherwise ask_region() loads the account. */
	if (!needed(s, Q_REGION)) {
		struct parse_error unused;

		/* The sources determine which ECS services are loaded. */
		request_apply(s->mem, &ctx->settings, &s->spec, &unused);
		code = setup_load(s);
		if (code == EXIT_DONE)
			code = setup_begin(s, s->spec.name);
	}
	return code == EXIT_DONE ? ask_and_plan(s) : code;
}
