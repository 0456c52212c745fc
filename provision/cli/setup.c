/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/exit.h"
#include "cli/setup.h"
#include "cli/request.h"
#include "plan/discover.h"
#include "model/filter_text.h"
#include "plan/plan_setup.h"
#include "model/deployment.h"

#define N_QUESTIONS 5

int setup_load(struct setup *s)
{
	struct inventory_scope wanted = {.network = true,
					 .health = true,
					 .sources = &s->spec.sources,
					 .excluded = &s->spec.excluded};

	plan_free(&s->plan); /* it points to the inventory */
	return context_load(s->ctx, &wanted);
}

struct candidates setup_candidates(struct setup *s,
				   struct diagnostics *diagnostics)
{
	const char *target_eni =
		s->spec.target.type == TARGET_ENI ? s->spec.target.id : NULL;
	struct candidates c = {0};
	struct diagnostics unused = {0};

	for (size_t i = 0; i < s->spec.sources.n; i++)
		select_source(&s->ctx->mem, &s->ctx->inventory,
			      &s->spec.sources.items[i], target_eni, &c,
			      diagnostics ? diagnostics : &unused);
	return c;
}

int setup_begin(struct setup *s, const char *name)
{
	struct context *ctx = s->ctx;
	struct parse_error err;
	int rc;

	s->spec = request_defaults(arena_dup(&ctx->mem, name));
	rc = deployment_spec(&ctx->mem, &ctx->inventory, name, &s->spec, &err);
	s->exists = !rc;
	s->has_families = ctx->settings.ip
				  ? strcmp(ctx->settings.ip, "auto") != 0
				  : s->exists;
	if (rc && rc != -ENOENT) {
		log_error(&ctx->log, "deployment %s: %s", name, err.text);
		return EXIT_FAILED;
	}
	if (rc)
		s->spec = request_defaults(arena_dup(&ctx->mem, name));
	if (request_apply(&ctx->mem, &ctx->settings, &s->spec, &err))
		return EXIT_DONE;
	log_error(&ctx->log, "%s", err.text);
	return EXIT_USAGE;
}

/* Flags that stand for answers. */
static bool any_request(const struct settings *s)
{
	return s->sources.n || s->excluded.n || s->target || s->ports ||
	       s->collectors.n || s->subnets.n || s->peers.n || s->side ||
	       s->protocol || s->ip || s->vni || s->packet_length ||
	       s->open_groups;
}

/* Whether flags, and what is kept of a deployment, leave nothing to ask. */
static bool complete(const struct setup *s)
{
	const struct settings *f = &s->ctx->settings;

	return (f->sources.n && f->target && f->ports) ||
	       (s->exists && any_request(f));
}

static bool needed(const struct setup *s, unsigned int question)
{
	const struct settings *f = &s->ctx->settings;
	const struct inventory *inventory = &s->ctx->inventory;

	if (!s->ctx->can_ask || complete(s))
		return false;
	switch (question) {
	case 0:
		return !f->region;
	case 1:
		/* Without any deployment it is a new one. */
		return !f->name &&
		       (inventory->filters.n || inventory->sessions.n) &&
		       inventory_deployments(&s->ctx->mem, inventory).n;
	case 2:
		return !f->sources.n;
	case 3:
		return !f->target;
	default:
		return !f->ports;
	}
}

static int ended(struct setup *s, enum answer answer)
{
	if (s->code)
		return s->code;
	if (answer == ANSWER_STOPPED) {
		term_print(&s->ctx->err, "Interrupted; nothing was changed.\n");
		return EXIT_INTERRUPTED;
	}
	log_error(&s->ctx->log, "the answers ended; nothing was changed");
	return EXIT_FAILED;
}

static int ask(struct setup *s)
{
	static enum answer (*const questions[N_QUESTIONS])(struct setup *) = {
		ask_region, ask_deployment, ask_sources, ask_target,
		ask_filter};

	while (s->at < N_QUESTIONS) {
		unsigned int back = s->at;
		enum answer answer = ANSWER_GIVEN;

		if (needed(s, s->at))
			answer = questions[s->at](s);
		if (answer == ANSWER_GIVEN) {
			s->at++;
			continue;
		}
		if (answer != ANSWER_BACK)
			return ended(s, answer);
		while (back > 0 && !needed(s, --back))
			continue;
		if (needed(s, back))
			s->at = back;
	}
	return EXIT_DONE;
}

/* What cannot be asked has to be given. */
static int refuse_missing(struct setup *s, const char *missing)
{
	struct context *ctx = s->ctx;

	log_error(
		&ctx->log,
		"%s %s missing, and there is no terminal to ask at; see \"%s help %s\"",
		missing, strchr(missing, ' ') ? "are" : "is", ctx->log.program,
		s->applies ? "setup" : "plan");
	return EXIT_USAGE;
}

/* Before anything is read: what no deployment could make up for. */
static int check_flags(struct setup *s)
{
	const struct settings *f = &s->ctx->settings;
	struct arena *a = &s->ctx->mem;
	struct str_list l = {0};

	if (s->ctx->can_ask)
		return EXIT_DONE;
	if (!any_request(f)) {
		str_list_add(a, &l, "--source");
		str_list_add(a, &l, "--target");
		str_list_add(a, &l, "--ports");
	}
	if (s->applies && !f->yes && !f->dry_run)
		str_list_add(a, &l, "--yes");
	return l.n ? refuse_missing(s, str_list_text(a, &l, 9)) : EXIT_DONE;
}

unsigned int setup_families(struct setup *s)
{
	struct candidates c = setup_candidates(s, NULL);
	unsigned int families = FILTER_IPV4;

	for (size_t i = 0; i < c.n; i++)
		if (c.items[i].eni->ipv6.n)
			families |= FILTER_IPV6;
	return families;
}

static bool service_read(const struct inventory *f, const struct source *source)
{
	for (size_t i = 0; i < f->services.n; i++)
		if (str_same(f->services.items[i].cluster, source->name) &&
		    str_same(f->services.items[i].service, source->value))
			return true;
	return false;
}

static bool services_unread(const struct setup *s, const struct sources *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].type == SOURCE_ECS &&
		    !service_read(&s->ctx->inventory, &l->items[i]))
			return true;
	return false;
}

/* --ports auto */
static int find_ports(struct setup *s)
{
	struct context *ctx = s->ctx;
	struct filter_spec *f = &s->spec.filter;
	struct candidates sources = setup_candidates(s, NULL);
	const char *found =
		discover_ports(&ctx->mem, &ctx->inventory, &sources);
	struct parse_error err = {""};

	f->ports = (struct port_list){0};
	if (!found || !filter_ports_parse(&ctx->mem, found, &f->ports, &err)) {
		log_error(
			&ctx->log,
			"no load balancer has these sources as targets, so that their ports are not known: name them by --ports");
		return EXIT_FAILED;
	}
	if (f->protocol == FILTER_ANY_PROTOCOL)
		f->protocol = FILTER_TCP;
	log_info(&ctx->log, "ports on which load balancers reach them: %s",
		 found);
	return EXIT_DONE;
}

static int make_plan(struct setup *s)
{
	struct context *ctx = s->ctx;
	int code;

	if (services_unread(s, &s->spec.sources) ||
	    services_unread(s, &s->spec.excluded)) {
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
	if (!plan_setup(&s->plan, &ctx->inventory, &s->spec, false))
		return EXIT_DONE;
	log_error(&ctx->log, "out of memory");
	return EXIT_FAILED;
}

/* Rules that are missing in the security groups of others are added only after
 * asking. */
static int offer_rules(struct setup *s)
{
	enum answer answer;
	bool yes = true;

	if (!s->applies || !s->plan.rules_missing || s->spec.open_groups ||
	    !s->ctx->can_ask || s->ctx->settings.yes ||
	    diag_failed(&s->plan.diagnostics))
		return EXIT_DONE;
	for (size_t i = 0; i < s->plan.diagnostics.n; i++)
		if (strstr(s->plan.diagnostics.items[i].text, "--open-groups"))
			term_wrap(s->prompt.term, YELLOW, "! ",
				  s->plan.diagnostics.items[i].text);
	answer = prompt_confirm(&s->prompt,
				s->plan.rules_missing == 1 ? "Add this rule?"
							   : "Add these rules?",
				true, &yes);
	if (answer == ANSWER_BACK)
		return setup_back(s);
	if (answer != ANSWER_GIVEN)
		return ended(s, answer);
	s->spec.open_groups = yes;
	return yes ? make_plan(s) : EXIT_DONE;
}

static int ask_and_plan(struct setup *s)
{
	const char *missing;
	int code = ask(s);

	if (code != EXIT_DONE)
		return code;
	missing = s->ctx->can_ask
			  ? NULL
			  : request_missing(&s->ctx->mem, &s->ctx->settings,
					    &s->spec, s->exists);
	if (missing)
		return refuse_missing(s, missing);
	code = make_plan(s);
	return code == EXIT_DONE ? offer_rules(s) : code;
}

int setup_back(struct setup *s)
{
	s->at = N_QUESTIONS;
	while (s->at > 0 && !needed(s, s->at - 1))
		s->at--;
	if (s->at)
		s->at--;
	return ask_and_plan(s);
}

int setup_prepare(struct setup *s, struct context *ctx, bool applies)
{
	const char *name = ctx->settings.name;
	int code;

	*s = (struct setup){.ctx = ctx, .applies = applies};
	s->prompt = (struct prompt){.term = &ctx->err,
				    .interrupt = &ctx->interrupt,
				    .mem = &ctx->mem};
	s->spec = request_defaults(name ? name : SPEC_DEFAULT_NAME);
	code = check_flags(s);
	if (code != EXIT_DONE)
		return code;
	code = context_open(ctx, needed(s, 0));
	if (code != EXIT_DONE)
		return code;
	/* The question of the region reads what is there itself. */
	if (!needed(s, 0)) {
		struct parse_error unused;

		/* The sources first, so that their services are read. */
		request_apply(&ctx->mem, &ctx->settings, &s->spec, &unused);
		code = setup_load(s);
		if (code == EXIT_DONE)
			code = setup_begin(s, s->spec.name);
	}
	return code == EXIT_DONE ? ask_and_plan(s) : code;
}

void setup_free(struct setup *s)
{
	plan_free(&s->plan);
}
