/* SPDX-License-Identifier: MIT */
/* Export of plans as code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "apply/export.h"
#include "plan_world.h"
#include "plan/plan_setup.h"

#define SOURCES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const targets[] = {"nlb:new", "eni-9"};

static unsigned int of_type(const cJSON *resources, const char *type)
{
	const cJSON *r;
	unsigned int n = 0;

	cJSON_ArrayForEach(r, resources) n +=
		!strcmp(cJSON_GetObjectItem(r, "Type")->valuestring, type);
	return n;
}

/* Every Ref, GetAtt and DependsOn names an existing resource. */
static unsigned int check_references(const cJSON *x, const cJSON *resources)
{
	const cJSON *child;
	unsigned int n = 0;

	cJSON_ArrayForEach(child, x)
	{
		const char *name = child->string ? child->string : "";
		const char *to = NULL;

		if (!strcmp(name, "Ref") || !strcmp(name, "DependsOn"))
			to = child->valuestring;
		else if (!strcmp(name, "Fn::GetAtt"))
			to = cJSON_GetArrayItem(child, 0)->valuestring;
		if (to) {
			assert_non_null(cJSON_GetObjectItem(resources, to));
			n++;
		}
		n += check_references(child, resources);
	}
	return n;
}

static void test_cloudformation(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++) {
		struct world w;
		struct spec spec;
		struct buf b = {0};
		struct plan p;
		cJSON *json;
		const cJSON *r;

		world_init(&w);
		spec = world_spec(&w, targets[t], "80",
				  SOURCES("i-1", "tag:\"A\"=\\b"));
		assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST),
				 0);
		assert_null(export_refusal(&p.mem, &p));
		export_cloudformation(&b, &p);
		json = cJSON_ParseWithLength((const char *)b.p, b.len);
		assert_non_null(json);
		r = cJSON_GetObjectItem(json, "Resources");
		assert_int_equal(of_type(r, "AWS::EC2::TrafficMirrorSession"),
				 2);
		assert_int_equal(of_type(r, "AWS::EC2::TrafficMirrorFilter"),
				 1);
		assert_int_equal(
			of_type(r, "AWS::EC2::TrafficMirrorFilterRule"), 2);
		assert_int_equal(of_type(r, "AWS::EC2::TrafficMirrorTarget"),
				 1);
		assert_int_equal(
			of_type(r, "AWS::ElasticLoadBalancingV2::LoadBalancer"),
			t == 0);
		assert_true(check_references(r, r) >= (t ? 6 : 12));
		/* Logical ids are unique. */
		for (const cJSON *x = r->child; x; x = x->next)
			assert_ptr_equal(cJSON_GetObjectItem(r, x->string), x);
		cJSON_Delete(json);
		buf_free(&b);
		plan_free(&p);
		world_free(&w);
	}
}

static const char golden[] =
	"terraform {\n"
	"  required_providers {\n"
	"    aws = {\n"
	"      source  = \"hashicorp/aws\"\n"
	"      version = \">= 5.0\"\n"
	"    }\n"
	"  }\n"
	"}\n"
	"\n"
	"provider \"aws\" {\n"
	"  region = \"eu-west-1\"\n"
	"}\n"
	"\n"
	"resource \"aws_ec2_traffic_mirror_target\" \"metlo_1\" {\n"
	"  network_interface_id = \"eni-9\"\n"
	"  description          = \"metlo-mirror shop\"\n"
	"  tags = {\n"
	"    \"Name\"                    = \"metlo-mirror shop\"\n"
	"    \"metlo-mirror:deployment\" = \"shop\"\n"
	"    \"metlo-mirror:made-by\"    = \"metlo-mirror " METLO_VERSION "\"\n"
	"    \"metlo-mirror:managed-by\" = \"terraform\"\n"
	"  }\n"
	"}\n"
	"\n"
	"resource \"aws_ec2_traffic_mirror_filter\" \"metlo_2\" {\n"
	"  description = \"metlo-mirror shop\"\n"
	"  tags = {\n"
	"    \"Name\"                    = \"metlo-mirror shop\"\n"
	"    \"metlo-mirror:deployment\" = \"shop\"\n"
	"    \"metlo-mirror:made-by\"    = \"metlo-mirror " METLO_VERSION "\"\n"
	"    \"metlo-mirror:spec\"       = \"v=1 source=tag:A=@24@7Bx@7D port=80 side=server protocol=tcp ip=4 target=eni-9 vni=77\"\n"
	"    \"metlo-mirror:managed-by\" = \"terraform\"\n"
	"  }\n"
	"}\n"
	"\n"
	"resource \"aws_ec2_traffic_mirror_filter_rule\" \"metlo_3\" {\n"
	"  traffic_mirror_filter_id = aws_ec2_traffic_mirror_filter.metlo_2.id\n"
	"  traffic_direction        = \"ingress\"\n"
	"  rule_number              = 100\n"
	"  rule_action              = \"accept\"\n"
	"  protocol                 = 6\n"
	"  source_cidr_block        = \"0.0.0.0/0\"\n"
	"  destination_cidr_block   = \"0.0.0.0/0\"\n"
	"  destination_port_range {\n"
	"    from_port = 80\n"
	"    to_port   = 80\n"
	"  }\n"
	"}\n"
	"\n"
	"resource \"aws_ec2_traffic_mirror_filter_rule\" \"metlo_4\" {\n"
	"  traffic_mirror_filter_id = aws_ec2_traffic_mirror_filter.metlo_2.id\n"
	"  traffic_direction        = \"egress\"\n"
	"  rule_number              = 100\n"
	"  rule_action              = \"accept\"\n"
	"  protocol                 = 6\n"
	"  source_cidr_block        = \"0.0.0.0/0\"\n"
	"  destination_cidr_block   = \"0.0.0.0/0\"\n"
	"  source_port_range {\n"
	"    from_port = 80\n"
	"    to_port   = 80\n"
	"  }\n"
	"}\n"
	"\n"
	"resource \"aws_ec2_traffic_mirror_session\" \"metlo_5\" {\n"
	"  network_interface_id     = \"eni-2\"\n"
	"  traffic_mirror_target_id = aws_ec2_traffic_mirror_target.metlo_1.id\n"
	"  traffic_mirror_filter_id = aws_ec2_traffic_mirror_filter.metlo_2.id\n"
	"  session_number           = 1\n"
	"  virtual_network_id       = 77\n"
	"  description              = \"metlo-mirror shop\"\n"
	"  tags = {\n"
	"    \"Name\"                        = \"metlo-mirror shop\"\n"
	"    \"metlo-mirror:deployment\"     = \"shop\"\n"
	"    \"metlo-mirror:made-by\"        = \"metlo-mirror " METLO_VERSION
	"\"\n"
	"    \"metlo-mirror:source\"         = \"tag:A=$${x}\"\n"
	"    \"metlo-mirror:session-number\" = \"1\"\n"
	"    \"metlo-mirror:managed-by\"     = \"terraform\"\n"
	"  }\n"
	"}\n";

static void test_terraform(void **state)
{
	struct world w;
	struct spec spec;
	struct buf b = {0};
	struct plan p;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "eni-9", "80", SOURCES("tag:A=${x}"));
	spec.vni = 77;
	spec.open_groups = false;
	world_tag(&w, &w.inv.interfaces.items[2].tags, "A", "${x}");
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_null(export_refusal(&p.mem, &p));
	export_terraform(&b, &p);
	buf_add(&b, "", 1);
	assert_string_equal((const char *)b.p, golden);
	buf_free(&b);
	plan_free(&p);
	world_free(&w);
}

/* Braces balance, and references resolve. */
static void test_terraform_load_balancer(void **state)
{
	static const char *const parts[] = {
		"  security_groups                  = [aws_security_group.metlo_1.id]",
		"load_balancer_arn = aws_lb.metlo_",
		"network_load_balancer_arn = aws_lb.metlo_",
		"referenced_security_group_id = aws_security_group.metlo_1.id",
		"  target_group_arn = aws_lb_target_group.metlo_",
		"depends_on = [aws_lb_listener.metlo_",
		"  subnets                          = [\"subnet-a\"]",
		"cidr_blocks = [\"10.0.0.0/16\"]",
		"  target_id        = \"i-9\"",
	};
	struct world w;
	struct spec spec;
	struct buf b = {0};
	struct plan p;
	int depth = 0;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "nlb:new", "80", SOURCES("i-1"));
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	export_terraform(&b, &p);
	buf_add(&b, "", 1);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		assert_non_null(strstr((const char *)b.p, parts[i]));
	for (const char *c = (const char *)b.p; *c; c++) {
		depth += (*c == '{') - (*c == '}');
		assert_true(depth >= 0);
	}
	assert_int_equal(depth, 0);
	buf_free(&b);
	plan_free(&p);
	world_free(&w);
}

static void test_refused(void **state)
{
	struct world w;
	struct spec spec;
	struct apply_options o;
	struct apply_result result;
	struct plan p;

	(void)state;
	world_init(&w);
	spec = world_spec(&w, "eni-9", "80", SOURCES("i-1"));
	o = world_options(&w);
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_int_equal(plan_apply(&p, &o, &result), 0);
	plan_free(&p);
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_non_null(
		strstr(export_refusal(&p.mem, &p), "nothing to create"));
	plan_free(&p);
	spec = world_spec(&w, "eni-9", "81", SOURCES("i-1"));
	assert_int_equal(plan_setup(&p, &w.inv, &spec, PLAN_REQUEST), 0);
	assert_non_null(
		strstr(export_refusal(&p.mem, &p), "existing resources"));
	plan_free(&p);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cloudformation),
		cmocka_unit_test(test_terraform),
		cmocka_unit_test(test_terraform_load_balancer),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
