/* SPDX-License-Identifier: MIT */
/* verify: sources, sessions and targets, broken one at a time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify_kit.h"

static void right(void **state)
{
	static const char *const checks[] = {
		CHECK_SOURCES,	     CHECK_SESSIONS, CHECK_FILTER,
		CHECK_INSTANCES,     CHECK_TARGET,   CHECK_BALANCER,
		CHECK_INSTANCE_TYPE, CHECK_LISTENER, CHECK_CROSS_ZONE,
		CHECK_STICKINESS,    CHECK_HEALTH,   CHECK_GROUPS,
		CHECK_ACLS,	     CHECK_ROUTES,   CHECK_MIRRORED,
		CHECK_SKIPPED,	     CHECK_ARRIVED,  CHECK_PACKET_LENGTH};
	struct scene *s =
		scene_set_up(state, "nlb:new", SOURCES("i-1", "ecs:shop/web"));

	scene_ok(s);
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (!scene_has(s, VERIFY_OK, checks[i]))
			fail_msg("no row %s", checks[i]);
	s = scene_set_up(state, "eni-9", SOURCES("i-1", "i-2"));
	scene_ok(s);
	assert_true(scene_has(s, VERIFY_OK, CHECK_GROUPS));
	assert_false(scene_has(s, VERIFY_OK, CHECK_BALANCER));
}

static void unknown(void **state)
{
	struct scene *s;
	struct verify_report r;
	struct parse_error err;

	s = scene_set_up(state, "eni-9", SOURCES("i-1"));
	assert_int_equal(
		verify_deployment(&r, &s->w.inv, &s->extra, "other", &err),
		-ENOENT);
	assert_non_null(strstr(err.text, "other"));
}

/* --- sources and sessions --- */

static void sessions(void **state)
{
	struct scene *s;
	struct mirror_session *m;

	s = scene_set_up(state, "eni-9", SOURCES("i-1", "i-2"));
	m = &s->w.inv.sessions.items[--s->w.inv.sessions.n];
	scene_only(s, VERIFY_FAIL, CHECK_SESSIONS, m->interface_id, "1 of 3",
		   "metlo-mirror aws sync --name shop --region eu-west-1");
	s->w.inv.sessions.n++;
	/* Changed by hand. */
	scene_fault(s, &m->target_id, "tmt-other", VERIFY_FAIL, CHECK_SESSIONS,
		    m->id, "different target", "sync");
	m->vni++;
	scene_only(s, VERIFY_WARN, CHECK_SESSIONS, m->id, "different VNI",
		   "sync");
	m->vni--;
	m->packet_length = 100;
	scene_only(s, VERIFY_WARN, CHECK_PACKET_LENGTH, m->id,
		   "after 100 bytes", "metlo-mirror aws sync");
	m->packet_length = 0;
	scene_ok(s);
	/* Ours gets number 2: a foreign session with number 1 precedes it. */
	m->number = 2;
	world_session(&s->w, "tms-x", m->interface_id, "tmt-x", "tmf-x", 1, 5);
	scene_only(s, VERIFY_WARN, CHECK_SESSIONS, "tms", "tms-x", "owner");
	s->w.inv.sessions.n--;
}

static void other_sessions(void **state)
{
	struct scene *s = scene_set_up(state, "eni-9", SOURCES("i-1", "i-2"));

	s->w.inv.sessions.n--; /* eni-2 */
	for (unsigned int i = 1; i <= 3; i++)
		world_session(&s->w, i == 1 ? "tms-x" : "tms-y", "eni-2",
			      "tmt-x", "tmf-x", i, i);
	scene_only(
		s, VERIFY_FAIL, CHECK_SESSIONS, "eni-2", "3 sessions of others",
		"aws --region eu-west-1 ec2 delete-traffic-mirror-session --traffic-mirror-session-id tms-x");
}

static void sources(void **state)
{
	struct scene *s;
	struct ec2_instance *i;

	s = scene_set_up(state, "eni-9", SOURCES("i-1", "i-2"));
	i = scene_instance(s, "i-2");
	scene_fault(
		s, &i->state, "stopped", VERIFY_WARN, CHECK_INSTANCES, "i-2",
		"is stopped",
		"aws --region eu-west-1 ec2 start-instances --instance-ids i-2");
	scene_fault(s, &i->type, "t2.micro", VERIFY_FAIL, CHECK_INSTANCE_TYPE,
		    "i-2", "t2.micro",
		    "modify-instance-attribute --instance-id i-2");
	scene_fault(s, &i->type, "m9z.large", VERIFY_WARN, CHECK_INSTANCE_TYPE,
		    "i-2", "m9z.large", "change its type");
	i->id = TEXT("i-new"); /* i-2 no longer exists; its interface remains */
	assert_true(scene_has(s, VERIFY_FAIL, CHECK_SOURCES));
}

/* The service has new tasks: their sessions are missing, and those of the old
 * tasks are stale. */
static void tasks(void **state)
{
	struct scene *s;
	struct ecs_task *t;

	s = scene_set_up(state, "eni-9", SOURCES("ecs:shop/web"));
	world_interface(&s->w, "eni-t3", NULL, "subnet-a", "10.0.1.33");
	t = &s->w.inv.services.items[0].tasks.items[1];
	t->attachments.items[0].details.items[0].value = TEXT("eni-t3");
	assert_true(scene_has(s, VERIFY_FAIL, CHECK_SESSIONS));
	assert_true(scene_has(s, VERIFY_WARN, CHECK_SESSIONS));
	s->w.inv.services.items[0].tasks.n = 0;
	assert_true(scene_has(s, VERIFY_WARN, CHECK_SOURCES));
	s->w.inv.services.items[0].missing = true;
	assert_true(scene_has(s, VERIFY_FAIL, CHECK_SOURCES));
}

static void rules(void **state)
{
	struct scene *s = scene_set_up(state, "eni-9", SOURCES("i-1"));

	s->w.inv.filters.items[0].egress.n = 0;
	scene_only(s, VERIFY_FAIL, CHECK_FILTER, s->w.inv.filters.items[0].id,
		   "one direction is not mirrored",
		   "metlo-mirror aws sync --name shop");
}

/* --- targets --- */

static void interface_target(void **state)
{
	struct scene *s = scene_set_up(state, "eni-9", SOURCES("i-1"));

	scene_fault(s, &scene_instance(s, "i-9")->state, "stopped", VERIFY_FAIL,
		    CHECK_TARGET, "eni-9", "i-9 is stopped",
		    "start-instances --instance-ids i-9");
	scene_fault(s, &scene_interface(s, "eni-9")->status, "available",
		    VERIFY_FAIL, CHECK_TARGET, "eni-9", "not attached",
		    "attach it to the collector");
	s->w.inv.targets.items[0].interface_id = TEXT("eni-other");
	assert_true(scene_has(s, VERIFY_FAIL, CHECK_TARGET));
}

static void endpoint_target(void **state)
{
	struct scene *s = scene_new(state);
	struct ec2_endpoint *e;
	struct spec spec;

	e = ARENA_ADD(&s->w.mem, &s->w.inv.endpoints);
	e->id = TEXT("vpce-1");
	e->type = TEXT("GatewayLoadBalancer");
	e->state = TEXT("available");
	spec = world_spec(&s->w, "vpce-1", "80", SOURCES("i-1"));
	scene_deploy(s, &spec);
	scene_ok(s);
	scene_fault(s, &e->state, "pendingAcceptance", VERIFY_FAIL,
		    CHECK_TARGET, "vpce-1", "pendingAcceptance", "accept");
	s->w.inv.endpoints.n = 0;
	scene_only(s, VERIFY_FAIL, CHECK_TARGET, "vpce-1", "no longer exists",
		   "setup");
}

static void balancer(void **state)
{
	struct scene *s;
	struct elbv2_listener *l;

	s = scene_set_up(state, "nlb:new", SOURCES("i-1"));
	LB->state_reason = TEXT("no more addresses");
	scene_fault(s, &LB->state, "failed", VERIFY_FAIL, CHECK_BALANCER,
		    LB->name, "no more addresses", "set it up again");
	l = &s->w.inv.listeners.items[0];
	l->port = 4790;
	scene_only(s, VERIFY_FAIL, CHECK_LISTENER, LB->name, "no UDP listener",
		   "metlo-mirror aws sync --name shop");
	l->port = 4789;
	l->target_group_arns.n = 0;
	scene_only(s, VERIFY_FAIL, CHECK_LISTENER, LB->name, "no target group",
		   "modify-listener --listener-arn arn:listener");
	l->target_group_arns.n = 1;
	scene_ok(s);
}

static void attributes(void **state)
{
	struct scene *s;
	const char *tg;

	s = scene_set_up(state, "nlb:new", SOURCES("i-1", "i-2"));
	tg = s->w.inv.target_groups.items[0].arn;
	/* The collector is in zone a, i-2 in zone b. */
	scene_attribute(s, LB->arn, "load_balancing.cross_zone.enabled",
			"false");
	scene_only(
		s, VERIFY_FAIL, CHECK_CROSS_ZONE, LB->name, "eu-west-1b",
		"modify-load-balancer-attributes --load-balancer-arn arn:lb");
	/* The setting of the target group overrides that of the load
	 * balancer. */
	scene_attribute(s, tg, "load_balancing.cross_zone.enabled", "true");
	scene_ok(s);
	scene_attribute(s, tg, "load_balancing.cross_zone.enabled",
			"use_load_balancer_configuration");
	assert_true(scene_has(s, VERIFY_FAIL, CHECK_CROSS_ZONE));
	scene_attribute(s, LB->arn, "load_balancing.cross_zone.enabled",
			"true");
	/* A single collector receives everything anyway. */
	scene_attribute(s, tg, "stickiness.enabled", "false");
	scene_ok(s);
}

static void stickiness(void **state)
{
	struct scene *s;
	const char *tg;

	s = scene_set_up(state, "nlb:new", SOURCES("i-1"));
	tg = s->w.inv.target_groups.items[0].arn;
	scene_second_collector(s);
	scene_ok(s);
	scene_attribute(s, tg, "stickiness.type", "source_ip_dest_ip");
	scene_only(s, VERIFY_FAIL, CHECK_STICKINESS, LB->name, "half of it",
		   "Key=stickiness.type,Value=source_ip");
	scene_attribute(s, tg, "stickiness.type", "source_ip");
	scene_attribute(s, tg, "stickiness.enabled", "false");
	scene_only(s, VERIFY_FAIL, CHECK_STICKINESS, LB->name, "half of it",
		   "modify-target-group-attributes --target-group-arn arn:tg");
	s->extra.attributes.n = 0;
	s->extra.attributes_unknown = "the permission x:y is missing";
	assert_true(scene_has(s, VERIFY_WARN, CHECK_STICKINESS));
	assert_true(scene_has(s, VERIFY_WARN, CHECK_CROSS_ZONE));
}

static void health(void **state)
{
	struct scene *s = scene_set_up(state, "nlb:new", SOURCES("i-1"));

	TARGET->state = TEXT("initial");
	scene_only(s, VERIFY_WARN, CHECK_HEALTH, "i-9", "first health check",
		   "wait");
	TARGET->state = TEXT("unhealthy");
	TARGET->health_port = TEXT("4789");
	TARGET->description = TEXT("Health checks failed");
	scene_only(s, VERIFY_FAIL, CHECK_HEALTH, "i-9", "Health checks failed",
		   "metlo-xdp attach");
	TARGET->state = TEXT("unused");
	TARGET->description = TEXT("not in a zone of the load balancer");
	scene_only(s, VERIFY_FAIL, CHECK_HEALTH, "i-9", "not in a zone",
		   "a subnet in the zone of the collector");
	s->w.inv.registered.items[0].targets.n = 0;
	scene_only(s, VERIFY_FAIL, CHECK_HEALTH, "i-9", "not registered",
		   "metlo-mirror aws sync");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(right),	     SCENE_TEST(unknown),
		SCENE_TEST(sessions),	     SCENE_TEST(other_sessions),
		SCENE_TEST(sources),	     SCENE_TEST(tasks),
		SCENE_TEST(rules),	     SCENE_TEST(interface_target),
		SCENE_TEST(endpoint_target), SCENE_TEST(balancer),
		SCENE_TEST(attributes),	     SCENE_TEST(stickiness),
		SCENE_TEST(health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
