/* SPDX-License-Identifier: MIT */
/* The deployment being set up, before any question is asked or step planned. */
#include <errno.h>
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/request.h"
#include "cli/setup.h"
#include "model/deployment.h"
#include "plan/select.h"

void setup_init(struct setup *s, struct context *ctx, bool applies)
{
	const char *name = ctx->settings.name;

	*s = (struct setup){
		.ctx = ctx,
		.mem = &ctx->mem,
		.inventory = &ctx->inventory,
		.prompt = context_prompt(ctx, &ctx->mem),
		.applies = applies,
		.spec = request_defaults(name ? name : SPEC_DEFAULT_NAME)};
}

void setup_free(struct setup *s)
{
	plan_free(&s->plan);
}

/* The targets of all load balancers show the ports of the sources, and what is
 * behind a network load balancer. */
int setup_load(struct setup *s)
{
	const struct cli_settings *o = &s->ctx->settings;
	struct inventory_scope scope = {.network = true,
					.health = true,
					.attributes = true,
					.rules = true,
					.routes = true,
					.quotas = true,
					.sources = &s->spec.sources,
					.excluded = &s->spec.excluded};

	scope.all_targets = !o->ports || str_same(o->ports, PORTS_AUTO) ||
			    (s->ctx->can_ask && !o->sources.n);
	FOREACH(source, &s->spec.sources)
		scope.all_targets |= source->type == SOURCE_NLB;
	plan_free(&s->plan); /* it points into the inventory */
	return context_load(s->ctx, &scope);
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

struct candidates setup_candidates(struct setup *s)
{
	const char *target_eni =
		s->spec.target.type == TARGET_ENI ? s->spec.target.id : NULL;
	struct candidates c = {0};
	struct diagnostics unused = {0};

	FOREACH(source, &s->spec.sources)
		select_source(s->mem, s->inventory, source, target_eni, NULL,
			      &c, &unused);
	return c;
}

unsigned int setup_families(struct setup *s)
{
	struct candidates c = setup_candidates(s);
	unsigned int families = FILTER_IPV4;

	FOREACH(candidate, &c)
		if (candidate->eni->ipv6.n)
			families |= FILTER_IPV6;
	return families;
}
