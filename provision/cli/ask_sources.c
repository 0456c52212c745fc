/* SPDX-License-Identifier: MIT */
/*
 * Asks for sources: a menu of types, and for each a list of what the account
 * has. The menu returns until the user continues.
 */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/ask_sources.h"
#include "cli/describe.h"
#include "model/instance.h"
#include "term/prompt.h"

static bool is_source(const struct spec *spec, const char *text)
{
	FOREACH(source, &spec->sources)
		if (!strcmp(source->text, text))
			return true;
	return false;
}

/* Adds a choice; with check, refused for the reason a plan would give. */
static struct choice *offer(struct setup *s, struct choices *c,
			    const char *text, const char *detail, bool check)
{
	struct choice *to = choice_add(s->mem, c, text, detail);
	struct candidates found = {0};
	struct diagnostics diagnostics = {0};
	struct parse_error err;
	struct source source;

	to->chosen = is_source(&s->spec, text);
	if (!check || !source_parse(s->mem, text, &source, &err))
		return to;
	select_source(s->mem, s->inventory, &source, NULL, NULL, &found,
		      &diagnostics);
	if (found.n)
		return to;
	to->chosen = false;
	to->refusal =
		diagnostics.n ? diagnostics.items[0].text : "nothing to mirror";
	return to;
}

static void list_instances(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;

	FOREACH(in, &inv->instances) {
		struct choice *to;
		const char *why;

		if (str_same(in->state, "terminated"))
			continue;
		to = offer(s, c, in->id, describe_instance(s->mem, in), true);
		if (!str_empty(in->type) &&
		    instance_support(in->type, &why) == INSTANCE_UNSUPPORTED)
			to->refusal = why;
	}
}

static void list_interfaces(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;

	FOREACH(e, &inv->interfaces) {
		struct choice *to =
			choice_add(s->mem, c, e->id,
				   describe_interface(s->mem, s->inventory, e));
		const char *doubt;

		to->refusal = select_refusal(s->mem, inv, e, &doubt);
		to->chosen = !to->refusal && is_source(&s->spec, e->id);
	}
}

/* Returns an exit code. */
static int list_services(struct setup *s, struct choices *c)
{
	struct aws_client *client = s->ctx->client;
	struct ecs_clusters clusters = {0};
	struct aws_error err = {0};
	int rc;

	context_status(s->ctx, "reading ECS clusters ...");
	rc = ecs_list_clusters(client, &clusters, &err);
	for (size_t i = 0; !rc && i < clusters.n; i++) {
		struct ecs_services l = {0};

		context_status(s->ctx, "reading ECS services of %s ...",
			       clusters.items[i].name);
		rc = ecs_list_services(client, clusters.items[i].arn, &l, &err);
		FOREACH(service, &l)
			offer(s, c,
			      arena_printf(s->mem, "ecs:%s/%s",
					   clusters.items[i].name,
					   service->name),
			      arena_printf(s->mem, "%ld task%s running%s%s",
					   (long)service->running,
					   service->running == 1 ? "" : "s",
					   service->launch_type ? ", on " : "",
					   service->launch_type
						   ? service->launch_type
						   : ""),
			      false);
		ecs_services_free(&l);
	}
	context_status(s->ctx, "%s", "");
	ecs_clusters_free(&clusters);
	return rc ? context_fail(s->ctx, &err, "cannot list the ECS services")
		  : EXIT_DONE;
}

/* Finds classic load balancers by the description of their interfaces, "ELB
 * NAME". */
static void list_classic(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;
	struct str_list names = {0};

	FOREACH(eni, &inv->interfaces) {
		const char *d = eni->description;

		if (d && !strncmp(d, "ELB ", 4) && !strchr(d, '/'))
			str_list_add(s->mem, &names, d + 4);
	}
	FOREACH(name, &names)
		offer(s, c, arena_printf(s->mem, "clb:%s", *name),
		      "classic load balancer", true);
}

static void list_balancers(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;

	FOREACH(lb, &inv->load_balancers) {
		bool nlb = str_same(lb->type, "network");

		/* Skip load balancers in front of collectors. */
		if ((!nlb && !str_same(lb->type, "application")) ||
		    (nlb && inventory_listener(inv, lb->arn)))
			continue;
		offer(s, c,
		      arena_printf(s->mem, "%s:%s", nlb ? "nlb" : "alb",
				   lb->name),
		      nlb ? "network load balancer: AWS cannot mirror it, select it to see its targets"
			  : "application load balancer",
		      !nlb);
	}
	list_classic(s, c);
}

struct tag_count {
	const char *text; /* "tag:KEY=VALUE" */
	size_t n;
};
struct tag_counts LIST_OF(struct tag_count);

static int by_tag(const void *x, const void *y)
{
	const struct tag_count *a = x, *b = y;

	return strcmp(a->text, b->text);
}

static void collect_tags(struct setup *s, const struct aws_tags *tags,
			 struct tag_counts *out)
{
	FOREACH(tag, tags) {
		struct tag_count *c = ARENA_ADD(s->mem, out);

		if (c)
			*c = (struct tag_count){
				arena_printf(s->mem, "tag:%s=%s", tag->key,
					     tag->value ? tag->value : ""),
				1};
	}
}

static void list_tags(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;
	struct tag_counts all = {0};
	size_t n = 0;

	FOREACH(instance, &inv->instances)
		collect_tags(s, &instance->tags, &all);
	FOREACH(eni, &inv->interfaces)
		collect_tags(s, &eni->tags, &all);
	if (all.n)
		qsort(all.items, all.n, sizeof(*all.items), by_tag);
	FOREACH(tag, &all) {
		if (n && !strcmp(all.items[n - 1].text, tag->text))
			all.items[n - 1].n++;
		else
			all.items[n++] = *tag;
	}
	for (size_t i = 0; i < n; i++)
		offer(s, c, all.items[i].text,
		      arena_printf(s->mem, "on %zu", all.items[i].n), false);
}

/* Lists each VPC followed by its subnets. */
static void list_networks(struct setup *s, struct choices *c)
{
	const struct inventory *inv = s->inventory;

	FOREACH(v, &inv->vpcs) {
		const char *name = aws_tag_value(&v->tags, TAG_NAME);

		offer(s, c, v->id,
		      arena_printf(s->mem, "VPC  %s  %s", name ? name : "-",
				   v->cidr ? v->cidr : ""),
		      true);
		FOREACH(n, &inv->subnets) {
			name = aws_tag_value(&n->tags, TAG_NAME);
			if (str_same(n->vpc_id, v->id))
				offer(s, c, n->id,
				      arena_printf(s->mem, "subnet  %s  %s  %s",
						   name ? name : "-",
						   n->cidr ? n->cidr : "",
						   n->zone ? n->zone : ""),
				      true);
		}
	}
}

enum source_menu {
	CONTINUE,
	INSTANCES,
	INTERFACES,
	SERVICES,
	BALANCERS,
	TAGS,
	NETWORKS,
};

static int list_choices(struct setup *s, enum source_menu menu,
			struct choices *c)
{
	switch (menu) {
	case INSTANCES:
		list_instances(s, c);
		break;
	case INTERFACES:
		list_interfaces(s, c);
		break;
	case SERVICES:
		return list_services(s, c);
	case BALANCERS:
		list_balancers(s, c);
		break;
	case NETWORKS:
		list_networks(s, c);
		break;
	default:
		list_tags(s, c);
		break;
	}
	return EXIT_DONE;
}

static bool listed(const struct choices *c, const char *text)
{
	FOREACH(choice, c)
		if (!strcmp(choice->label, text))
			return true;
	return false;
}

static void add_source(struct setup *s, const char *text)
{
	struct parse_error err;
	struct source source, *to;

	if (is_source(&s->spec, text))
		return;
	if (!source_parse(s->mem, text, &source, &err)) {
		term_wrap(&s->ctx->err, YELLOW, "! ", err.text);
		return;
	}
	to = ARENA_ADD(s->mem, &s->spec.sources);
	if (to)
		*to = source;
}

/* Replaces the sources that the list offers by those selected in it. */
static void update_sources(struct setup *s, const struct choices *c)
{
	struct sources before = s->spec.sources;

	s->spec.sources = (struct sources){0};
	FOREACH(source, &before)
		if (!listed(c, source->text))
			add_source(s, source->text);
	FOREACH(choice, c)
		if (choice->chosen && strncmp(choice->label, "nlb:", 4))
			add_source(s, choice->label);
}

/* Offers the targets of a network load balancer in its place. */
static enum prompt_answer offer_targets(struct setup *s, const char *name)
{
	const struct inventory *inv = s->inventory;
	const struct elbv2_load_balancer *lb =
		inventory_load_balancer(inv, name, "network");
	struct str_list targets = {0};
	struct choices c = {0};
	enum prompt_answer answer;

	if (lb)
		targets = select_lb_targets(s->mem, inv, lb);
	if (!targets.n) {
		term_wrap(
			&s->ctx->err, YELLOW, "! ",
			arena_printf(
				s->mem,
				"AWS cannot mirror a network load balancer, and %s has no targets: select its instances or services instead",
				name));
		return ANSWER_GIVEN;
	}
	FOREACH(target, &targets) {
		const struct ec2_instance *in =
			inventory_instance(inv, *target);
		const struct ec2_interface *e =
			inventory_interface(inv, *target);

		struct choice *to = offer(s, &c, *target,
					  in  ? describe_instance(s->mem, in)
					  : e ? inventory_interface_name(inv, e)
					      : NULL,
					  true);

		to->chosen = !to->refusal;
	}
	answer = prompt_many(
		&s->prompt,
		arena_printf(
			s->mem,
			"AWS cannot mirror the network load balancer %s. Mirror its targets:",
			name),
		&c, 0);
	if (answer == ANSWER_GIVEN)
		update_sources(s, &c);
	return answer;
}

static enum prompt_answer select_sources(struct setup *s, enum source_menu menu)
{
	static const char *const questions[] = {
		[INSTANCES] = "Instances (all their interfaces)",
		[INTERFACES] = "Network interfaces",
		[SERVICES] = "ECS services",
		[BALANCERS] = "Load balancers",
		[TAGS] = "Everything with the tag",
		[NETWORKS] = "Everything running in"};
	struct choices c = {0};
	enum prompt_answer answer;

	/* Not fatal: other types of sources remain. */
	if (list_choices(s, menu, &c))
		return ANSWER_GIVEN;
	if (!c.n) {
		term_print(&s->ctx->err, "None exist in %s.\n",
			   s->inventory->region);
		return ANSWER_GIVEN;
	}
	/* Deselecting everything is allowed if something was selected. */
	answer = prompt_many(&s->prompt, questions[menu], &c,
			     !choices_chosen(&c));
	if (answer != ANSWER_GIVEN)
		return answer;
	update_sources(s, &c);
	for (size_t i = 0; i < c.n && answer == ANSWER_GIVEN; i++)
		if (c.items[i].chosen && !strncmp(c.items[i].label, "nlb:", 4))
			answer = offer_targets(s, c.items[i].label + 4);
	return answer;
}

static const char *current_sources(struct setup *s)
{
	struct str_list l = {0};

	FOREACH(source, &s->spec.sources)
		str_list_add(s->mem, &l, source->text);
	return str_list_text(s->mem, &l, 4);
}

enum prompt_answer ask_sources(struct setup *s)
{
	for (;;) {
		struct choices c = {0};
		size_t chosen = 0, first = s->spec.sources.n ? 0 : 1;
		enum prompt_answer answer;

		if (!first)
			choice_add(s->mem, &c, "Continue",
				   arena_printf(s->mem, "with %s",
						current_sources(s)));
		choice_add(s->mem, &c, "EC2 instances", NULL);
		choice_add(s->mem, &c, "Network interfaces", NULL);
		choice_add(s->mem, &c, "ECS services", NULL);
		choice_add(s->mem, &c, "Load balancers",
			   "application and classic");
		choice_add(
			s->mem, &c, "By tag",
			"all instances and interfaces that have it, now and later");
		choice_add(s->mem, &c, "VPCs and subnets",
			   "all instances and tasks in them, now and later");
		answer = prompt_one(&s->prompt,
				    first ? "What should be mirrored?"
					  : "Mirror anything else?",
				    &c, &chosen);
		if (answer != ANSWER_GIVEN)
			return answer;
		if (chosen + first == CONTINUE)
			return ANSWER_GIVEN;
		answer = select_sources(s, (enum source_menu)(chosen + first));
		if (answer != ANSWER_GIVEN && answer != ANSWER_BACK)
			return answer;
	}
}
