/* SPDX-License-Identifier: MIT */
/* Asks for the region, then loads the account and asks for the deployment. */
#include "base/exit.h"
#include "base/list.h"
#include "cli/ask_region.h"
#include "cli/regions.h"
#include "cli/status.h"
#include "model/deployment.h"
#include "term/prompt.h"

/* Lists the regions enabled for the account, the default first. Returns an exit
 * code. */
static int list_regions(struct setup *s, const char *initial, struct choices *c)
{
	struct aws_client *client = s->ctx->client;
	struct str_list regions = {0};
	int code = regions_load(s->ctx, s->mem, &regions);

	if (code != EXIT_DONE)
		return code;
	if (initial)
		choice_add(s->mem, c, initial,
			   arena_printf(s->mem, "the default (%s)",
					aws_client_region_source(client)));
	FOREACH(region, &regions)
		if (!str_same(*region, initial))
			choice_add(s->mem, c, *region, NULL);
	return EXIT_DONE;
}

enum prompt_answer ask_region(struct setup *s)
{
	const char *known = aws_client_region(s->ctx->client), *initial;
	const char *name = s->ctx->settings.name;
	struct choices c = {0};
	struct aws_error err = {0};
	enum prompt_answer answer;
	size_t chosen = 0;

	initial = known ? arena_dup(s->mem, known) : NULL;
	s->code = list_regions(s, initial, &c);
	if (s->code)
		return ANSWER_END;
	answer = prompt_one(&s->prompt, "Region", &c, &chosen);
	if (answer != ANSWER_GIVEN || chosen >= c.n || !c.items)
		return answer;
	if (aws_client_set_region(s->ctx->client, c.items[chosen].label, &err))
		s->code = context_fail(s->ctx, &err, "region");
	if (!s->code)
		s->code = setup_load(s);
	if (!s->code)
		s->code = setup_begin(s, name ? name : SPEC_DEFAULT_NAME);
	return s->code ? ANSWER_END : ANSWER_GIVEN;
}

/* The first unused name of metlo, metlo-2, ... */
static const char *unused_name(struct setup *s, const struct str_list *taken)
{
	const char *name = SPEC_DEFAULT_NAME;

	for (unsigned int n = 2; str_list_has(taken, name); n++)
		name = arena_printf(s->mem, "%s-%u", SPEC_DEFAULT_NAME, n);
	return name;
}

static bool check_new(void *arg, const char *text, struct parse_error *err)
{
	const struct str_list *taken = arg;

	if (!spec_name_check(text, err))
		return false;
	return !str_list_has(taken, text) ||
	       parse_refuse(err, "deployment %s already exists", text);
}

enum prompt_answer ask_deployment(struct setup *s)
{
	struct str_list all = inventory_deployments(s->mem, s->inventory);
	struct choices c = {0};
	const char *name;
	enum prompt_answer answer;
	size_t chosen = 0;

	for (size_t i = 0; i < all.n; i++) {
		size_t n = status_count_sessions(s->inventory, all.items[i]);

		choice_add(s->mem, &c,
			   arena_printf(s->mem, "Change %s", all.items[i]),
			   arena_printf(s->mem, "%zu session%s", n,
					n == 1 ? "" : "s"));
		if (str_same(all.items[i], s->spec.name))
			chosen = i;
	}
	choice_add(s->mem, &c, "Create another deployment", NULL);
	answer = prompt_one(&s->prompt, "Deployment", &c, &chosen);
	if (answer != ANSWER_GIVEN)
		return answer;
	name = all.items[chosen];
	if (chosen == all.n) {
		answer = prompt_text(&s->prompt, "Name", unused_name(s, &all),
				     check_new, &all, &name);
		if (answer != ANSWER_GIVEN)
			return answer;
	}
	s->code = setup_begin(s, name);
	return s->code ? ANSWER_END : ANSWER_GIVEN;
}
