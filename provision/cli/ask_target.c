/* SPDX-License-Identifier: MIT */
/*
 * Asks for the mirror target. The lists are built before the menu, so that it
 * can show which types have nothing to offer.
 */
#include <string.h>

#include "base/list.h"
#include "cli/ask_target.h"
#include "cli/describe.h"
#include "model/limits.h"
#include "term/prompt.h"

enum target_choice {
	TC_KEEP,
	TC_NEW_NLB,
	TC_EXISTING_NLB,
	TC_INTERFACE,
	TC_ENDPOINT
};

static bool is_source(const struct candidates *sources, const char *eni)
{
	FOREACH(source, sources)
		if (str_same(source->eni->id, eni))
			return true;
	return false;
}

/* The instances to register with a load balancer of our own. */
static enum prompt_answer ask_collectors(struct setup *s)
{
	const struct inventory *inv = s->inventory;
	struct target_spec *t = &s->spec.target;
	struct candidates sources = setup_candidates(s);
	struct choices c = {0};
	struct str_list chosen = {0};
	enum prompt_answer answer;
	bool keeps_lb = s->exists && t->type == TARGET_NLB && str_empty(t->id);

	choice_add(s->mem, &c, "None for now",
		   "you register them with its target group yourself")
		->chosen = keeps_lb && !t->collectors.n;
	FOREACH(in, &inv->instances) {
		struct choice *to;

		if (str_same(in->state, "terminated"))
			continue;
		to = choice_add(s->mem, &c, in->id,
				describe_instance(s->mem, in));
		to->chosen = keeps_lb && str_list_has(&t->collectors, in->id);
		FOREACH(source, &sources)
			if (str_same(source->eni->instance_id, in->id)) {
				to->refusal = "is a source";
				to->chosen = false;
			}
	}
	answer = prompt_many(&s->prompt, "Collector instances", &c, 1);
	if (answer != ANSWER_GIVEN)
		return answer;
	for (size_t i = 1; i < c.n; i++)
		if (c.items[i].chosen)
			str_list_add(s->mem, &chosen, c.items[i].label);
	*t = (struct target_spec){.type = TARGET_NLB,
				  .id = "",
				  .collectors = chosen,
				  .subnets = keeps_lb ? t->subnets
						      : (struct str_list){0}};
	return ANSWER_GIVEN;
}

static void list_balancers(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;

	FOREACH(lb, &inv->load_balancers) {
		struct choice *to;

		/* The deployment's own load balancer is "Keep". */
		if (!str_same(lb->type, "network") ||
		    str_same(tags_deployment(inventory_elb_tags(inv, lb->arn)),
			     s->spec.name))
			continue;
		to = choice_add(s->mem, c, lb->name,
				arena_printf(s->mem, "%s, in %s",
					     lb->scheme ? lb->scheme : "",
					     lb->vpc_id ? lb->vpc_id : ""));
		if (!inventory_listener(inv, lb->arn))
			to->refusal = "has no listener for UDP 4789";
	}
}

static void list_interfaces(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;
	struct candidates sources = setup_candidates(s);

	FOREACH(e, &inv->interfaces) {
		const struct ec2_instance *in =
			inventory_instance(inv, e->instance_id);
		struct choice *to;

		/* No collector runs on the interface of a managed service. */
		if (!in)
			continue;
		to = choice_add(s->mem, c, e->id,
				describe_interface(s->mem, s->inventory, e));
		if (is_source(&sources, e->id))
			to->refusal = "is a source";
		for (size_t k = 0; !to->refusal && k < inv->sessions.n; k++)
			if (str_same(inv->sessions.items[k].interface_id,
				     e->id))
				to->refusal = "is itself mirrored";
	}
}

static void list_endpoints(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;

	FOREACH(endpoint, &inv->endpoints)
		if (str_same(endpoint->type, "GatewayLoadBalancer"))
			choice_add(s->mem, c, endpoint->id, endpoint->service);
}

/* Selects from a list that is not empty; the menu refuses those that are. */
static enum prompt_answer ask_existing(struct setup *s, enum target_choice type,
				       struct choices *c)
{
	static const char *const questions[] = {
		[TC_EXISTING_NLB] = "Load balancer",
		[TC_INTERFACE] = "Interface of the collector",
		[TC_ENDPOINT] = "Endpoint"};
	enum prompt_answer answer;
	size_t chosen = 0;

	while (chosen + 1 < c->n && c->items[chosen].refusal)
		chosen++;
	answer = prompt_one(&s->prompt, questions[type], c, &chosen);
	if (answer == ANSWER_GIVEN && chosen < c->n)
		s->spec.target = (struct target_spec){
			.type = type == TC_EXISTING_NLB ? TARGET_NLB
				: type == TC_INTERFACE	? TARGET_ENI
							: TARGET_GWLBE,
			.id = c->items[chosen].label};
	return answer;
}

static const char *current_target(struct setup *s)
{
	const struct target_spec *t = &s->spec.target;

	if (t->type == TARGET_NLB && str_empty(t->id))
		return t->collectors.n
			       ? arena_printf(
					 s->mem,
					 "its own load balancer, collectors %s",
					 str_list_text(s->mem, &t->collectors,
						       4))
			       : "its own load balancer";
	return arena_printf(s->mem, "%s %s", target_type_text(t->type), t->id);
}

static bool any_usable(const struct choices *c)
{
	FOREACH(choice, c)
		if (!choice->refusal)
			return true;
	return false;
}

static enum prompt_answer ask_type(struct setup *s, struct choices l[],
				   enum target_choice *type)
{
	struct choices c = {0};
	size_t sources = setup_candidates(s).n;
	size_t chosen = 0, first = s->exists ? 0 : 1;
	enum prompt_answer answer;
	struct choice *to;

	if (s->exists)
		choice_add(s->mem, &c, "Keep",
			   arena_printf(s->mem, "%s", current_target(s)));
	choice_add(
		s->mem, &c,
		s->exists ? "Network load balancer of its own"
			  : "New network load balancer",
		"for any number of sources and collectors; about $16 per month");
	to = choice_add(s->mem, &c, "Existing network load balancer", NULL);
	if (!any_usable(&l[TC_EXISTING_NLB]))
		to->refusal = l[TC_EXISTING_NLB].n
				      ? "none has a listener for UDP 4789"
				      : "none exists";
	to = choice_add(s->mem, &c, "Network interface of one collector",
			"for at most 10 sources (the largest instances: 100)");
	if (sources > LIMIT_SOURCES_PER_BIG_TARGET)
		to->refusal =
			arena_printf(s->mem, "there are %zu sources", sources);
	else if (!any_usable(&l[TC_INTERFACE]))
		to->refusal = "no other instance exists";
	to = choice_add(s->mem, &c, "Gateway Load Balancer endpoint",
			"packets arrive encapsulated in GENEVE");
	if (!l[TC_ENDPOINT].n)
		to->refusal = "none exists";
	answer = prompt_one(&s->prompt, "Where should the traffic go?", &c,
			    &chosen);
	*type = (enum target_choice)(chosen + first);
	return answer;
}

enum prompt_answer ask_target(struct setup *s)
{
	struct choices l[TC_ENDPOINT + 1] = {0};

	list_balancers(s, &l[TC_EXISTING_NLB]);
	list_interfaces(s, &l[TC_INTERFACE]);
	list_endpoints(s, &l[TC_ENDPOINT]);
	for (;;) {
		enum target_choice type;
		enum prompt_answer answer = ask_type(s, l, &type);

		if (answer != ANSWER_GIVEN || type == TC_KEEP)
			return answer;
		answer = type == TC_NEW_NLB ? ask_collectors(s)
					    : ask_existing(s, type, &l[type]);
		if (answer != ANSWER_BACK)
			return answer;
	}
}
