/* SPDX-License-Identifier: MIT */
/* The in-memory account: its resources, and a textual dump for comparison. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_world.h"
#include "base/list.h"
#include "model/filter_text.h"

/* Inventory strings are char *, but nothing writes to them. */
#define TEXT(s) ((char *)arena_dup(&w->mem, s))

void world_tag(struct world *w, struct aws_tags *tags, const char *key,
	       const char *value)
{
	struct aws_tag *t;

	FOREACH(tag, tags) {
		if (!strcmp(tag->key, key)) {
			tag->value = TEXT(value);
			return;
		}
	}
	t = ARENA_ADD(&w->mem, tags);
	t->key = TEXT(key);
	t->value = TEXT(value);
}

struct ec2_interface *world_interface(struct world *w, const char *id,
				      const char *instance, const char *subnet,
				      const char *ip)
{
	struct ec2_interface *e = ARENA_ADD(&w->mem, &w->inv.interfaces);
	const struct ec2_subnet *s = inventory_subnet(&w->inv, subnet);

	e->id = TEXT(id);
	e->type = TEXT("interface");
	e->status = TEXT("in-use");
	e->instance_id = instance ? TEXT(instance) : NULL;
	e->private_ip = TEXT(ip);
	e->subnet_id = TEXT(subnet);
	e->vpc_id = TEXT("vpc-1");
	e->zone = s ? s->zone : NULL;
	return e;
}

static struct ec2_instance *instance(struct world *w, const char *id,
				     const char *subnet)
{
	struct ec2_instance *i = ARENA_ADD(&w->mem, &w->inv.instances);

	i->id = TEXT(id);
	i->type = TEXT("m5.large");
	i->state = TEXT("running");
	i->vpc_id = TEXT("vpc-1");
	i->subnet_id = TEXT(subnet);
	i->zone = inventory_subnet(&w->inv, subnet)->zone;
	return i;
}

static void subnet(struct world *w, const char *id, const char *zone,
		   const char *cidr)
{
	struct ec2_subnet *s = ARENA_ADD(&w->mem, &w->inv.subnets);

	s->id = TEXT(id);
	s->vpc_id = TEXT("vpc-1");
	s->zone = TEXT(zone);
	s->cidr = TEXT(cidr);
	s->free_addresses = 200;
}

static void task(struct world *w, struct inventory_service *s, const char *eni)
{
	struct ecs_task *t = ARENA_ADD(&w->mem, &s->tasks);
	struct ecs_attachment *at = ARENA_ADD(&w->mem, &t->attachments);
	struct ecs_detail *d = ARENA_ADD(&w->mem, &at->details);

	at->type = TEXT("ElasticNetworkInterface");
	at->status = TEXT("ATTACHED");
	d->name = TEXT("networkInterfaceId");
	d->value = TEXT(eni);
}

void world_init(struct world *w)
{
	struct ec2_group_ref *ref;
	struct ec2_instance *i;
	struct ec2_interface *e;
	struct ec2_group *g;
	struct ec2_vpc *vpc;
	struct ec2_cidr *cidr;
	struct inventory_service *s;

	*w = (struct world){.next = 100};
	w->inv.region = "eu-west-1";
	w->inv.account = "123456789012";
	w->inv.partition = "aws";
	vpc = ARENA_ADD(&w->mem, &w->inv.vpcs);
	vpc->id = TEXT("vpc-1");
	vpc->cidr = TEXT("10.0.0.0/16");
	cidr = ARENA_ADD(&w->mem, &vpc->cidrs);
	cidr->cidr = vpc->cidr;
	subnet(w, "subnet-a", "eu-west-1a", "10.0.1.0/24");
	subnet(w, "subnet-b", "eu-west-1b", "10.0.2.0/24");
	instance(w, "i-1", "subnet-a");
	instance(w, "i-2", "subnet-b");
	world_interface(w, "eni-1a", "i-1", "subnet-a", "10.0.1.11");
	world_interface(w, "eni-1b", "i-1", "subnet-a", "10.0.1.12");
	world_interface(w, "eni-2", "i-2", "subnet-b", "10.0.2.2");
	e = world_interface(w, "eni-9", "i-9", "subnet-a", "10.0.1.9");
	i = instance(w, "i-9", "subnet-a");
	ref = ARENA_ADD(&w->mem, &e->groups);
	ref->id = TEXT("sg-9");
	i->groups = e->groups;
	g = ARENA_ADD(&w->mem, &w->inv.groups);
	g->id = TEXT("sg-9");
	g->vpc_id = TEXT("vpc-1");
	s = ARENA_ADD(&w->mem, &w->inv.services);
	s->cluster = "shop";
	s->service = "web";
	task(w, s, "eni-t1");
	task(w, s, "eni-t2");
	world_interface(w, "eni-t1", NULL, "subnet-a", "10.0.1.21");
	world_interface(w, "eni-t2", NULL, "subnet-b", "10.0.2.22");
	assert_false(w->mem.failed);
}

void world_free(struct world *w)
{
	arena_free(&w->mem);
}

struct mirror_session *world_session(struct world *w, const char *id,
				     const char *eni, const char *target,
				     const char *filter, unsigned int number,
				     unsigned int vni)
{
	struct mirror_session *s = ARENA_ADD(&w->mem, &w->inv.sessions);

	s->id = TEXT(id);
	s->interface_id = TEXT(eni);
	s->target_id = TEXT(target);
	s->filter_id = TEXT(filter);
	s->number = number;
	s->vni = vni;
	return s;
}

static void add_tags(struct arena *a, const char **text,
		     const struct aws_tags *tags)
{
	/* The order of tags is irrelevant, so sort them. */
	for (size_t i = 0; i < tags->n; i++) {
		const char *least = NULL, *last = NULL;

		for (size_t done = 0; done <= i; done++) {
			least = NULL;
			FOREACH(t, tags)
				if ((!last || strcmp(t->key, last) > 0) &&
				    (!least || strcmp(t->key, least) < 0))
					least = t->key;
			last = least;
		}
		if (least)
			*text = arena_printf(a, "%s %s=%s", *text, least,
					     aws_tag_value(tags, least));
	}
}

const char *world_text(struct world *w)
{
	const struct inventory *f = &w->inv;
	struct arena *a = &w->mem;
	const char *t = "";

	FOREACH(s, &f->sessions) {
		t = arena_printf(a, "%s%s %s %s %s %ld %ld %ld", t, s->id,
				 s->interface_id, s->target_id, s->filter_id,
				 (long)s->number, (long)s->vni,
				 (long)s->packet_length);
		add_tags(a, &t, &s->tags);
		t = arena_printf(a, "%s\n", t);
	}
	FOREACH(target, &f->targets)
		t = arena_printf(a, "%s%s\n", t, target->id);
	FOREACH(filter, &f->filters) {
		t = arena_printf(a, "%s%s %zu+%zu", t, filter->id,
				 filter->ingress.n, filter->egress.n);
		add_tags(a, &t, &filter->tags);
		t = arena_printf(a, "%s\n", t);
	}
	FOREACH(g, &f->groups)
		t = arena_printf(a, "%s%s %zu\n", t, g->id, g->ingress.n);
	FOREACH(lb, &f->load_balancers)
		t = arena_printf(a, "%s%s\n", t, lb->arn);
	FOREACH(tg, &f->target_groups)
		t = arena_printf(a, "%s%s\n", t, tg->arn);
	FOREACH(g, &f->registered)
		FOREACH(target, &g->targets)
			t = arena_printf(a, "%s %s\n", t, target->id);
	FOREACH(l, &f->listeners)
		t = arena_printf(a, "%s%s\n", t, l->arn);
	return t;
}

struct spec world_spec(struct world *w, const char *target, const char *ports,
		       const char *const *sources)
{
	struct spec s = {.name = "shop",
			 .filter = {.side = FILTER_SERVER,
				    .protocol = FILTER_TCP,
				    .families = FILTER_IPV4},
			 .target = {.id = ""},
			 .open_groups = true};
	struct parse_error err;

	assert_true(target_parse(&w->mem, target, &s.target, &err));
	assert_true(filter_ports_parse(&w->mem, ports, &s.filter.ports, &err));
	for (; *sources; sources++)
		assert_true(source_parse(&w->mem, *sources,
					 ARENA_ADD(&w->mem, &s.sources), &err));
	if (!strcmp(target, "nlb:new"))
		str_list_add(&w->mem, &s.target.collectors, "i-9");
	return s;
}
