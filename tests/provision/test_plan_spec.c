/* SPDX-License-Identifier: MIT */
/* Specs: sources, targets, the encoding for tags; numbers, names, instance
 * types, costs and the IAM policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <cjson/cJSON.h>

#include "plan/cost.h"
#include "model/instance.h"
#include "model/limits.h"
#include "plan/policy.h"
#include "model/spec.h"
#include "model/spec_text.h"
#include "model/filter_text.h"

static uint64_t rng = 0x2545f4914f6cdd1dull;

static uint32_t below(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 32) % n);
}

static void test_sources(void **state)
{
	static const struct {
		const char *text;
		enum source_type type;
		const char *canonical, *name, *value;
	} good[] = {
		{"i-0abc", SOURCE_INSTANCE, "i-0abc", "i-0abc", ""},
		{"eni-1", SOURCE_INTERFACE, "eni-1", "eni-1", ""},
		{"ecs:shop/web", SOURCE_ECS, "ecs:shop/web", "shop", "web"},
		{"alb:front", SOURCE_ALB, "alb:front", "front", ""},
		{"clb:old", SOURCE_CLB, "clb:old", "old", ""},
		{"nlb:net", SOURCE_NLB, "nlb:net", "net", ""},
		{"tag:Env=prod=1", SOURCE_TAG, "tag:Env=prod=1", "Env",
		 "prod=1"},
		{"vpc-0ab", SOURCE_VPC, "vpc-0ab", "vpc-0ab", ""},
		{"subnet-0ab", SOURCE_SUBNET, "subnet-0ab", "subnet-0ab", ""},
		{"tag:Empty=", SOURCE_TAG, "tag:Empty=", "Empty", ""},
		{"arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/front/50dc",
		 SOURCE_ALB, "alb:front", "front", ""},
		{"arn:aws-cn:elasticloadbalancing:cn-north-1:1:loadbalancer/net/n/5",
		 SOURCE_NLB, "nlb:n", "n", ""},
		{"arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/old",
		 SOURCE_CLB, "clb:old", "old", ""},
		{"arn:aws:ecs:eu-west-1:1:service/shop/web", SOURCE_ECS,
		 "ecs:shop/web", "shop", "web"},
	};
	static const char *const bad[] = {
		"",
		"i-",
		"i-xyz",
		"web-1",
		"eni-",
		"ecs:shop",
		"ecs:shop/",
		"ecs:/web",
		"ecs:a/b/c",
		"tag:Env",
		"tag:=x",
		"alb:",
		"arn:aws:s3:::bucket",
		"arn:",
		"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/1",
		"arn:aws:ecs:eu-west-1:1:cluster/x"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct arena a = {0};
		struct parse_error err;
		struct source s;

		assert_true(source_parse(&a, good[i].text, &s, &err));
		assert_int_equal(s.type, good[i].type);
		assert_string_equal(s.text, good[i].canonical);
		assert_string_equal(s.name, good[i].name);
		assert_string_equal(s.value, good[i].value);
		arena_free(&a);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct arena a = {0};
		struct parse_error err = {""};
		struct source s;

		assert_false(source_parse(&a, bad[i], &s, &err));
		assert_true(strlen(err.text) > 10);
		arena_free(&a);
	}
}

static void test_targets(void **state)
{
	static const char arn[] =
		"arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/n/5";
	struct arena a = {0};
	struct target_spec t = {.id = ""};
	struct parse_error err;

	(void)state;
	assert_true(target_parse(&a, "nlb:new", &t, &err));
	assert_int_equal(t.type, TARGET_NLB);
	assert_string_equal(t.id, "");
	assert_true(target_parse(&a, "nlb:mine", &t, &err));
	assert_string_equal(t.id, "mine");
	assert_true(target_parse(&a, arn, &t, &err));
	assert_string_equal(t.id, arn);
	assert_true(target_parse(&a, "eni-0f", &t, &err));
	assert_int_equal(t.type, TARGET_ENI);
	assert_true(target_parse(&a, "vpce-0f", &t, &err));
	assert_int_equal(t.type, TARGET_GWLBE);
	assert_false(target_parse(&a, "nlb:", &t, &err));
	assert_false(target_parse(&a, "i-1", &t, &err));
	assert_false(target_parse(
		&a,
		"arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/n/5",
		&t, &err));
	arena_free(&a);
}

static const char *const odd_sources[] = {
	"i-0123456789abcdef0",	     "eni-0f",	 "ecs:shop/web", "alb:front",
	"tag:Team=a b,c;\xc3\xa9@%", "tag:a b= "};
static const char *const targets[] = {"nlb:new", "nlb:mine", "eni-1", "vpce-1"};

static struct spec random_spec(struct arena *a)
{
	struct spec s = {.name = "x",
			 .filter = {.side = 1 + below(3),
				    .protocol = below(2) ? FILTER_TCP
							 : FILTER_ANY_PROTOCOL,
				    .families = 1 + below(3)},
			 .target = {.id = ""},
			 .vni = below(2) ? below(VNI_MAX + 1) : 0,
			 .packet_length = below(2) ? 0 : 1 + below(8500),
			 .open_groups = below(2)};
	struct parse_error err;

	for (unsigned int n = below(5); n; n--) {
		struct source *to = ARENA_ADD(a, &s.sources);

		assert_true(
			source_parse(a,
				     odd_sources[below(sizeof(odd_sources) /
						       sizeof(*odd_sources))],
				     to, &err));
	}
	if (below(2))
		assert_true(filter_ports_parse(a, "80,8000-8100",
					       &s.filter.ports, &err));
	if (below(2))
		assert_true(cidr_list_parse(a, "10.0.0.0/8,2001:db8::/32",
					    &s.filter.peers, &err));
	assert_true(target_parse(a, targets[below(4)], &s.target, &err));
	if (below(2))
		str_list_add(a, &s.target.collectors, "i-0c");
	if (below(2))
		str_list_add(a, &s.target.subnets, "subnet-1");
	return s;
}

static void test_spec_round_trip(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		struct arena a = {0};
		struct spec s = random_spec(&a), back = {.name = "x"};
		const char *text = spec_encode(&a, &s);
		struct parse_error err = {""};

		for (const char *c = text; *c; c++)
			assert_non_null(strchr(
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 +-=._:/@",
				*c));
		assert_true(spec_decode(&a, text, &back, &err));
		assert_string_equal(spec_encode(&a, &back), text);
		assert_int_equal(back.sources.n, s.sources.n);
		for (size_t k = 0; k < s.sources.n; k++)
			assert_string_equal(back.sources.items[k].value,
					    s.sources.items[k].value);
		assert_int_equal(back.vni, s.vni);
		assert_int_equal(back.packet_length, s.packet_length);
		assert_int_equal(back.open_groups, s.open_groups);
		assert_int_equal(back.target.type, s.target.type);
		assert_string_equal(back.target.id, s.target.id);
		arena_free(&a);
	}
}

/* Arbitrary tag contents are decoded or rejected, never a crash. */
static void test_spec_damaged(void **state)
{
	static const char *const bad[] = {"",
					  "x",
					  "v=2",
					  "v=1 source",
					  "v=1 source=nonsense",
					  "v=1 new=1",
					  "v=1 source=tag:@4",
					  "v=1 source=tag:@zz",
					  "v=1 source=@00",
					  "v=1 ip=5",
					  "v=1 vni=16777216",
					  "v=1 port=0"};
	struct arena a = {0};
	struct parse_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct spec s = {.name = "keep"};

		assert_false(spec_decode(&a, bad[i], &s, &err));
		assert_string_equal(s.name, "keep");
	}
	for (unsigned int i = 0; i < 3000; i++) {
		struct spec s = random_spec(&a), back = {0};
		char *text = strdup(spec_encode(&a, &s));

		for (unsigned int n = 1 + below(3); n; n--)
			text[below((uint32_t)strlen(text))] =
				(char)(1 + below(127));
		spec_decode(&a, text, &back, &err);
		free(text);
	}
	arena_free(&a);
}

static void test_spec_name(void **state)
{
	char longest[SPEC_NAME_MAX + 2];
	struct parse_error err;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[SPEC_NAME_MAX + 1] = 0;
	assert_false(spec_name_check(longest, &err));
	longest[SPEC_NAME_MAX] = 0;
	assert_true(spec_name_check(longest, &err));
	assert_true(spec_name_check("Shop_1.eu-x", &err));
	assert_false(spec_name_check("", &err));
	assert_false(spec_name_check("a b", &err));
	assert_false(spec_name_check("a/b", &err));
}

static void test_session_numbers(void **state)
{
	const uint32_t some[] = {2, 1, 7, 4};
	uint32_t *all = malloc(SESSION_NUMBER_MAX * sizeof(*all));

	(void)state;
	assert_int_equal(session_free_number(NULL, 0), 1);
	/* A number below 7 would divert the packets of the other sessions to
	 * us. */
	assert_int_equal(session_free_number(some, 4), 8);
	assert_int_equal(session_free_number(some, 1), 3);
	for (uint32_t i = 0; i < SESSION_NUMBER_MAX; i++)
		all[i] = SESSION_NUMBER_MAX - i;
	assert_int_equal(session_free_number(all, SESSION_NUMBER_MAX), 0);
	assert_int_equal(session_free_number(all + 1, SESSION_NUMBER_MAX - 1),
			 SESSION_NUMBER_MAX);
	assert_int_equal(session_free_number(all, 1), 1);
	assert_int_equal(session_free_number(all, SESSION_NUMBER_MAX - 1), 1);
	free(all);
}

static void test_vni(void **state)
{
	uint32_t taken[64], v;
	struct parse_error err;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		taken[i] = vni_choose("shop", taken, i);
		assert_in_range(taken[i], 1, VNI_MAX);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(taken[i], taken[k]);
	}
	assert_int_equal(vni_choose("shop", NULL, 0), taken[0]);
	assert_int_not_equal(vni_choose("shop2", NULL, 0), taken[0]);
	assert_true(vni_parse("16777215", &v, &err));
	assert_int_equal(v, VNI_MAX);
	assert_false(vni_parse("16777216", &v, &err));
	assert_false(vni_parse("0", &v, &err));
}

static void test_packet_length(void **state)
{
	struct parse_error err;

	(void)state;
	assert_true(packet_length_check(TARGET_NLB, 0, &err));
	assert_true(packet_length_check(TARGET_NLB, 8500, &err));
	assert_false(packet_length_check(TARGET_NLB, 8501, &err));
	assert_true(packet_length_check(TARGET_ENI, 8501, &err));
	assert_false(packet_length_check(TARGET_ENI, 34, &err));
	assert_false(packet_length_check(TARGET_ENI, 65536, &err));
}

static void test_instance_types(void **state)
{
	static const struct {
		const char *type;
		enum instance_support support;
	} cases[] = {
		{"m5.large", INSTANCE_SUPPORTED},
		{"m5zn.large", INSTANCE_SUPPORTED},
		{"m55.large", INSTANCE_NOT_LISTED},
		{"t3.micro", INSTANCE_SUPPORTED},
		{"t4g.nano", INSTANCE_SUPPORTED},
		{"t2.micro", INSTANCE_UNSUPPORTED},
		{"c7i-flex.large", INSTANCE_SUPPORTED},
		{"c8g.large", INSTANCE_NOT_LISTED},
		{"m5.metal", INSTANCE_SUPPORTED},
		{"m7i.metal-24xl", INSTANCE_NOT_LISTED},
		{"m7i.large", INSTANCE_SUPPORTED},
		{"mac2-m2.metal", INSTANCE_SUPPORTED},
		{"u-6tb1.metal", INSTANCE_SUPPORTED},
		{"u7i-12tb.224xlarge", INSTANCE_SUPPORTED},
		{"r7iz.large", INSTANCE_SUPPORTED},
		{"r8g.large", INSTANCE_NOT_LISTED},
		{"x2gd.metal", INSTANCE_SUPPORTED},
		{"m4.large", INSTANCE_SUPPORTED},
		{"m3.large", INSTANCE_UNSUPPORTED},
		{"", INSTANCE_NOT_LISTED},
		{".", INSTANCE_NOT_LISTED},
		{"m", INSTANCE_NOT_LISTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *why = NULL;

		assert_int_equal(instance_support(cases[i].type, &why),
				 cases[i].support);
		assert_non_null(why);
	}
	assert_int_equal(instance_support("m5.large", NULL),
			 INSTANCE_SUPPORTED);
}

static void test_cost(void **state)
{
	struct arena a = {0};
	struct cost_input in = {.sessions = 3, .zones = 1};
	struct cost c;

	(void)state;
	cost_estimate(&a, &cost_default_prices, "us-east-1", &in, &c);
	assert_int_equal(c.n, 1);
	assert_true(c.monthly > 32.84 && c.monthly < 32.86);
	assert_null(strstr(c.note, "may differ"));
	in = (struct cost_input){
		.sessions = 1, .new_load_balancers = 1, .zones = 2};
	cost_estimate(&a, &cost_default_prices, "eu-west-1", &in, &c);
	assert_int_equal(c.n, 4);
	assert_true(c.monthly > 27.36 && c.monthly < 27.39);
	assert_non_null(strstr(c.note, "eu-west-1 may differ"));
	in = (struct cost_input){0};
	cost_estimate(&a, &cost_default_prices, "eu-west-1", &in, &c);
	assert_int_equal(c.n, 0);
	arena_free(&a);
}

static cJSON *policy(unsigned int commands, unsigned int features)
{
	struct policy_input in = {.commands = commands,
				  .features = features,
				  .partition = "aws-cn",
				  .account = "123456789012"};
	struct buf b = {0};
	cJSON *json;

	policy_write(&b, &in);
	assert_false(b.failed);
	json = cJSON_ParseWithLength((const char *)b.p, b.len);
	assert_non_null(json);
	buf_free(&b);
	return json;
}

/* Whether any statement allows the action. */
static bool allows(const cJSON *json, const char *action)
{
	const cJSON *s, *x;

	cJSON_ArrayForEach(s, cJSON_GetObjectItem(json, "Statement"))
		cJSON_ArrayForEach(
			x,
			cJSON_GetObjectItem(
				s, "Action")) if (!strcmp(x->valuestring,
							  action)) return true;
	return false;
}

static void test_policy(void **state)
{
	static const struct {
		unsigned int commands, features;
		const char *action;
		bool allowed;
	} cases[] = {
		{POLICY_LIST, 15, "ec2:DescribeTrafficMirrorSessions", true},
		{POLICY_LIST, 15, "ec2:CreateTags", false},
		{POLICY_PLAN, 15, "ec2:CreateTrafficMirrorSession", false},
		{POLICY_PLAN, POLICY_ECS, "ecs:ListTasks", true},
		{POLICY_PLAN, 0, "ecs:ListTasks", false},
		{POLICY_SETUP, 0, "ec2:CreateTrafficMirrorFilterRule", true},
		{POLICY_SETUP, 0, "ec2:CreateTags", true},
		{POLICY_SETUP, 0, "ec2:DeleteTrafficMirrorFilter", true},
		{POLICY_SETUP, 0, "elasticloadbalancing:CreateLoadBalancer",
		 false},
		{POLICY_SETUP, POLICY_NLB,
		 "elasticloadbalancing:CreateLoadBalancer", true},
		{POLICY_SETUP, POLICY_NLB, "iam:CreateServiceLinkedRole", true},
		{POLICY_SETUP, POLICY_GROUPS,
		 "ec2:AuthorizeSecurityGroupIngress", true},
		{POLICY_SETUP, POLICY_GROUPS, "ec2:CreateSecurityGroup", false},
		{POLICY_REMOVE, 15, "ec2:DeleteSecurityGroup", true},
		{POLICY_REMOVE, 15, "ec2:CreateTrafficMirrorSession", false},
		{POLICY_VERIFY, 0, "cloudwatch:GetMetricData", false},
		{POLICY_VERIFY, POLICY_METRICS, "cloudwatch:GetMetricData",
		 true},
		{POLICY_VERIFY, 15, "ec2:DeleteTrafficMirrorSession", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cJSON *json = policy(cases[i].commands, cases[i].features);

		assert_int_equal(allows(json, cases[i].action),
				 cases[i].allowed);
		cJSON_Delete(json);
	}
	assert_int_equal(policy_command_parse("sync"), POLICY_SYNC);
	assert_int_equal(policy_command_parse("nonsense"), 0);
}

/* No action that changes anything applies to all resources, except the creation
 * of the service-linked role; deletions are limited to our own resources. */
/* Sessions may lead to the targets of others; nothing else may happen to
 * those. */
static bool is_use_of_targets(const cJSON *statement)
{
	const cJSON *r = cJSON_GetObjectItem(statement, "Resource"), *x;

	if (strcmp(cJSON_GetObjectItem(statement, "Sid")->valuestring,
		   "UseTargets") != 0)
		return false;
	assert_int_equal(cJSON_GetArraySize(r), 1);
	assert_non_null(strstr(cJSON_GetArrayItem(r, 0)->valuestring,
			       ":traffic-mirror-target/*"));
	cJSON_ArrayForEach(x, cJSON_GetObjectItem(statement, "Action"))
		assert_non_null(strstr(x->valuestring, "TrafficMirrorSession"));
	return true;
}

static void test_policy_is_narrow(void **state)
{
	cJSON *json = policy(POLICY_ALL_COMMANDS, POLICY_ALL_FEATURES);
	const cJSON *s, *x;

	(void)state;
	cJSON_ArrayForEach(s, cJSON_GetObjectItem(json, "Statement"))
	{
		const cJSON *r = cJSON_GetObjectItem(s, "Resource");

		if (is_use_of_targets(s))
			continue;
		cJSON_ArrayForEach(x, cJSON_GetObjectItem(s, "Action"))
		{
			const char *verb = strchr(x->valuestring, ':') + 1;
			bool reads = !strncmp(verb, "Describe", 8) ||
				     !strncmp(verb, "List", 4) ||
				     !strncmp(verb, "Get", 3);

			assert_null(strchr(verb, '*'));
			if (cJSON_IsString(r) && !reads)
				assert_string_equal(
					x->valuestring,
					"iam:CreateServiceLinkedRole");
			if (!strncmp(verb, "Delete", 6) ||
			    !strncmp(verb, "Modify", 6))
				assert_non_null(strstr(
					cJSON_GetObjectItem(
						cJSON_GetObjectItem(
							cJSON_GetObjectItem(
								s, "Condition"),
							"StringLike"),
						"aws:ResourceTag/metlo-mirror:made-by")
						->valuestring,
					"metlo-mirror"));
		}
		if (cJSON_IsArray(r))
			cJSON_ArrayForEach(x, r) assert_non_null(
				strstr(x->valuestring, ":123456789012:"));
	}
	cJSON_Delete(json);
}

static void test_lists(void **state)
{
	struct arena a = {0};
	struct str_list l = {0};

	(void)state;
	assert_string_equal(str_list_text(&a, &l, 3), "");
	for (unsigned int i = 0; i < 1000; i++) {
		str_list_add(&a, &l, arena_printf(&a, "x%u", i));
		str_list_add(&a, &l, "x0");
	}
	assert_int_equal(l.n, 1000);
	assert_string_equal(l.items[999], "x999");
	assert_string_equal(str_list_text(&a, &l, 2), "x0, x1 and 998 more");
	l.n = 2;
	assert_string_equal(str_list_text(&a, &l, 2), "x0 and x1");
	assert_null(arena_alloc(&a, SIZE_MAX - 4));
	assert_true(a.failed);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_spec_round_trip),
		cmocka_unit_test(test_spec_damaged),
		cmocka_unit_test(test_spec_name),
		cmocka_unit_test(test_session_numbers),
		cmocka_unit_test(test_vni),
		cmocka_unit_test(test_packet_length),
		cmocka_unit_test(test_instance_types),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_policy_is_narrow),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
