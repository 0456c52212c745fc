/* SPDX-License-Identifier: MIT */
/* Resolving sources to interfaces; tags and names; security groups, ACLs and
 * routes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "model/limits.h"
#include "base/list.h"
#include "plan/netcheck.h"
#include "plan_world.h"
#include "plan/plan_setup.h"

#define TEXT(w, s) ((char *)arena_dup(&(w)->mem, s))

/* The interfaces that a source selects, as "eni-1 eni-2". */
static const char *selected(struct world *w, const char *text,
			    const char *target, struct diagnostics *diagnostics)
{
	struct candidates l = {0};
	struct parse_error err;
	struct source s;
	const char *ids = "";

	assert_true(source_parse(&w->mem, text, &s, &err));
	*diagnostics = (struct diagnostics){0};
	select_source(&w->mem, &w->inv, &s, target, NULL, &l, diagnostics);
	for (size_t i = 0; i < l.n; i++)
		ids = arena_printf(&w->mem, "%s%s%s", ids, i ? " " : "",
				   l.items[i].eni->id);
	return ids;
}

static struct ec2_interface *elb(struct world *w, const char *id,
				 const char *description, const char *type)
{
	struct ec2_interface *e =
		world_interface(w, id, NULL, "subnet-a", "10.0.1.77");

	e->description = TEXT(w, description);
	e->type = TEXT(w, type);
	e->requester_id = TEXT(w, "amazon-elb");
	e->requester_managed = true;
	return e;
}

static bool has_diagnostic(const struct diagnostics *l, enum diag_level level,
			   const char *text)
{
	FOREACH(item, l)
		if (item->level == level && strstr(item->text, text))
			return true;
	return false;
}

static void test_networks(void **state)
{
	struct world w;
	struct diagnostics n;
	struct ec2_instance *i;
	struct ec2_interface *e;

	(void)state;
	world_init(&w);
	elb(&w, "eni-app", "ELB app/front/1", "interface");
	elb(&w, "eni-net", "ELB net/edge/1", "network_load_balancer");
	assert_string_equal(selected(&w, "vpc-1", NULL, &n),
			    "eni-1a eni-1b eni-2 eni-9 eni-t1 eni-t2");
	assert_string_equal(selected(&w, "subnet-b", NULL, &n), "eni-2 eni-t2");
	assert_int_equal(n.n, 0);
	/* Fargate interfaces are requester-managed but count as workloads. */
	e = elb(&w, "eni-f", "arn:aws:ecs:eu-west-1:1:attachment/1",
		"interface");
	e->subnet_id = TEXT(&w, "subnet-b");
	assert_string_equal(selected(&w, "subnet-b", NULL, &n),
			    "eni-2 eni-t2 eni-f");
	i = (struct ec2_instance *)inventory_instance(&w.inv, "i-2");
	i->state = TEXT(&w, "stopped");
	assert_string_equal(selected(&w, "subnet-b", NULL, &n), "eni-t2 eni-f");
	i->state = TEXT(&w, "running");
	i->type = TEXT(&w, "t2.micro");
	assert_string_equal(selected(&w, "subnet-b", NULL, &n), "eni-t2 eni-f");
	assert_true(
		has_diagnostic(&n, DIAG_WARN, "i-2 (t2.micro) is left out"));
	assert_string_equal(selected(&w, "vpc-2", NULL, &n), "");
	assert_true(has_diagnostic(&n, DIAG_WARN, "nothing in vpc-2"));
	world_free(&w);
}

/* The interfaces that a plan mirrors, as "eni-1 eni-2". */
static const char *planned(struct world *w, const struct spec *spec)
{
	const char *ids = "";
	struct plan p;

	assert_int_equal(plan_setup(&p, &w->inv, spec, PLAN_REQUEST), 0);
	for (size_t i = 0; i < p.sources.n; i++)
		ids = arena_printf(&w->mem, "%s%s%s", ids, i ? " " : "",
				   p.sources.items[i].eni->id);
	plan_free(&p);
	return ids;
}

static void test_left_out(void **state)
{
	struct world w;
	struct spec s;
	struct parse_error err;

	(void)state;
	world_init(&w);
	s = world_spec(&w, "nlb:new", "80",
		       (const char *const[]){"vpc-1", NULL});
	/* The collector is i-9. */
	assert_string_equal(planned(&w, &s),
			    "eni-1a eni-1b eni-2 eni-t1 eni-t2");
	assert_true(source_parse(&w.mem, "ecs:shop/web",
				 ARENA_ADD(&w.mem, &s.excluded), &err));
	assert_true(source_parse(&w.mem, "eni-1a",
				 ARENA_ADD(&w.mem, &s.excluded), &err));
	assert_string_equal(planned(&w, &s), "eni-1b eni-2");
	world_free(&w);
}

static void test_selection(void **state)
{
	struct ecs_container_instance *ci;
	struct inventory_service *s;
	struct world w;
	struct diagnostics n;
	struct ecs_task *t;

	(void)state;
	world_init(&w);
	elb(&w, "eni-f1", "ELB app/front/50dc", "interface");
	elb(&w, "eni-f2", "ELB app/front-two/50dd", "interface");
	elb(&w, "eni-c1", "ELB old", "interface");
	elb(&w, "eni-c2", "ELB older", "interface");
	elb(&w, "eni-0e1", "ELB net/n/1", "network_load_balancer");
	world_tag(&w, &w.inv.instances.items[1].tags, "Env", "prod");
	world_tag(&w, &w.inv.interfaces.items[0].tags, "Env", "prod");

	assert_string_equal(selected(&w, "i-1", NULL, &n), "eni-1a eni-1b");
	assert_string_equal(selected(&w, "i-1", "eni-1a", &n), "eni-1b");
	assert_false(diag_failed(&n));
	assert_string_equal(selected(&w, "eni-2", NULL, &n), "eni-2");
	assert_string_equal(selected(&w, "ecs:shop/web", NULL, &n),
			    "eni-t1 eni-t2");
	assert_string_equal(selected(&w, "alb:front", NULL, &n), "eni-f1");
	assert_true(has_diagnostic(&n, DIAG_WARN, "Nitro"));
	assert_string_equal(selected(&w, "clb:old", NULL, &n), "eni-c1");
	assert_string_equal(selected(&w, "tag:Env=prod", NULL, &n),
			    "eni-2 eni-1a");
	assert_string_equal(selected(&w, "tag:Env=test", NULL, &n), "");
	assert_false(diag_failed(&n));
	assert_string_equal(selected(&w, "eni-0e1", NULL, &n), "");
	assert_true(
		has_diagnostic(&n, DIAG_FAIL, "mirror its targets instead"));

	/* Tasks that share the network of their instance select its interfaces,
	 * once. */
	s = &w.inv.services.items[0];
	s->tasks.n = 0;
	for (unsigned int i = 0; i < 2; i++) {
		t = ARENA_ADD(&w.mem, &s->tasks);
		t->container_instance_arn = TEXT(&w, "arn:ci");
	}
	ci = ARENA_ADD(&w.mem, &s->instances);
	ci->arn = TEXT(&w, "arn:ci");
	ci->ec2_instance_id = TEXT(&w, "i-1");
	assert_string_equal(selected(&w, "ecs:shop/web", NULL, &n),
			    "eni-1a eni-1b");
	assert_true(has_diagnostic(&n, DIAG_INFO, "1 instance that"));
	ci->ec2_instance_id = TEXT(&w, "mi-1");
	assert_string_equal(selected(&w, "ecs:shop/web", NULL, &n), "");
	assert_true(has_diagnostic(&n, DIAG_WARN, "2 tasks run outside AWS"));

	w.inv.instances.items[0].state = TEXT(&w, "terminated");
	assert_string_equal(selected(&w, "i-1", NULL, &n), "");
	assert_true(diag_failed(&n));
	w.inv.instances.items[1].state = TEXT(&w, "stopped");
	assert_string_equal(selected(&w, "i-2", NULL, &n), "eni-2");
	assert_true(has_diagnostic(&n, DIAG_WARN, "is stopped"));
	/* One session that AWS refuses would roll back all others. */
	w.inv.instances.items[1].type = TEXT(&w, "t2.micro");
	assert_string_equal(selected(&w, "i-2", NULL, &n), "");
	assert_true(
		has_diagnostic(&n, DIAG_WARN, "i-2 (t2.micro) is left out"));
	assert_false(has_diagnostic(&n, DIAG_WARN, "is stopped"));
	assert_string_equal(selected(&w, "eni-2", NULL, &n), "");
	world_free(&w);
}

/* A network load balancer cannot be mirrored; the failure names its targets. */
static void test_behind_a_load_balancer(void **state)
{
	struct elbv2_target_group group = {.target_type = (char *)"instance",
					   .arn = (char *)"arn:tg"};
	char *arn = (char *)"arn:lb";
	struct elbv2_load_balancer *lb;
	struct inventory_target_group *g;
	struct elbv2_target *t;
	struct world w;
	struct diagnostics n;

	(void)state;
	world_init(&w);
	lb = ARENA_ADD(&w.mem, &w.inv.load_balancers);
	lb->arn = arn;
	lb->name = TEXT(&w, "net");
	lb->type = TEXT(&w, "network");
	group.load_balancer_arns = (struct aws_strings){&arn, 1};
	g = ARENA_ADD(&w.mem, &w.inv.registered);
	g->group = &group;
	t = ARENA_ADD(&w.mem, &g->targets);
	t->id = TEXT(&w, "i-2");
	assert_string_equal(selected(&w, "nlb:net", NULL, &n), "");
	assert_true(has_diagnostic(&n, DIAG_FAIL, "instead: i-2"));
	assert_string_equal(selected(&w, "nlb:none", NULL, &n), "");
	assert_true(
		has_diagnostic(&n, DIAG_FAIL, "no network load balancer none"));
	world_free(&w);
}

static void test_tags(void **state)
{
	(void)state;
	for (unsigned int n = 1; n < 12000; n = n * 3 / 2 + 1) {
		struct world w = {0};
		struct aws_tags tags = {0};
		struct tag_list l, shorter;
		char *spec = malloc(n + 1);
		int rc;

		for (unsigned int i = 0; i < n; i++)
			spec[i] = i % 7 == 6 || i % 255 == 0 ? ' ' : 'x';
		spec[0] = 'v';
		spec[n] = 0;
		if (n > 1)
			spec[n - 1] = 'y';
		l = tags_common(&w.mem, "shop", &(struct tag_list){0}, "name");
		rc = tags_add_spec(&w.mem, &l, spec);
		if (rc) {
			assert_int_equal(rc, -E2BIG);
			assert_true(n > 10000);
		}
		for (size_t i = 0; !rc && i < l.n; i++) {
			size_t len = strlen(l.items[i].value);

			assert_in_range(len, 1, LIMIT_TAG_VALUE);
			assert_int_not_equal(l.items[i].value[0], ' ');
			assert_int_not_equal(l.items[i].value[len - 1], ' ');
			world_tag(&w, &tags, l.items[i].key, l.items[i].value);
		}
		if (!rc) {
			assert_true(l.n <= LIMIT_TAGS);
			assert_string_equal(tags_spec(&w.mem, &tags), spec);
			assert_string_equal(tags_deployment(&tags), "shop");
			assert_true(tags_include(&tags, &l));
			shorter = l;
			shorter.n = 4;
			assert_int_equal(tags_stale(&w.mem, &tags, &shorter).n,
					 l.n - 4);
			assert_int_equal(tags_include(&tags, &shorter),
					 l.n == 4);
		}
		free(spec);
		world_free(&w);
	}
}

/* A hand-written deployment tag does not make a resource ours. */
static void test_foreign_tags(void **state)
{
	struct world w = {0};
	struct aws_tags tags = {0};

	(void)state;
	assert_null(tags_deployment(&tags));
	world_tag(&w, &tags, TAG_DEPLOYMENT, "shop");
	assert_null(tags_deployment(&tags));
	world_tag(&w, &tags, TAG_MADE_BY, "somebody");
	assert_null(tags_deployment(&tags));
	world_tag(&w, &tags, TAG_MADE_BY, "metlo-mirror 9.9");
	assert_string_equal(tags_deployment(&tags), "shop");
	world_free(&w);
}

static void test_names(void **state)
{
	static const char *const names[] = {"shop",
					    "shop_1",
					    "shop.1",
					    "-",
					    "a-",
					    "_",
					    "a-very-long-name-of-a-deployment",
					    "a-very-long-name-of-b",
					    "a-very-long-name-of-a-deploymenx"};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *n = name_elb(&a, names[i]);

		assert_in_range(strlen(n), 1, LIMIT_LB_NAME);
		assert_int_equal(
			strspn(n, "abcdefghijklmnopqrstuvwxyz0123456789-"),
			strlen(n));
		assert_int_not_equal(n[strlen(n) - 1], '-');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(n, name_elb(&a, names[k]));
	}
	assert_string_equal(name_elb(&a, "shop"), "metlo-shop");
	arena_free(&a);
}

static void permit(struct world *w, struct ec2_group *g, const char *protocol,
		   int from, int to, const char *cidr)
{
	struct ec2_permission *p = ARENA_ADD(&w->mem, &g->ingress);
	struct ec2_range *r = ARENA_ADD(&w->mem, &p->ranges);

	p->protocol = TEXT(w, protocol);
	p->from_port = from;
	p->to_port = to;
	r->cidr = TEXT(w, cidr);
}

static void test_groups(void **state)
{
	static const struct {
		const char *protocol;
		int from, to;
		const char *cidrs[2];
		const char *peer;
		enum reachability verdict;
	} cases[] = {
		{"udp", 4789, 4789, {"10.0.0.0/8"}, "10.1.2.3", REACH_ALLOWED},
		{"17", 4000, 5000, {"10.0.0.0/8"}, "10.1.2.3", REACH_ALLOWED},
		{"-1", -1, -1, {"10.0.0.0/8"}, "10.1.2.3", REACH_ALLOWED},
		{"tcp", 4789, 4789, {"10.0.0.0/8"}, "10.1.2.3", REACH_DENIED},
		{"udp", 4790, 4790, {"10.0.0.0/8"}, "10.1.2.3", REACH_DENIED},
		{"udp", 4789, 4789, {"10.0.0.0/8"}, "11.1.2.3", REACH_DENIED},
		{"udp", 4789, 4789, {"10.0.0.0/8"}, "::1", REACH_DENIED},
		{"udp", 4789, 4789, {"::/0"}, "::1", REACH_ALLOWED},
		/* jointly, by two rules */
		{"udp",
		 4789,
		 4789,
		 {"10.0.0.0/9", "10.128.0.0/9"},
		 "10.0.0.0/8",
		 REACH_ALLOWED},
		{"udp", 4789, 4789, {"10.0.0.0/9"}, "10.0.0.0/8", REACH_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct traffic traffic = {.protocol = FILTER_UDP, .port = 4789};
		struct parse_error err;
		struct world w;
		struct ec2_group_refs refs;

		world_init(&w);
		refs = w.inv.instances.items[2].groups;
		for (size_t k = 0; k < 2 && cases[i].cidrs[k]; k++)
			permit(&w, &w.inv.groups.items[0], cases[i].protocol,
			       cases[i].from, cases[i].to, cases[i].cidrs[k]);
		assert_true(cidr_parse(cases[i].peer, &traffic.peer, &err));
		assert_int_equal(groups_allow(&w.inv, &refs, &traffic),
				 cases[i].verdict);
		/* A group that was not loaded may admit it. */
		w.inv.groups.n = 0;
		assert_int_equal(groups_allow(&w.inv, &refs, &traffic),
				 REACH_UNKNOWN);
		world_free(&w);
	}
}

static void test_acls(void **state)
{
	static const struct {
		int64_t number;
		bool allow;
		const char *protocol, *cidr;
		int from, to;
	} entries[] = {
		/* not sorted, since AWS need not sort them */
		{32767, false, "-1", "0.0.0.0/0", -1, -1},
		{200, true, "17", "10.0.0.0/16", 4789, 4789},
		{100, false, "-1", "10.0.7.0/24", -1, -1},
		{50, true, "6", "0.0.0.0/0", 0, 65535},
	};
	static const struct {
		unsigned int protocol;
		uint16_t port;
		const char *peer;
		enum reachability verdict;
	} cases[] = {
		{FILTER_UDP, 4789, "10.0.1.1", REACH_ALLOWED},
		{FILTER_UDP, 4789, "10.0.7.1", REACH_DENIED},
		{FILTER_UDP, 4788, "10.0.1.1", REACH_DENIED},
		{FILTER_UDP, 4789, "10.1.1.1", REACH_DENIED},
		{FILTER_TCP, 4789, "10.0.7.1", REACH_ALLOWED},
		/* part of the block is denied first */
		{FILTER_UDP, 4789, "10.0.0.0/16", REACH_DENIED},
	};
	char *subnet = (char *)"subnet-a";
	struct ec2_acl *acl;
	struct world w;

	(void)state;
	world_init(&w);
	acl = ARENA_ADD(&w.mem, &w.inv.acls);
	acl->subnet_ids = (struct aws_strings){&subnet, 1};
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		struct ec2_acl_entry *e = ARENA_ADD(&w.mem, &acl->entries);

		e->number = entries[i].number;
		e->allow = entries[i].allow;
		e->protocol = TEXT(&w, entries[i].protocol);
		e->cidr = TEXT(&w, entries[i].cidr);
		e->from_port = entries[i].from;
		e->to_port = entries[i].to;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct traffic traffic = {.protocol = cases[i].protocol,
					  .port = cases[i].port};
		struct parse_error err;

		assert_true(cidr_parse(cases[i].peer, &traffic.peer, &err));
		assert_int_equal(
			acl_allows(&w.inv, "subnet-a", false, &traffic),
			cases[i].verdict);
		assert_int_equal(acl_allows(&w.inv, "subnet-a", true, &traffic),
				 REACH_DENIED);
		assert_int_equal(
			acl_allows(&w.inv, "subnet-b", false, &traffic),
			REACH_UNKNOWN);
	}
	world_free(&w);
}

static struct ec2_route *route(struct world *w, struct ec2_route_table *t,
			       const char *cidr)
{
	struct ec2_route *r = ARENA_ADD(&w->mem, &t->routes);

	r->cidr = TEXT(w, cidr);
	r->state = TEXT(w, "active");
	return r;
}

static void test_routes(void **state)
{
	struct ec2_route_association *as;
	const struct ec2_route *found;
	struct ec2_route_table *t;
	struct parse_error err;
	struct world w;
	struct cidr to;
	bool known;

	(void)state;
	world_init(&w);
	assert_true(cidr_parse("10.9.1.1", &to, &err));
	assert_null(route_find(&w.inv, &w.inv.subnets.items[0], &to, &known));
	assert_false(known);
	t = ARENA_ADD(&w.mem, &w.inv.route_tables);
	t->vpc_id = TEXT(&w, "vpc-1");
	as = ARENA_ADD(&w.mem, &t->associations);
	as->main = true;
	route(&w, t, "0.0.0.0/0")->gateway_id = TEXT(&w, "igw-1");
	found = route_find(&w.inv, &w.inv.subnets.items[0], &to, &known);
	assert_true(known);
	assert_false(route_private(found));
	route(&w, t, "10.9.0.0/16")->peering_id = TEXT(&w, "pcx-1");
	found = route_find(&w.inv, &w.inv.subnets.items[0], &to, &known);
	assert_string_equal(found->peering_id, "pcx-1");
	assert_true(route_private(found));
	t->routes.items[1].state = TEXT(&w, "blackhole");
	assert_false(route_private(found));

	/* An explicit association overrides the main table. */
	t = ARENA_ADD(&w.mem, &w.inv.route_tables);
	t->vpc_id = TEXT(&w, "vpc-1");
	as = ARENA_ADD(&w.mem, &t->associations);
	as->subnet_id = TEXT(&w, "subnet-a");
	assert_null(route_find(&w.inv, &w.inv.subnets.items[0], &to, &known));
	assert_true(known);
	t->routes.n = 0;
	route(&w, t, "10.0.0.0/8")->transit_gateway_id = TEXT(&w, "tgw-1");
	found = route_find(&w.inv, &w.inv.subnets.items[0], &to, &known);
	assert_string_equal(found->transit_gateway_id, "tgw-1");
	found = route_find(&w.inv, &w.inv.subnets.items[1], &to, &known);
	assert_string_equal(found->peering_id, "pcx-1");
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_behind_a_load_balancer),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_foreign_tags),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_acls),
		cmocka_unit_test(test_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
