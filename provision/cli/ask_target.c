/* SPDX-License-Identifier: MIT */
/* Where mirrored traffic goes to. */
#include <string.h>

#include "cli/setup.h"
#include "cli/view.h"
#include "model/limits.h"

enum kind { KEEP, NEW_NLB, OLD_NLB, INTERFACE, ENDPOINT };

static bool is_source(const struct candidates *sources, const char *eni)
{
	for (size_t i = 0; i < sources->n; i++)
		if (str_same(sources->items[i].eni->id, eni))
			return true;
	return false;
}

/* The instances behind a load balancer of our own. */
static enum answer ask_collectors(struct setup *s)
{
	const struct inventory *f = &s->ctx->inventory;
	struct target_spec *t = &s->spec.target;
	struct candidates sources = setup_candidates(s, NULL);
	struct choices c = {0};
	struct str_list chosen = {0};
	enum answer answer;
	bool same = s->exists && t->type == TARGET_NLB && str_empty(t->id);

	choice_add(&s->ctx->mem, &c, "None now",
		   "they are registered in its target group by hand")
		->chosen = same && !t->collectors.n;
	for (size_t i = 0; i < f->instances.n; i++) {
		const struct ec2_instance *in = &f->instances.items[i];
		struct choice *to;

		if (str_same(in->state, "terminated"))
			continue;
		to = choice_add(&s->ctx->mem, &c, in->id,
				setup_instance_text(s, in));
		to->chosen = same && str_list_has(&t->collectors, in->id);
		for (size_t k = 0; k < sources.n; k++)
			if (str_same(sources.items[k].eni->instance_id,
				     in->id)) {
				to->refusal = "is a source";
				to->chosen = false;
			}
	}
	answer =
		prompt_many(&s->prompt, "Collector instances behind it", &c, 1);
	if (answer != ANSWER_GIVEN)
		return answer;
	for (size_t i = 1; i < c.n; i++)
		if (c.items[i].chosen)
			str_list_add(&s->ctx->mem, &chosen, c.items[i].label);
	*t = (struct target_spec){.type = TARGET_NLB,
				  .id = "",
				  .collectors = chosen,
				  .subnets = same ? t->subnets
						  : (struct str_list){0}};
	return ANSWER_GIVEN;
}

static void list_balancers(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;

	for (size_t i = 0; i < f->load_balancers.n; i++) {
		const struct elbv2_load_balancer *lb =
			&f->load_balancers.items[i];
		struct choice *to;

		/* The deployment's own is "Keep". */
		if (!str_same(lb->type, "network") ||
		    str_same(tags_deployment(inventory_elb_tags(f, lb->arn)),
			     s->spec.name))
			continue;
		to = choice_add(&s->ctx->mem, c, lb->name,
				arena_printf(&s->ctx->mem, "%s, in %s",
					     lb->scheme ? lb->scheme : "",
					     lb->vpc_id ? lb->vpc_id : ""));
		if (!inventory_listener(f, lb->arn))
			to->refusal = "has no listener for UDP 4789";
	}
}

static void list_interfaces(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;
	struct candidates sources = setup_candidates(s, NULL);

	for (size_t i = 0; i < f->interfaces.n; i++) {
		const struct ec2_interface *e = &f->interfaces.items[i];
		const struct ec2_instance *in =
			inventory_instance(f, e->instance_id);
		struct choice *to;

		/* Others have no collector on them. */
		if (!in)
			continue;
		to = choice_add(&s->ctx->mem, c, e->id,
				setup_interface_text(s, e));
		if (is_source(&sources, e->id))
			to->refusal = "is a source";
		for (size_t k = 0; !to->refusal && k < f->sessions.n; k++)
			if (str_same(f->sessions.items[k].interface_id, e->id))
				to->refusal = "is mirrored itself";
	}
}

static void list_endpoints(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;

	for (size_t i = 0; i < f->endpoints.n; i++)
		if (str_same(f->endpoints.items[i].type, "GatewayLoadBalancer"))
			choice_add(&s->ctx->mem, c, f->endpoints.items[i].id,
				   f->endpoints.items[i].service);
}

/* One of those that are there; what has none is said in the menu. */
static enum answer ask_existing(struct setup *s, enum kind kind,
				struct choices *c)
{
	static const char *const questions[] = {
		[OLD_NLB] = "Load balancer",
		[INTERFACE] = "Interface of the collector",
		[ENDPOINT] = "Endpoint"};
	enum answer answer;
	size_t chosen = 0;

	while (chosen + 1 < c->n && c->items[chosen].refusal)
		chosen++;
	answer = prompt_one(&s->prompt, questions[kind], c, &chosen);
	if (answer == ANSWER_GIVEN && chosen < c->n)
		s->spec.target = (struct target_spec){
			.type = kind == OLD_NLB	    ? TARGET_NLB
				: kind == INTERFACE ? TARGET_ENI
						    : TARGET_GWLBE,
			.id = c->items[chosen].label};
	return answer;
}

static const char *now(struct setup *s)
{
	const struct target_spec *t = &s->spec.target;

	if (t->type == TARGET_NLB && str_empty(t->id))
		return t->collectors.n
			       ? arena_printf(
					 &s->ctx->mem,
					 "its own load balancer, collectors %s",
					 str_list_text(&s->ctx->mem,
						       &t->collectors, 4))
			       : "its own load balancer";
	return arena_printf(&s->ctx->mem, "%s %s", target_type_text(t->type),
			    t->id);
}

static bool usable(const struct choices *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->items[i].refusal)
			return true;
	return false;
}

static enum answer ask_kind(struct setup *s, struct choices l[],
			    enum kind *kind)
{
	struct choices c = {0};
	size_t sources = setup_candidates(s, NULL).n;
	size_t chosen = 0, first = s->exists ? 0 : 1;
	enum answer answer;
	struct choice *to;

	if (s->exists)
		choice_add(&s->ctx->mem, &c, "Keep",
			   arena_printf(&s->ctx->mem, "%s", now(s)));
	choice_add(
		&s->ctx->mem, &c,
		s->exists ? "Network load balancer of its own"
			  : "New network load balancer",
		"for any number of sources and collectors; about $16 a month");
	to = choice_add(&s->ctx->mem, &c, "Network load balancer that exists",
			NULL);
	if (!usable(&l[OLD_NLB]))
		to->refusal = l[OLD_NLB].n ? "none has a listener for UDP 4789"
					   : "there is none";
	to = choice_add(&s->ctx->mem, &c, "Network interface of one collector",
			"for at most 10 sources (the largest instances: 100)");
	if (sources > LIMIT_SOURCES_PER_BIG_TARGET)
		to->refusal =
			arena_printf(&s->ctx->mem, "there are %zu", sources);
	else if (!usable(&l[INTERFACE]))
		to->refusal = "there is no other instance";
	to = choice_add(&s->ctx->mem, &c, "Gateway Load Balancer endpoint",
			"packets arrive in GENEVE");
	if (!l[ENDPOINT].n)
		to->refusal = "there is none";
	answer = prompt_one(&s->prompt, "Where is the traffic to go?", &c,
			    &chosen);
	*kind = (enum kind)(chosen + first);
	return answer;
}

enum answer ask_target(struct setup *s)
{
	struct choices l[ENDPOINT + 1] = {0};

	list_balancers(s, &l[OLD_NLB]);
	list_interfaces(s, &l[INTERFACE]);
	list_endpoints(s, &l[ENDPOINT]);
	for (;;) {
		enum kind kind;
		enum answer answer = ask_kind(s, l, &kind);

		if (answer != ANSWER_GIVEN || kind == KEEP)
			return answer;
		answer = kind == NEW_NLB ? ask_collectors(s)
					 : ask_existing(s, kind, &l[kind]);
		if (answer != ANSWER_BACK)
			return answer;
	}
}
