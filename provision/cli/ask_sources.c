/* SPDX-License-Identifier: MIT */
/* What is to be mirrored. */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "cli/setup.h"
#include "model/instance.h"

/* A column of a choice's detail. */
static const char *column(struct setup *s, const char *before, const char *text,
			  unsigned int width)
{
	unsigned int w = term_width(text);

	return arena_printf(&s->ctx->mem, "%s%s%*s", before, text,
			    w < width ? (int)(width - w) + 2 : 2, "");
}

const char *setup_instance_text(struct setup *s, const struct ec2_instance *i)
{
	const char *name = aws_tag_value(&i->tags, TAG_NAME);
	const char *text = column(s, "", name ? name : "-", 20);

	text = column(s, text, i->type ? i->type : "", 12);
	text = column(s, text, i->state ? i->state : "", 8);
	text = column(s, text, i->private_ip ? i->private_ip : "", 15);
	return arena_printf(&s->ctx->mem, "%s%s", text, i->zone ? i->zone : "");
}

static bool wanted(const struct spec *spec, const char *text)
{
	for (size_t i = 0; i < spec->sources.n; i++)
		if (!strcmp(spec->sources.items[i].text, text))
			return true;
	return false;
}

/* One that can be a source; why not comes from what a plan would say. */
static struct choice *offer(struct setup *s, struct choices *c,
			    const char *text, const char *detail, bool check)
{
	struct choice *to = choice_add(&s->ctx->mem, c, text, detail);
	struct candidates found = {0};
	struct diagnostics diagnostics = {0};
	struct parse_error err;
	struct source source;

	to->chosen = wanted(&s->spec, text);
	if (!check || !source_parse(&s->ctx->mem, text, &source, &err))
		return to;
	select_source(&s->ctx->mem, &s->ctx->inventory, &source, NULL, &found,
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
	const struct inventory *f = &s->ctx->inventory;

	for (size_t i = 0; i < f->instances.n; i++) {
		const struct ec2_instance *in = &f->instances.items[i];
		struct choice *to;
		const char *why;

		if (str_same(in->state, "terminated"))
			continue;
		to = offer(s, c, in->id, setup_instance_text(s, in), true);
		if (!str_empty(in->type) &&
		    instance_support(in->type, &why) == INSTANCE_UNSUPPORTED)
			to->refusal = why;
	}
}

const char *setup_interface_text(struct setup *s,
				 const struct ec2_interface *eni)
{
	const char *name = inventory_interface_name(&s->ctx->inventory, eni);
	const char *text = column(s, "", name, 24);

	text = column(s, text, eni->private_ip ? eni->private_ip : "", 15);
	text = column(s, text, eni->instance_id ? eni->instance_id : "", 19);
	return arena_printf(&s->ctx->mem, "%s%s", text,
			    eni->zone ? eni->zone : "");
}

static void list_interfaces(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;

	for (size_t i = 0; i < f->interfaces.n; i++) {
		const struct ec2_interface *e = &f->interfaces.items[i];
		struct choice *to = choice_add(&s->ctx->mem, c, e->id,
					       setup_interface_text(s, e));
		const char *doubt;

		to->refusal = select_refusal(&s->ctx->mem, f, e, &doubt);
		to->chosen = !to->refusal && wanted(&s->spec, e->id);
	}
}

static bool list_services(struct setup *s, struct choices *c)
{
	struct aws_client *client = s->ctx->client;
	struct ecs_clusters clusters = {0};
	struct aws_error err = {0};
	int rc;

	context_status(s->ctx, "reading ECS clusters ...");
	rc = ecs_clusters(client, &clusters, &err);
	for (size_t i = 0; !rc && i < clusters.n; i++) {
		struct ecs_services l = {0};

		context_status(s->ctx, "reading ECS services of %s ...",
			       clusters.items[i].name);
		rc = ecs_services(client, clusters.items[i].arn, &l, &err);
		for (size_t k = 0; k < l.n; k++)
			offer(s, c,
			      arena_printf(&s->ctx->mem, "ecs:%s/%s",
					   clusters.items[i].name,
					   l.items[k].name),
			      arena_printf(
				      &s->ctx->mem, "%ld task%s running%s%s",
				      (long)l.items[k].running,
				      l.items[k].running == 1 ? "" : "s",
				      l.items[k].launch_type ? ", on " : "",
				      l.items[k].launch_type
					      ? l.items[k].launch_type
					      : ""),
			      false);
		ecs_services_free(&l);
	}
	context_status(s->ctx, "%s", "");
	ecs_clusters_free(&clusters);
	if (!rc)
		return true;
	/* Other kinds of sources may still do. */
	context_fail(s->ctx, &err, "cannot list the ECS services");
	return false;
}

/* Classic load balancers are known by the descriptions of their interfaces:
 * "ELB NAME". */
static void list_classic(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;
	struct str_list names = {0};

	for (size_t i = 0; i < f->interfaces.n; i++) {
		const char *d = f->interfaces.items[i].description;

		if (d && !strncmp(d, "ELB ", 4) && !strchr(d, '/'))
			str_list_add(&s->ctx->mem, &names, d + 4);
	}
	for (size_t i = 0; i < names.n; i++)
		offer(s, c,
		      arena_printf(&s->ctx->mem, "clb:%s", names.items[i]),
		      "classic load balancer", true);
}

static void list_balancers(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;

	for (size_t i = 0; i < f->load_balancers.n; i++) {
		const struct elbv2_load_balancer *lb =
			&f->load_balancers.items[i];
		bool nlb = str_same(lb->type, "network");

		/* A collector's own, of whatever deployment. */
		if ((!nlb && !str_same(lb->type, "application")) ||
		    (nlb && inventory_listener(f, lb->arn)))
			continue;
		offer(s, c,
		      arena_printf(&s->ctx->mem, "%s:%s", nlb ? "nlb" : "alb",
				   lb->name),
		      nlb ? "network load balancer: AWS cannot mirror it, choose it to see what is behind it"
			  : "application load balancer",
		      !nlb);
	}
	list_classic(s, c);
}

struct tag_count {
	const char *text; /* "tag:KEY=VALUE" */
	size_t n;
};
struct tag_counts {
	struct tag_count *items;
	size_t n;
};

static int by_tag(const void *x, const void *y)
{
	const struct tag_count *a = x, *b = y;

	return strcmp(a->text, b->text);
}

static void collect_tags(struct setup *s, const struct aws_tags *tags,
			 struct tag_counts *out)
{
	for (size_t i = 0; i < tags->n; i++) {
		struct tag_count *c = ARENA_ADD(&s->ctx->mem, out);

		if (c)
			*c = (struct tag_count){
				arena_printf(&s->ctx->mem, "tag:%s=%s",
					     tags->items[i].key,
					     tags->items[i].value
						     ? tags->items[i].value
						     : ""),
				1};
	}
}

static void list_tags(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;
	struct tag_counts all = {0};
	size_t n = 0;

	for (size_t i = 0; i < f->instances.n; i++)
		collect_tags(s, &f->instances.items[i].tags, &all);
	for (size_t i = 0; i < f->interfaces.n; i++)
		collect_tags(s, &f->interfaces.items[i].tags, &all);
	if (all.n)
		qsort(all.items, all.n, sizeof(*all.items), by_tag);
	for (size_t i = 0; i < all.n; i++) {
		if (n && !strcmp(all.items[n - 1].text, all.items[i].text))
			all.items[n - 1].n++;
		else
			all.items[n++] = all.items[i];
	}
	for (size_t i = 0; i < n; i++)
		offer(s, c, all.items[i].text,
		      arena_printf(&s->ctx->mem, "on %zu", all.items[i].n),
		      false);
}

/* Each VPC, and below it its subnets. */
static void list_networks(struct setup *s, struct choices *c)
{
	const struct inventory *f = &s->ctx->inventory;

	for (size_t i = 0; i < f->vpcs.n; i++) {
		const struct ec2_vpc *v = &f->vpcs.items[i];
		const char *name = aws_tag_value(&v->tags, TAG_NAME);

		offer(s, c, v->id,
		      arena_printf(&s->ctx->mem, "VPC  %s  %s",
				   name ? name : "-", v->cidr ? v->cidr : ""),
		      true);
		for (size_t k = 0; k < f->subnets.n; k++) {
			const struct ec2_subnet *n = &f->subnets.items[k];

			name = aws_tag_value(&n->tags, TAG_NAME);
			if (str_same(n->vpc_id, v->id))
				offer(s, c, n->id,
				      arena_printf(&s->ctx->mem,
						   "subnet  %s  %s  %s",
						   name ? name : "-",
						   n->cidr ? n->cidr : "",
						   n->zone ? n->zone : ""),
				      true);
		}
	}
}

enum kind { GO_ON, INSTANCES, INTERFACES, SERVICES, BALANCERS, TAGS, NETWORKS };

static bool list(struct setup *s, enum kind kind, struct choices *c)
{
	switch (kind) {
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
	return true;
}

static bool listed(const struct choices *c, const char *text)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->items[i].label, text))
			return true;
	return false;
}

static void add_source(struct setup *s, const char *text)
{
	struct parse_error err;
	struct source source, *to;

	if (wanted(&s->spec, text))
		return;
	if (!source_parse(&s->ctx->mem, text, &source, &err)) {
		term_wrap(&s->ctx->err, YELLOW, "! ", err.text);
		return;
	}
	to = ARENA_ADD(&s->ctx->mem, &s->spec.sources);
	if (to)
		*to = source;
}

/* What is in the list is as it was chosen; other sources stay. */
static void take(struct setup *s, const struct choices *c)
{
	struct sources before = s->spec.sources;

	s->spec.sources = (struct sources){0};
	for (size_t i = 0; i < before.n; i++)
		if (!listed(c, before.items[i].text))
			add_source(s, before.items[i].text);
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].chosen && strncmp(c->items[i].label, "nlb:", 4))
			add_source(s, c->items[i].label);
}

/* In place of a network load balancer: what it sends to. */
static enum answer offer_behind(struct setup *s, const char *name)
{
	const struct inventory *f = &s->ctx->inventory;
	const struct elbv2_load_balancer *lb =
		inventory_load_balancer(f, name, "network");
	struct str_list behind = {0};
	struct choices c = {0};
	enum answer answer;

	if (lb)
		behind = select_lb_targets(&s->ctx->mem, f, lb);
	if (!behind.n) {
		term_wrap(
			&s->ctx->err, YELLOW, "! ",
			arena_printf(
				&s->ctx->mem,
				"AWS cannot mirror a network load balancer, and nothing is registered behind %s: choose its instances or services",
				name));
		return ANSWER_GIVEN;
	}
	for (size_t i = 0; i < behind.n; i++) {
		const struct ec2_instance *in =
			inventory_instance(f, behind.items[i]);
		const struct ec2_interface *e =
			inventory_interface(f, behind.items[i]);

		struct choice *to = offer(s, &c, behind.items[i],
					  in  ? setup_instance_text(s, in)
					  : e ? inventory_interface_name(f, e)
					      : NULL,
					  true);

		to->chosen = !to->refusal;
	}
	answer = prompt_many(
		&s->prompt,
		arena_printf(
			&s->ctx->mem,
			"AWS cannot mirror the network load balancer %s. Behind it:",
			name),
		&c, 0);
	if (answer == ANSWER_GIVEN)
		take(s, &c);
	return answer;
}

static bool any_chosen(const struct choices *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].chosen)
			return true;
	return false;
}

static enum answer choose(struct setup *s, enum kind kind)
{
	static const char *const questions[] = {
		[INSTANCES] = "Instances (all their interfaces)",
		[INTERFACES] = "Network interfaces",
		[SERVICES] = "ECS services",
		[BALANCERS] = "Load balancers",
		[TAGS] = "Whatever has the tag",
		[NETWORKS] = "Whatever runs in"};
	struct choices c = {0};
	enum answer answer;

	if (!list(s, kind, &c))
		return ANSWER_GIVEN;
	if (!c.n) {
		term_print(&s->ctx->err, "There are none in %s.\n",
			   s->ctx->inventory.region);
		return ANSWER_GIVEN;
	}
	/* What was chosen before may be taken out again. */
	answer = prompt_many(&s->prompt, questions[kind], &c, !any_chosen(&c));
	if (answer != ANSWER_GIVEN)
		return answer;
	take(s, &c);
	for (size_t i = 0; i < c.n && answer == ANSWER_GIVEN; i++)
		if (c.items[i].chosen && !strncmp(c.items[i].label, "nlb:", 4))
			answer = offer_behind(s, c.items[i].label + 4);
	return answer;
}

static const char *so_far(struct setup *s)
{
	struct str_list l = {0};

	for (size_t i = 0; i < s->spec.sources.n; i++)
		str_list_add(&s->ctx->mem, &l, s->spec.sources.items[i].text);
	return str_list_text(&s->ctx->mem, &l, 4);
}

enum answer ask_sources(struct setup *s)
{
	for (;;) {
		struct choices c = {0};
		size_t chosen = 0, first = s->spec.sources.n ? 0 : 1;
		enum answer answer;

		if (!first)
			choice_add(&s->ctx->mem, &c, "Go on",
				   arena_printf(&s->ctx->mem, "with %s",
						so_far(s)));
		choice_add(&s->ctx->mem, &c, "EC2 instances", NULL);
		choice_add(&s->ctx->mem, &c, "Network interfaces", NULL);
		choice_add(&s->ctx->mem, &c, "ECS services", NULL);
		choice_add(&s->ctx->mem, &c, "Load balancers",
			   "application and classic ones");
		choice_add(
			&s->ctx->mem, &c, "By tag",
			"every instance or interface that has it, also later");
		choice_add(&s->ctx->mem, &c, "VPCs and subnets",
			   "all instances and tasks in them, also later");
		answer = prompt_one(&s->prompt,
				    first ? "What is to be mirrored?"
					  : "More to be mirrored?",
				    &c, &chosen);
		if (answer != ANSWER_GIVEN)
			return answer;
		if (chosen + first == GO_ON)
			return ANSWER_GIVEN;
		answer = choose(s, (enum kind)(chosen + first));
		if (answer != ANSWER_GIVEN && answer != ANSWER_BACK)
			return answer;
	}
}
