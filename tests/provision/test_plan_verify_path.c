/* SPDX-License-Identifier: MIT */
/* verify: the network path of mirrored packets, and CloudWatch counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify_kit.h"
#include "base/list.h"

/* --- the path --- */

static void groups(void **state)
{
	struct scene *s;
	struct ec2_group *g;

	s = scene_set_up(state, "eni-9", SOURCES("i-1"));
	g = scene_group(s, "sg-9");
	/* The spec allows sync to open groups. */
	g->ingress.n = 0;
	scene_only(s, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9",
		   "UDP 4789 from 10.0.1.11 and 10.0.1.12",
		   "metlo-mirror aws sync --name shop");
	/* A rule for a single source is not enough. */
	g->ingress.n = 1;
	g->ingress.items[0].ranges.items[0].cidr = TEXT("10.0.1.11/32");
	scene_only(s, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9",
		   "from 10.0.1.12", "sync");
	g->ingress.items[0].from_port = 4790;
	g->ingress.items[0].to_port = 4799;
	scene_only(s, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9",
		   "from 10.0.1.11", "sync");
}

static void balancer_groups(void **state)
{
	struct scene *s;
	struct ec2_group *g;
	const char *id;

	s = scene_set_up(state, "nlb:new", SOURCES("i-1"));
	id = LB->groups.items[0];
	g = scene_group(s, id);
	assert_int_equal(g->ingress.n, 1);
	g->ingress.n = 0;
	scene_only(s, VERIFY_FAIL, CHECK_GROUPS, id, "UDP 4789", "sync");
	g->ingress.n = 1;
	/* The rule for the load balancer is removed from the collector's
	 * group. */
	g = scene_group(s, "sg-9");
	FOREACH(r, &g->ingress)
		if (!strcmp(r->protocol, "udp"))
			r->protocol = TEXT("sctp");
	scene_only(s, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9", "UDP 4789",
		   "sync");
}

/* Without --open-groups the fix is the command. */
static void group_command(void **state)
{
	struct scene *s = scene_new(state);
	struct ec2_group *g = scene_group(s, "sg-9");
	struct ec2_permission *r;
	struct ec2_range *range;
	struct spec spec;

	spec = world_spec(&s->w, "eni-9", "80", SOURCES("i-1"));
	spec.open_groups = false;
	scene_deploy(s, &spec);
	scene_only(
		s, VERIFY_FAIL, CHECK_GROUPS, "sg-9 of eni-9", "UDP 4789",
		"aws --region eu-west-1 ec2 authorize-security-group-ingress --group-id sg-9 --ip-permissions 'IpProtocol=udp,FromPort=4789,ToPort=4789,IpRanges=[{CidrIp=10.0.0.0/16}]'");
	/* Admits members of the source's own group. */
	r = ARENA_ADD(&s->w.mem, &g->ingress);
	r->protocol = TEXT("udp");
	r->from_port = r->to_port = 4789;
	ARENA_ADD(&s->w.mem, &r->groups)->group_id = TEXT("sg-1");
	for (size_t i = 0; i < 2; i++) {
		struct ec2_interface *e =
			scene_interface(s, i ? "eni-1b" : "eni-1a");

		ARENA_ADD(&s->w.mem, &e->groups)->id = TEXT("sg-1");
	}
	scene_ok(s);
	r->groups.n = 0;
	ARENA_ADD(&s->w.mem, &r->prefix_lists)->id = TEXT("pl-1");
	scene_only(s, VERIFY_WARN, CHECK_GROUPS, "sg-9", "prefix lists",
		   "describe-security-groups --group-ids sg-9");
	range = ARENA_ADD(&s->w.mem, &r->ranges);
	range->cidr = TEXT("10.0.1.0/24");
	scene_ok(s);
}

static void acls(void **state)
{
	struct scene *s;
	struct ec2_acl *a, *b;

	/* From subnet b to the collector in a. */
	s = scene_set_up(state, "eni-9", SOURCES("i-2"));
	a = &s->w.inv.acls.items[0];
	b = &s->w.inv.acls.items[1];
	a->entries.items[0].allow = false;
	scene_only(
		s, VERIFY_FAIL, CHECK_ACLS, "acl-a",
		"its rule 100 denies UDP 4789 from 10.0.2.2/32",
		"aws --region eu-west-1 ec2 create-network-acl-entry --network-acl-id acl-a --ingress --rule-number 99 --protocol 17 --port-range From=4789,To=4789 --cidr-block 10.0.2.2/32 --rule-action allow");
	/* A lower-numbered deny overrides later allows. */
	scene_acl_entry(s, a, 99, false, true, "10.9.0.0/16");
	scene_only(s, VERIFY_FAIL, CHECK_ACLS, "acl-a", "rule 100",
		   "--rule-number 98");
	a->entries.items[0].allow = true;
	a->entries.items[0].cidr = TEXT("10.0.3.0/24");
	scene_only(s, VERIFY_FAIL, CHECK_ACLS, "acl-a", "rule *",
		   "--rule-number 32766");
	a->entries.items[0].cidr = TEXT("0.0.0.0/0");
	b->entries.items[1].allow = false;
	b->entries.items[1].number = 1;
	scene_only(
		s, VERIFY_FAIL, CHECK_ACLS, "acl-b",
		"rule 1 denies UDP 4789 to 10.0.1.9/32",
		"delete-network-acl-entry --network-acl-id acl-b --egress --rule-number 1");
	b->entries.items[1].allow = true;
	b->subnet_ids.n = 0;
	scene_only(s, VERIFY_WARN, CHECK_ACLS, "subnet-b", "cannot be read",
		   "describe-network-acls");
	/* ACLs do not apply within a subnet. */
	s = scene_set_up(state, "eni-9", SOURCES("i-1"));
	s->w.inv.acls.items[0].entries.n = 0;
	scene_ok(s);
}

/* From the load balancer to a collector in another subnet, UDP and checks. */
static void balancer_acls(void **state)
{
	struct scene *s;
	struct elbv2_target *t;
	struct ec2_acl *b;
	struct verify_report r;

	s = scene_set_up(state, "nlb:new", SOURCES("i-1"));
	t = scene_second_collector(s);
	b = &s->w.inv.acls.items[1];
	b->entries.items[0].cidr = TEXT("10.0.2.0/24");
	scene_only(s, VERIFY_FAIL, CHECK_ACLS, "acl-b",
		   "UDP 4789 from 10.0.1.11/32", "--ingress");
	t->state = TEXT("unhealthy");
	scene_verify(s, &r);
	assert_int_equal(r.failed, 3); /* health, UDP, TCP */
	verify_report_free(&r);
}

static void routes(void **state)
{
	struct scene *s;
	struct ec2_vpc *vpc;
	struct ec2_subnet *subnet;
	struct ec2_interface *e;
	struct ec2_route *r;

	/* The collector is in another VPC. */
	s = scene_set_up(state, "eni-9", SOURCES("i-1"));
	vpc = ARENA_ADD(&s->w.mem, &s->w.inv.vpcs);
	vpc->id = TEXT("vpc-2");
	vpc->cidr = TEXT("10.1.0.0/16");
	subnet = ARENA_ADD(&s->w.mem, &s->w.inv.subnets);
	subnet->id = TEXT("subnet-c");
	subnet->vpc_id = TEXT("vpc-2");
	e = scene_interface(s, "eni-9");
	e->subnet_id = subnet->id;
	e->vpc_id = subnet->vpc_id;
	e->private_ip = TEXT("10.1.0.9");
	scene_acl_entry(s, scene_acl(s, "acl-c", "subnet-c"), 1, false, true,
			"0.0.0.0/0");
	scene_only(
		s, VERIFY_FAIL, CHECK_ROUTES, "rtb-1 (subnet-a)",
		"no route to 10.1.0.0/16",
		"aws --region eu-west-1 ec2 create-route --route-table-id rtb-1 --destination-cidr-block 10.1.0.0/16 --vpc-peering-connection-id");
	scene_route(s, "0.0.0.0/0", "igw-1", "active");
	scene_only(s, VERIFY_FAIL, CHECK_ROUTES, "rtb-1", "leads outside",
		   "create-route");
	scene_route(s, "10.1.0.0/16", "", "blackhole");
	r = &s->w.inv.route_tables.items[0].routes.items[2];
	r->peering_id = TEXT("pcx-1");
	scene_only(
		s, VERIFY_FAIL, CHECK_ROUTES, "rtb-1", "black hole",
		"replace-route --route-table-id rtb-1 --destination-cidr-block 10.1.0.0/16");
	r->state = TEXT("active");
	scene_ok(s);
	s->w.inv.route_tables.n = 0;
	scene_only(s, VERIFY_WARN, CHECK_ROUTES, "subnet-a", "cannot determine",
		   "describe-route-tables");
}

/* --- CloudWatch --- */

static void mirrored(void **state)
{
	struct scene *s = scene_set_up(state, "eni-9", SOURCES("i-1", "i-2"));

	scene_metric(s, "NetworkPacketsMirrorIn", "i-2", 0);
	scene_metric(s, "NetworkPacketsMirrorOut", "i-2", 0);
	scene_only(s, VERIFY_WARN, CHECK_MIRRORED, "i-2", "1 of 2 instances",
		   "port 80");
	scene_metric(s, "NetworkPacketsMirrorIn", NULL, 0);
	scene_metric(s, "NetworkPacketsMirrorOut", NULL, 0);
	scene_only(s, VERIFY_FAIL, CHECK_MIRRORED, "i-1 and i-2", "no packet",
		   "on port 80");
	scene_metric(s, "NetworkPacketsMirrorOut", NULL, 5);
	scene_only(s, VERIFY_WARN, CHECK_MIRRORED, "i-1",
		   "all of them outgoing", "--side both");
	scene_metrics(s);
	FOREACH(metric, &s->extra.metrics) {
		metric->values.n = 0;
		metric->sum = 0;
	}
	scene_only(s, VERIFY_WARN, CHECK_MIRRORED, "i-1", "has not counted",
		   "wait");
	s->extra.metrics.n = 0;
	scene_ok(s); /* --no-metrics */
	s->extra.metrics_unknown =
		"the permission cloudwatch:GetMetricData is missing";
	scene_only(s, VERIFY_WARN, CHECK_MIRRORED, "shop",
		   "cloudwatch:GetMetricData", "policy verify");
	s->extra.metrics_unknown = NULL;
}

static void skipped(void **state)
{
	struct scene *s = scene_set_up(state, "eni-9", SOURCES("i-1"));

	scene_metric(s, "NetworkPacketsSkipMirrorIn", "i-1", 10);
	scene_only(s, VERIFY_WARN, CHECK_SKIPPED, "i-1", "10 packets (0.5 %)",
		   "bandwidth");
	scene_metric(s, "NetworkPacketsSkipMirrorOut", "i-1", 90);
	scene_only(s, VERIFY_FAIL, CHECK_SKIPPED, "i-1", "100 packets",
		   "bandwidth");
}

static void arrived(void **state)
{
	struct scene *s = scene_set_up(state, "eni-9", SOURCES("i-1"));

	scene_metric(s, "NetworkPacketsIn", "i-9", 1700);
	scene_only(s, VERIFY_WARN, CHECK_ARRIVED, "i-9", "2000 were mirrored",
		   "tcpdump");
	scene_metric(s, "NetworkPacketsIn", "i-9", 10);
	scene_only(s, VERIFY_FAIL, CHECK_ARRIVED, "i-9", "10 packets",
		   "tcpdump");
	/* Others mirror part of this traffic, so no conclusion is possible. */
	world_session(&s->w, "tms-x", "eni-1a", "tmt-x", "tmf-x", 7, 7);
	scene_ok(s);
	s = scene_set_up(state, "nlb:new", SOURCES("i-1"));
	scene_metric(s, "ProcessedBytes_UDP", NULL, 0);
	scene_only(s, VERIFY_FAIL, CHECK_ARRIVED, LB->name, "received no UDP",
		   "listener");
	scene_metric(s, "SecurityGroupBlockedFlowCount_Inbound_UDP", NULL, 3);
	scene_only(s, VERIFY_FAIL, CHECK_ARRIVED, LB->name,
		   "blocked 3 UDP flows", "security group");
	/* Tasks have no packet counts: only the load balancer shows a loss. */
	s = scene_set_up(state, "nlb:new", SOURCES("ecs:shop/web"));
	scene_ok(s);
	scene_metric(s, "ProcessedBytes_UDP", NULL, 0);
	scene_only(s, VERIFY_WARN, CHECK_ARRIVED, LB->name, "received no UDP",
		   "send a request");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(groups),	   SCENE_TEST(balancer_groups),
		SCENE_TEST(group_command), SCENE_TEST(acls),
		SCENE_TEST(balancer_acls), SCENE_TEST(routes),
		SCENE_TEST(mirrored),	   SCENE_TEST(skipped),
		SCENE_TEST(arrived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
