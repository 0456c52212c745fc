/* SPDX-License-Identifier: MIT */
/* verify: a deployment that is all right, then one thing broken at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "plan/verify.h"
#include "plan_world.h"

#define SOURCES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TEXT(s)	     ((char *)arena_dup(&w->mem, s))
#define LB	     (&w->f.load_balancers.items[0])
#define TARGET	     (&w->f.registered.items[0].targets.items[0])

static const struct ec2_permission *only_rule(struct world *w, const char *id)
{
	const struct ec2_group *g = facts_group(&w->f, id);

	assert_non_null(g);
	assert_int_equal(g->ingress.n, 1);
	return &g->ingress.items[0];
}

/* --- what verify reads beyond the facts of plans --- */

static struct verify_more more;

static void attribute(struct world *w, const char *arn, const char *key,
		      const char *value)
{
	struct verify_attributes *to = NULL;
	struct elbv2_attribute *v;

	for (size_t i = 0; i < more.attributes.n; i++)
		if (!strcmp(more.attributes.items[i].arn, arn))
			to = &more.attributes.items[i];
	if (!to) {
		to = ARENA_ADD(&w->mem, &more.attributes);
		to->arn = TEXT(arn);
	}
	for (size_t i = 0; i < to->list.n; i++)
		if (!strcmp(to->list.items[i].key, key)) {
			to->list.items[i].value = TEXT(value);
			return;
		}
	v = ARENA_ADD(&w->mem, &to->list);
	v->key = TEXT(key);
	v->value = TEXT(value);
}

static struct ec2_acl *acl(struct world *w, const char *id, const char *subnet)
{
	struct ec2_acl *a = ARENA_ADD(&w->mem, &w->f.acls);
	char **s = ARENA_ADD(&w->mem, &a->subnet_ids);

	a->id = TEXT(id);
	*s = TEXT(subnet);
	return a;
}

static void entry(struct world *w, struct ec2_acl *a, int number, bool egress,
		  bool allow, const char *cidr)
{
	struct ec2_acl_entry *e = ARENA_ADD(&w->mem, &a->entries);

	e->number = number;
	e->egress = egress;
	e->allow = allow;
	e->protocol = TEXT("-1");
	e->cidr = TEXT(cidr);
	e->from_port = e->to_port = -1;
}

static void route(struct world *w, const char *cidr, const char *gateway,
		  const char *state)
{
	struct ec2_route *r =
		ARENA_ADD(&w->mem, &w->f.route_tables.items[0].routes);

	r->cidr = TEXT(cidr);
	r->gateway_id = TEXT(gateway);
	r->state = TEXT(state);
}

/* Open ACLs, a main route table, interfaces of the load balancer. */
static void network(struct world *w)
{
	static const char *const subnets[] = {"subnet-a", "subnet-b"};
	struct ec2_route_association *as;
	struct ec2_route_table *t;

	for (int i = 0; i < 2; i++) {
		struct ec2_acl *a = acl(w, i ? "acl-b" : "acl-a", subnets[i]);

		entry(w, a, 100, false, true, "0.0.0.0/0");
		entry(w, a, 100, true, true, "0.0.0.0/0");
		entry(w, a, 32767, false, false, "0.0.0.0/0");
		entry(w, a, 32767, true, false, "0.0.0.0/0");
	}
	t = ARENA_ADD(&w->mem, &w->f.route_tables);
	t->id = TEXT("rtb-1");
	t->vpc_id = TEXT("vpc-1");
	as = ARENA_ADD(&w->mem, &t->associations);
	as->main = true;
	route(w, "10.0.0.0/16", "local", "active");
}

static void count(struct world *w, double value)
{
	struct cw_series *s = ARENA_ADD(&w->mem, &more.metrics);

	s->sum = value;
	s->values.n = 12;
}

/* 1000 packets of everything that should be, none that should not. */
static void metrics(struct world *w)
{
	more.queries.n = more.metrics.n = 0;
	verify_queries(&more, &w->f, "shop");
	assert_true(more.queries.n > 0);
	for (size_t i = 0; i < more.queries.n; i++) {
		const char *m = more.queries.items[i].metric;

		count(w, strstr(m, "Skip") || strstr(m, "Blocked") ? 0
			 : !strcmp(m, "NetworkPacketsIn")	   ? 1e6
								   : 1000);
	}
}

static void set_metric(const char *metric, const char *value, double sum)
{
	size_t n = 0;

	for (size_t i = 0; i < more.queries.n; i++)
		if (!strcmp(more.queries.items[i].metric, metric) &&
		    (!value || !strcmp(more.queries.items[i].value, value))) {
			more.metrics.items[i].sum = sum;
			n++;
		}
	assert_true(n > 0);
}

/* --- a deployment --- */

static void set_up(struct world *w, const char *target,
		   const char *const *sources)
{
	struct spec spec;
	struct apply_options o;
	struct apply_result result;
	struct plan p;

	more = (struct verify_more){0};
	world_init(w);
	spec = world_spec(w, target, "80", sources);
	o = world_options(w);
	assert_int_equal(plan_setup(&p, &w->f, &spec, false), 0);
	assert_int_equal(plan_apply(&p, &o, &result), 0);
	plan_free(&p);
	network(w);
	for (size_t i = 0; i < w->f.load_balancers.n; i++) {
		attribute(w, LB->arn, "load_balancing.cross_zone.enabled",
			  "true");
		attribute(w, w->f.target_groups.items[0].arn,
			  "stickiness.enabled", "true");
		attribute(w, w->f.target_groups.items[0].arn, "stickiness.type",
			  "source_ip");
	}
	for (size_t i = 0; w->f.load_balancers.n && i < LB->zones.n; i++) {
		struct elbv2_zone *z = &LB->zones.items[i];

		z->name = facts_subnet(&w->f, z->subnet_id)->zone;
	}
	metrics(w);
}

static void tear_down(struct world *w)
{
	arena_free(&more.mem);
	world_free(w);
}

static void print_rows(const struct verify_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		print_error("%s %s [%s] %s -> %s\n",
			    verify_state_text(r->items[i].state),
			    r->items[i].check, r->items[i].subject,
			    r->items[i].detail, r->items[i].fix);
}

static void look(struct world *w, struct verify_report *r)
{
	struct parse_error err = {""};

	if (verify_deployment(r, &w->f, &more, "shop", &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < r->n; i++) {
		/* What is wrong has a fix, what is right has none. */
		assert_int_equal(!*r->items[i].fix,
				 r->items[i].state == VERIFY_OK);
		assert_true(*r->items[i].subject);
		assert_true(*r->items[i].detail);
	}
}

static void all_well(struct world *w)
{
	struct verify_report r;

	look(w, &r);
	if (r.failed || r.warned)
		print_rows(&r);
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.warned, 0);
	verify_report_free(&r);
}

/* Exactly one row is not OK: this one. */
static void only(struct world *w, enum verify_state state, const char *check,
		 const char *subject, const char *detail, const char *fix)
{
	struct verify_report r;
	size_t n = 0;

	look(w, &r);
	for (size_t i = 0; i < r.n; i++)
		n += r.items[i].state == state &&
		     !strcmp(r.items[i].check, check) &&
		     strstr(r.items[i].subject, subject) &&
		     strstr(r.items[i].detail, detail) &&
		     strstr(r.items[i].fix, fix);
	if (n != 1 || r.failed + r.warned != 1) {
		print_error("expected %s %s [%s] %s -> %s\n",
			    verify_state_text(state), check, subject, detail,
			    fix);
		print_rows(&r);
	}
	assert_int_equal(n, 1);
	assert_int_equal(r.failed + r.warned, 1);
	verify_report_free(&r);
}

static bool has_row(struct world *w, enum verify_state state, const char *check)
{
	struct verify_report r;
	bool found = false;

	look(w, &r);
	for (size_t i = 0; i < r.n; i++)
		found |= r.items[i].state == state &&
			 !strcmp(r.items[i].check, check);
	verify_report_free(&r);
	return found;
}

static void right(void **state)
{
	static const char *const checks[] = {
		CHECK_SOURCES,	     CHECK_SESSIONS, CHECK_FILTER,
		CHECK_INSTANCES,     CHECK_TARGET,   CHECK_BALANCER,
		CHECK_INSTANCE_TYPE, CHECK_LISTENER, CHECK_CROSS_ZONE,
		CHECK_STICKINESS,    CHECK_HEALTH,   CHECK_GROUPS,
		CHECK_ACLS,	     CHECK_ROUTES,   CHECK_MIRRORED,
		CHECK_SKIPPED,	     CHECK_ARRIVED,  CHECK_PACKET_LENGTH};
	struct world world, *w = &world;

	(void)state;
	set_up(w, "nlb:new", SOURCES("i-1", "ecs:shop/web"));
	all_well(w);
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (!has_row(w, VERIFY_OK, checks[i]))
			fail_msg("no row %s", checks[i]);
	tear_down(w);
	set_up(w, "eni-9", SOURCES("i-1", "i-2"));
	all_well(w);
	assert_true(has_row(w, VERIFY_OK, CHECK_GROUPS));
	assert_false(has_row(w, VERIFY_OK, CHECK_BALANCER));
	tear_down(w);
}

static void unknown(void **state)
{
	struct world world, *w = &world;
	struct verify_report r;
	struct parse_error err;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1"));
	assert_int_equal(verify_deployment(&r, &w->f, &more, "other", &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "other"));
	tear_down(w);
}

/* --- sources and sessions --- */

static void sessions(void **state)
{
	struct world world, *w = &world;
	struct mirror_session *s;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1", "i-2"));
	s = &w->f.sessions.items[--w->f.sessions.n];
	only(w, VERIFY_FAIL, CHECK_SESSIONS, s->interface_id, "1 of 3",
	     "metlo-mirror aws sync --name shop --region eu-west-1");
	w->f.sessions.n++;
	/* Somebody has changed it by hand. */
	s->target_id = TEXT("tmt-other");
	only(w, VERIFY_FAIL, CHECK_SESSIONS, s->id, "another target", "sync");
	s->target_id = w->f.sessions.items[0].target_id;
	s->vni++;
	only(w, VERIFY_WARN, CHECK_SESSIONS, s->id, "another VNI", "sync");
	s->vni--;
	s->packet_length = 100;
	only(w, VERIFY_WARN, CHECK_PACKET_LENGTH, s->id, "after 100 bytes",
	     "--remove-fields packet-length");
	s->packet_length = 0;
	all_well(w);
	/* The session's number is 1: one of others goes before 2. */
	s->number = 2;
	world_session(w, "tms-x", s->interface_id, "tmt-x", "tmf-x", 1, 5);
	only(w, VERIFY_WARN, CHECK_SESSIONS, "tms", "tms-x", "owner");
	w->f.sessions.n--;
	tear_down(w);
}

static void other_sessions(void **state)
{
	struct world world, *w = &world;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1", "i-2"));
	w->f.sessions.n--; /* eni-2 */
	for (unsigned int i = 1; i <= 3; i++)
		world_session(w, i == 1 ? "tms-x" : "tms-y", "eni-2", "tmt-x",
			      "tmf-x", i, i);
	only(w, VERIFY_FAIL, CHECK_SESSIONS, "eni-2", "3 sessions of others",
	     "aws --region eu-west-1 ec2 delete-traffic-mirror-session --traffic-mirror-session-id tms-x");
	tear_down(w);
}

static void sources(void **state)
{
	struct world world, *w = &world;
	struct ec2_instance *i;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1", "i-2"));
	i = (struct ec2_instance *)facts_instance(&w->f, "i-2");
	i->state = TEXT("stopped");
	only(w, VERIFY_WARN, CHECK_INSTANCES, "i-2", "is stopped",
	     "aws --region eu-west-1 ec2 start-instances --instance-ids i-2");
	i->state = TEXT("running");
	i->type = TEXT("t2.micro");
	only(w, VERIFY_FAIL, CHECK_INSTANCE_TYPE, "i-2", "t2.micro",
	     "modify-instance-attribute --instance-id i-2");
	i->type = TEXT("m9z.large");
	only(w, VERIFY_WARN, CHECK_INSTANCE_TYPE, "i-2", "m9z.large",
	     "change its type");
	i->type = TEXT("m5.large");
	i->id = TEXT("i-new"); /* i-2 is gone; its interface is kept */
	assert_true(has_row(w, VERIFY_FAIL, CHECK_SOURCES));
	tear_down(w);
}

/* The service has new tasks: their sessions are missing, the old ones' are too
 * many. */
static void tasks(void **state)
{
	struct world world, *w = &world;
	struct ecs_task *t;

	(void)state;
	set_up(w, "eni-9", SOURCES("ecs:shop/web"));
	world_interface(w, "eni-t3", NULL, "subnet-a", "10.0.1.33");
	t = &w->f.services.items[0].tasks.items[1];
	t->attachments.items[0].details.items[0].value = TEXT("eni-t3");
	assert_true(has_row(w, VERIFY_FAIL, CHECK_SESSIONS));
	assert_true(has_row(w, VERIFY_WARN, CHECK_SESSIONS));
	w->f.services.items[0].tasks.n = 0;
	assert_true(has_row(w, VERIFY_WARN, CHECK_SOURCES));
	w->f.services.items[0].missing = true;
	assert_true(has_row(w, VERIFY_FAIL, CHECK_SOURCES));
	tear_down(w);
}

static void rules(void **state)
{
	struct world world, *w = &world;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1"));
	w->f.filters.items[0].egress.n = 0;
	only(w, VERIFY_FAIL, CHECK_FILTER, w->f.filters.items[0].id,
	     "one direction is not mirrored",
	     "metlo-mirror aws sync --name shop");
	tear_down(w);
}

/* --- targets --- */

static void interface_target(void **state)
{
	struct world world, *w = &world;
	struct ec2_interface *e;
	struct ec2_instance *i;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1"));
	i = (struct ec2_instance *)facts_instance(&w->f, "i-9");
	e = (struct ec2_interface *)facts_interface(&w->f, "eni-9");
	i->state = TEXT("stopped");
	only(w, VERIFY_FAIL, CHECK_TARGET, "eni-9", "i-9 is stopped",
	     "start-instances --instance-ids i-9");
	i->state = TEXT("running");
	e->status = TEXT("available");
	only(w, VERIFY_FAIL, CHECK_TARGET, "eni-9", "attached to nothing",
	     "attach-network-interface --network-interface-id eni-9");
	e->status = TEXT("in-use");
	w->f.targets.items[0].interface_id = TEXT("eni-other");
	assert_true(has_row(w, VERIFY_FAIL, CHECK_TARGET));
	tear_down(w);
}

static void endpoint_target(void **state)
{
	struct world world, *w = &world;
	struct ec2_endpoint *e;
	struct apply_options o;
	struct apply_result result;
	struct spec spec;
	struct plan p;

	(void)state;
	world_init(w);
	more = (struct verify_more){0};
	e = ARENA_ADD(&w->mem, &w->f.endpoints);
	e->id = TEXT("vpce-1");
	e->type = TEXT("GatewayLoadBalancer");
	e->state = TEXT("available");
	spec = world_spec(w, "vpce-1", "80", SOURCES("i-1"));
	o = world_options(w);
	assert_int_equal(plan_setup(&p, &w->f, &spec, false), 0);
	assert_int_equal(plan_apply(&p, &o, &result), 0);
	plan_free(&p);
	network(w);
	all_well(w);
	e->state = TEXT("pendingAcceptance");
	only(w, VERIFY_FAIL, CHECK_TARGET, "vpce-1", "pendingAcceptance",
	     "accept");
	w->f.endpoints.n = 0;
	only(w, VERIFY_FAIL, CHECK_TARGET, "vpce-1", "is gone", "setup");
	tear_down(w);
}

static void balancer(void **state)
{
	struct world world, *w = &world;

	(void)state;
	set_up(w, "nlb:new", SOURCES("i-1"));
	LB->state = TEXT("failed");
	LB->state_reason = TEXT("no more addresses");
	only(w, VERIFY_FAIL, CHECK_BALANCER, LB->name, "no more addresses",
	     "set it up again");
	LB->state = TEXT("active");
	w->f.listeners.items[0].port = 4790;
	only(w, VERIFY_FAIL, CHECK_LISTENER, LB->name, "no UDP listener",
	     "metlo-mirror aws sync --name shop");
	w->f.listeners.items[0].port = 4789;
	w->f.listeners.items[0].target_group_arns.n = 0;
	only(w, VERIFY_FAIL, CHECK_LISTENER, LB->name, "no target group",
	     "modify-listener --listener-arn arn:listener");
	w->f.listeners.items[0].target_group_arns.n = 1;
	all_well(w);
	tear_down(w);
}

static void attributes(void **state)
{
	struct world world, *w = &world;
	const char *tg;

	(void)state;
	set_up(w, "nlb:new", SOURCES("i-1", "i-2"));
	tg = w->f.target_groups.items[0].arn;
	/* The collector is in zone a, i-2 in zone b. */
	attribute(w, LB->arn, "load_balancing.cross_zone.enabled", "false");
	only(w, VERIFY_FAIL, CHECK_CROSS_ZONE, LB->name, "eu-west-1b",
	     "modify-load-balancer-attributes --load-balancer-arn arn:lb");
	/* The group's own setting counts before that. */
	attribute(w, tg, "load_balancing.cross_zone.enabled", "true");
	all_well(w);
	attribute(w, tg, "load_balancing.cross_zone.enabled",
		  "use_load_balancer_configuration");
	assert_true(has_row(w, VERIFY_FAIL, CHECK_CROSS_ZONE));
	attribute(w, LB->arn, "load_balancing.cross_zone.enabled", "true");
	/* One collector gets everything. */
	attribute(w, tg, "stickiness.enabled", "false");
	all_well(w);
	tear_down(w);
}

static struct elbv2_target *second_collector(struct world *w)
{
	struct ec2_interface *e =
		world_interface(w, "eni-8", "i-8", "subnet-b", "10.0.2.8");
	struct elbv2_target *t =
		ARENA_ADD(&w->mem, &w->f.registered.items[0].targets);
	struct ec2_instance *i = ARENA_ADD(&w->mem, &w->f.instances);

	i->id = TEXT("i-8");
	i->type = TEXT("m5.large");
	i->state = TEXT("running");
	e->groups = facts_interface(&w->f, "eni-9")->groups;
	t->id = TEXT("i-8");
	t->state = TEXT("healthy");
	return t;
}

static void stickiness(void **state)
{
	struct world world, *w = &world;
	const char *tg;

	(void)state;
	set_up(w, "nlb:new", SOURCES("i-1"));
	tg = w->f.target_groups.items[0].arn;
	second_collector(w);
	all_well(w);
	attribute(w, tg, "stickiness.type", "source_ip_dest_ip");
	only(w, VERIFY_FAIL, CHECK_STICKINESS, LB->name, "half of each",
	     "Key=stickiness.type,Value=source_ip");
	attribute(w, tg, "stickiness.type", "source_ip");
	attribute(w, tg, "stickiness.enabled", "false");
	only(w, VERIFY_FAIL, CHECK_STICKINESS, LB->name, "half of each",
	     "modify-target-group-attributes --target-group-arn arn:tg");
	more.attributes.n = 0;
	more.attributes_unknown = "the permission x:y is missing";
	assert_true(has_row(w, VERIFY_WARN, CHECK_STICKINESS));
	assert_true(has_row(w, VERIFY_WARN, CHECK_CROSS_ZONE));
	tear_down(w);
}

static void health(void **state)
{
	struct world world, *w = &world;

	(void)state;
	set_up(w, "nlb:new", SOURCES("i-1"));
	TARGET->state = TEXT("initial");
	only(w, VERIFY_WARN, CHECK_HEALTH, "i-9", "first time", "wait");
	TARGET->state = TEXT("unhealthy");
	TARGET->health_port = TEXT("4789");
	TARGET->description = TEXT("Health checks failed");
	only(w, VERIFY_FAIL, CHECK_HEALTH, "i-9", "Health checks failed",
	     "metlo-xdp attach");
	TARGET->state = TEXT("unused");
	TARGET->description = TEXT("not in a zone of the load balancer");
	only(w, VERIFY_FAIL, CHECK_HEALTH, "i-9", "not in a zone",
	     "set-subnets --load-balancer-arn arn:lb");
	w->f.registered.items[0].targets.n = 0;
	only(w, VERIFY_FAIL, CHECK_HEALTH, "i-9", "not registered",
	     "metlo-mirror aws sync");
	tear_down(w);
}

/* --- the way --- */

static void groups(void **state)
{
	struct world world, *w = &world;
	struct ec2_group *g;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1"));
	g = (struct ec2_group *)facts_group(&w->f, "sg-9");
	/* The spec says that sync may open groups. */
	g->ingress.n = 0;
	only(w, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9",
	     "UDP 4789 from 10.0.1.11 and 10.0.1.12",
	     "metlo-mirror aws sync --name shop");
	/* A rule for one of them is not enough. */
	g->ingress.n = 1;
	g->ingress.items[0].ranges.items[0].cidr = TEXT("10.0.1.11/32");
	only(w, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9", "from 10.0.1.12",
	     "sync");
	g->ingress.items[0].from_port = 4790;
	g->ingress.items[0].to_port = 4799;
	only(w, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9", "from 10.0.1.11",
	     "sync");
	tear_down(w);
}

static void balancer_groups(void **state)
{
	struct world world, *w = &world;
	struct ec2_group *g;
	const char *id;

	(void)state;
	set_up(w, "nlb:new", SOURCES("i-1"));
	id = LB->groups.items[0];
	g = (struct ec2_group *)facts_group(&w->f, id);
	assert_non_null(only_rule(w, id));
	g->ingress.n = 0;
	only(w, VERIFY_FAIL, CHECK_GROUPS, id, "UDP 4789", "sync");
	g->ingress.n = 1;
	/* Its own rule is taken out of the collector's group. */
	g = (struct ec2_group *)facts_group(&w->f, "sg-9");
	for (size_t i = 0; i < g->ingress.n; i++)
		if (!strcmp(g->ingress.items[i].protocol, "udp"))
			g->ingress.items[i].protocol = TEXT("sctp");
	only(w, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9", "UDP 4789", "sync");
	tear_down(w);
}

/* Without --open-groups the fix is the command. */
static void group_command(void **state)
{
	struct world world, *w = &world;
	struct ec2_group *g;
	struct ec2_permission *r;
	struct ec2_range *range;
	struct apply_options o;
	struct apply_result result;
	struct spec spec;
	struct plan p;

	(void)state;
	world_init(w);
	more = (struct verify_more){0};
	g = (struct ec2_group *)facts_group(&w->f, "sg-9");
	spec = world_spec(w, "eni-9", "80", SOURCES("i-1"));
	spec.open_groups = false;
	o = world_options(w);
	assert_int_equal(plan_setup(&p, &w->f, &spec, false), 0);
	assert_int_equal(plan_apply(&p, &o, &result), 0);
	plan_free(&p);
	network(w);
	only(w, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9", "UDP 4789",
	     "aws --region eu-west-1 ec2 authorize-security-group-ingress --group-id sg-9 --ip-permissions 'IpProtocol=udp,FromPort=4789,ToPort=4789,IpRanges=[{CidrIp=10.0.0.0/16}]'");
	/* Who is in the source's own group. */
	r = ARENA_ADD(&w->mem, &g->ingress);
	r->protocol = TEXT("udp");
	r->from_port = r->to_port = 4789;
	ARENA_ADD(&w->mem, &r->groups)->group_id = TEXT("sg-1");
	for (size_t i = 0; i < 2; i++) {
		struct ec2_interface *e =
			(struct ec2_interface *)facts_interface(
				&w->f, i ? "eni-1b" : "eni-1a");

		ARENA_ADD(&w->mem, &e->groups)->id = TEXT("sg-1");
	}
	all_well(w);
	r->groups.n = 0;
	ARENA_ADD(&w->mem, &r->prefix_lists)->id = TEXT("pl-1");
	only(w, VERIFY_WARN, CHECK_GROUPS, "sg-9", "prefix lists",
	     "describe-security-groups --group-ids sg-9");
	range = ARENA_ADD(&w->mem, &r->ranges);
	range->cidr = TEXT("10.0.1.0/24");
	all_well(w);
	tear_down(w);
}

static void acls(void **state)
{
	struct world world, *w = &world;
	struct ec2_acl *a, *b;

	(void)state;
	/* From subnet b to the collector in a. */
	set_up(w, "eni-9", SOURCES("i-2"));
	a = &w->f.acls.items[0];
	b = &w->f.acls.items[1];
	a->entries.items[0].allow = false;
	only(w, VERIFY_FAIL, CHECK_ACLS, "acl-a",
	     "its rule 100 denies UDP 4789 from 10.0.2.2/32",
	     "aws --region eu-west-1 ec2 create-network-acl-entry --network-acl-id acl-a --ingress --rule-number 99 --protocol 17 --port-range From=4789,To=4789 --cidr-block 10.0.2.2/32 --rule-action allow");
	/* Which is so before what others have allowed. */
	entry(w, a, 99, false, true, "10.9.0.0/16");
	only(w, VERIFY_FAIL, CHECK_ACLS, "acl-a", "rule 100",
	     "--rule-number 98");
	a->entries.items[0].allow = true;
	a->entries.items[0].cidr = TEXT("10.0.3.0/24");
	only(w, VERIFY_FAIL, CHECK_ACLS, "acl-a", "rule *",
	     "--rule-number 32766");
	a->entries.items[0].cidr = TEXT("0.0.0.0/0");
	b->entries.items[1].allow = false;
	b->entries.items[1].number = 1;
	only(w, VERIFY_FAIL, CHECK_ACLS, "acl-b",
	     "rule 1 denies UDP 4789 to 10.0.1.9/32",
	     "delete-network-acl-entry --network-acl-id acl-b --egress --rule-number 1");
	b->entries.items[1].allow = true;
	b->subnet_ids.n = 0;
	only(w, VERIFY_WARN, CHECK_ACLS, "subnet-b", "cannot be read",
	     "describe-network-acls");
	tear_down(w);
	/* In one subnet no ACL is asked. */
	set_up(w, "eni-9", SOURCES("i-1"));
	w->f.acls.items[0].entries.n = 0;
	all_well(w);
	tear_down(w);
}

/* From the load balancer to a collector in another subnet, UDP and checks. */
static void balancer_acls(void **state)
{
	struct world world, *w = &world;
	struct elbv2_target *t;
	struct ec2_acl *b;
	struct verify_report r;

	(void)state;
	set_up(w, "nlb:new", SOURCES("i-1"));
	t = second_collector(w);
	b = &w->f.acls.items[1];
	b->entries.items[0].cidr = TEXT("10.0.2.0/24");
	only(w, VERIFY_FAIL, CHECK_ACLS, "acl-b", "UDP 4789 from 10.0.1.11/32",
	     "--ingress");
	t->state = TEXT("unhealthy");
	look(w, &r);
	assert_int_equal(r.failed, 3); /* health, UDP, TCP */
	verify_report_free(&r);
	tear_down(w);
}

static void routes(void **state)
{
	struct world world, *w = &world;
	struct ec2_vpc *vpc;
	struct ec2_subnet *s;
	struct ec2_interface *e;
	struct ec2_route *r;

	(void)state;
	/* The collector is in another VPC. */
	set_up(w, "eni-9", SOURCES("i-1"));
	vpc = ARENA_ADD(&w->mem, &w->f.vpcs);
	vpc->id = TEXT("vpc-2");
	vpc->cidr = TEXT("10.1.0.0/16");
	s = ARENA_ADD(&w->mem, &w->f.subnets);
	s->id = TEXT("subnet-c");
	s->vpc_id = TEXT("vpc-2");
	e = (struct ec2_interface *)facts_interface(&w->f, "eni-9");
	e->subnet_id = s->id;
	e->vpc_id = s->vpc_id;
	e->private_ip = TEXT("10.1.0.9");
	entry(w, acl(w, "acl-c", "subnet-c"), 1, false, true, "0.0.0.0/0");
	only(w, VERIFY_FAIL, CHECK_ROUTES, "rtb-1 (subnet-a)",
	     "no route to 10.1.0.0/16",
	     "aws --region eu-west-1 ec2 create-route --route-table-id rtb-1 --destination-cidr-block 10.1.0.0/16 --vpc-peering-connection-id");
	route(w, "0.0.0.0/0", "igw-1", "active");
	only(w, VERIFY_FAIL, CHECK_ROUTES, "rtb-1", "leads out of",
	     "create-route");
	route(w, "10.1.0.0/16", "", "blackhole");
	r = &w->f.route_tables.items[0].routes.items[2];
	r->peering_id = TEXT("pcx-1");
	only(w, VERIFY_FAIL, CHECK_ROUTES, "rtb-1", "black hole",
	     "replace-route --route-table-id rtb-1 --destination-cidr-block 10.1.0.0/16");
	r->state = TEXT("active");
	all_well(w);
	w->f.route_tables.n = 0;
	only(w, VERIFY_WARN, CHECK_ROUTES, "subnet-a", "cannot be told",
	     "describe-route-tables");
	tear_down(w);
}

/* --- CloudWatch --- */

static void mirrored(void **state)
{
	struct world world, *w = &world;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1", "i-2"));
	set_metric("NetworkPacketsMirrorIn", "i-2", 0);
	set_metric("NetworkPacketsMirrorOut", "i-2", 0);
	only(w, VERIFY_WARN, CHECK_MIRRORED, "i-2", "1 of 2 instances",
	     "port 80");
	set_metric("NetworkPacketsMirrorIn", NULL, 0);
	set_metric("NetworkPacketsMirrorOut", NULL, 0);
	only(w, VERIFY_FAIL, CHECK_MIRRORED, "i-1 and i-2", "no packet",
	     "on port 80");
	set_metric("NetworkPacketsMirrorOut", NULL, 5);
	only(w, VERIFY_WARN, CHECK_MIRRORED, "i-1", "all of them outgoing",
	     "--side both");
	metrics(w);
	for (size_t i = 0; i < more.metrics.n; i++) {
		more.metrics.items[i].values.n = 0;
		more.metrics.items[i].sum = 0;
	}
	only(w, VERIFY_WARN, CHECK_MIRRORED, "i-1", "no count", "wait");
	more.metrics.n = 0;
	all_well(w); /* --no-metrics */
	more.metrics_unknown =
		"the permission cloudwatch:GetMetricData is missing";
	only(w, VERIFY_WARN, CHECK_MIRRORED, "shop", "cloudwatch:GetMetricData",
	     "policy verify");
	more.metrics_unknown = NULL;
	tear_down(w);
}

static void skipped(void **state)
{
	struct world world, *w = &world;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1"));
	set_metric("NetworkPacketsSkipMirrorIn", "i-1", 10);
	only(w, VERIFY_WARN, CHECK_SKIPPED, "i-1", "10 packets (0.5 %)",
	     "bandwidth");
	set_metric("NetworkPacketsSkipMirrorOut", "i-1", 90);
	only(w, VERIFY_FAIL, CHECK_SKIPPED, "i-1", "100 packets", "bandwidth");
	tear_down(w);
}

static void arrived(void **state)
{
	struct world world, *w = &world;

	(void)state;
	set_up(w, "eni-9", SOURCES("i-1"));
	set_metric("NetworkPacketsIn", "i-9", 1700);
	only(w, VERIFY_WARN, CHECK_ARRIVED, "i-9", "2000 were mirrored",
	     "tcpdump");
	set_metric("NetworkPacketsIn", "i-9", 10);
	only(w, VERIFY_FAIL, CHECK_ARRIVED, "i-9", "10 packets", "tcpdump");
	/* Part of what was mirrored goes to others: nothing can be said. */
	world_session(w, "tms-x", "eni-1a", "tmt-x", "tmf-x", 7, 7);
	all_well(w);
	tear_down(w);
	set_up(w, "nlb:new", SOURCES("i-1"));
	set_metric("ProcessedBytes_UDP", NULL, 0);
	only(w, VERIFY_FAIL, CHECK_ARRIVED, LB->name, "got no UDP", "listener");
	set_metric("SecurityGroupBlockedFlowCount_Inbound_UDP", NULL, 3);
	only(w, VERIFY_FAIL, CHECK_ARRIVED, LB->name, "turned 3 UDP flows",
	     "security group");
	tear_down(w);
	/* Tasks are not counted: only the load balancer can tell. */
	set_up(w, "nlb:new", SOURCES("ecs:shop/web"));
	all_well(w);
	set_metric("ProcessedBytes_UDP", NULL, 0);
	only(w, VERIFY_WARN, CHECK_ARRIVED, LB->name, "got no UDP",
	     "send a request");
	tear_down(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),
		cmocka_unit_test(unknown),
		cmocka_unit_test(sessions),
		cmocka_unit_test(other_sessions),
		cmocka_unit_test(sources),
		cmocka_unit_test(tasks),
		cmocka_unit_test(rules),
		cmocka_unit_test(interface_target),
		cmocka_unit_test(endpoint_target),
		cmocka_unit_test(balancer),
		cmocka_unit_test(attributes),
		cmocka_unit_test(stickiness),
		cmocka_unit_test(health),
		cmocka_unit_test(groups),
		cmocka_unit_test(balancer_groups),
		cmocka_unit_test(group_command),
		cmocka_unit_test(acls),
		cmocka_unit_test(balancer_acls),
		cmocka_unit_test(routes),
		cmocka_unit_test(mirrored),
		cmocka_unit_test(skipped),
		cmocka_unit_test(arrived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
