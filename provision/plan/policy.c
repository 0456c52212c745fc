/* SPDX-License-Identifier: MIT */
/* Two tables: the statements (resources and conditions) and the actions,
 * each with the commands and features that need it. A statement without a
 * needed action is left out. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "plan/policy.h"
#include "model/tags.h"

#define SETUP  POLICY_SETUP
#define PLAN   POLICY_PLAN
#define LIST   POLICY_LIST
#define REMOVE POLICY_REMOVE
#define SYNC   POLICY_SYNC
#define VERIFY POLICY_VERIFY
#define NAMES  POLICY_NAMES
#define ALL    POLICY_ALL_COMMANDS
/* Every command that plans reads the same things, and a failed setup deletes
 * what it created. */
#define PLANNING (SETUP | PLAN | SYNC)
#define READING	 (PLANNING | VERIFY) /* reads the tasks of ECS services */
#define CHANGING (SETUP | SYNC)
#define DELETING (SETUP | SYNC | REMOVE)

/* Statements: actions of one sort on the same resources. */
enum sid {
	READ_MIRRORS,
	READ_NETWORK,
	READ_LOAD_BALANCERS,
	READ_ECS,
	READ_METRICS,
	READ_QUOTAS,
	MAKE_MIRRORS,
	TAG_NEW_MIRRORS,
	CHANGE_MIRRORS,
	USE_TARGETS,
	MAKE_LOAD_BALANCERS,
	TAG_NEW_LOAD_BALANCERS,
	CHANGE_LOAD_BALANCERS,
	MAKE_GROUPS,
	CHANGE_OWN_GROUPS,
	CHANGE_GROUPS,
	LINK_ROLE,
	N_SIDS,
};

/* ANY_ACCOUNT: none, and whatever account the policy is restricted to. */
enum condition { NONE, ANY_ACCOUNT, OWN, EC2_CREATE, ELB_CREATE, LINK };

static const struct {
	const char *sid;
	const char *service;   /* of the resources; NULL: "*" */
	const char *resources; /* resource patterns, separated by spaces */
	enum condition condition;
} statements[] = {
	[READ_MIRRORS] = {"ReadMirrors", NULL, NULL, NONE},
	[READ_NETWORK] = {"ReadNetwork", NULL, NULL, NONE},
	[READ_LOAD_BALANCERS] = {"ReadLoadBalancers", NULL, NULL, NONE},
	[READ_ECS] = {"ReadEcs", NULL, NULL, NONE},
	[READ_METRICS] = {"ReadMetrics", NULL, NULL, NONE},
	[READ_QUOTAS] = {"ReadQuotas", NULL, NULL, NONE},
	/* Creating a session also requires permission on its source, target
	 * and filter; creating a target, on the interface or endpoint it
	 * leads to. */
	[MAKE_MIRRORS] =
		{"MakeMirrors", "ec2",
		 "traffic-mirror-session/* traffic-mirror-target/* traffic-mirror-filter/* traffic-mirror-filter-rule/* network-interface/* vpc-endpoint/*",
		 NONE},
	[TAG_NEW_MIRRORS] =
		{"TagWhatIsMade", "ec2",
		 "traffic-mirror-session/* traffic-mirror-target/* traffic-mirror-filter/* traffic-mirror-filter-rule/* security-group/* security-group-rule/*",
		 EC2_CREATE},
	[CHANGE_MIRRORS] =
		{"ChangeOwnMirrors", "ec2",
		 "traffic-mirror-session/* traffic-mirror-target/* traffic-mirror-filter/* traffic-mirror-filter-rule/*",
		 OWN},
	/* A target may be that of someone else, also of another account. */
	[USE_TARGETS] = {"UseTargets", "ec2", "traffic-mirror-target/*",
			 ANY_ACCOUNT},
	[MAKE_LOAD_BALANCERS] =
		{"MakeLoadBalancers", "elasticloadbalancing",
		 "loadbalancer/net/metlo-* targetgroup/metlo-* listener/net/metlo-*",
		 NONE},
	[TAG_NEW_LOAD_BALANCERS] =
		{"TagLoadBalancersThatAreMade", "elasticloadbalancing",
		 "loadbalancer/net/metlo-* targetgroup/metlo-* listener/net/metlo-*",
		 ELB_CREATE},
	[CHANGE_LOAD_BALANCERS] =
		{"ChangeOwnLoadBalancers", "elasticloadbalancing",
		 "loadbalancer/net/metlo-* targetgroup/metlo-* listener/net/metlo-*",
		 OWN},
	[MAKE_GROUPS] = {"MakeSecurityGroups", "ec2", "security-group/* vpc/*",
			 NONE},
	[CHANGE_OWN_GROUPS] = {"ChangeOwnSecurityGroups", "ec2",
			       "security-group/* security-group-rule/*", OWN},
	[CHANGE_GROUPS] = {"OpenSecurityGroups", "ec2",
			   "security-group/* security-group-rule/*", NONE},
	[LINK_ROLE] = {"FirstLoadBalancerOfTheAccount", NULL, NULL, LINK},
};

static const struct {
	enum sid sid;
	const char *action;
	unsigned int commands;
	unsigned int features; /* needed with any of these; 0: always */
} actions[] = {
	{READ_MIRRORS, "ec2:DescribeTrafficMirrorFilters", ALL, 0},
	{READ_MIRRORS, "ec2:DescribeTrafficMirrorSessions", ALL, 0},
	{READ_MIRRORS, "ec2:DescribeTrafficMirrorTargets", ALL, 0},
	{READ_NETWORK, "ec2:DescribeInstances", ALL, 0},
	{READ_NETWORK, "ec2:DescribeNetworkAcls", VERIFY, 0},
	{READ_NETWORK, "ec2:DescribeNetworkInterfaces", ALL, 0},
	{READ_NETWORK, "ec2:DescribeRegions", SETUP | PLAN, 0},
	{READ_NETWORK, "ec2:DescribeRouteTables", READING, 0},
	{READ_NETWORK, "ec2:DescribeSecurityGroupRules",
	 PLANNING | LIST | REMOVE, 0},
	{READ_NETWORK, "ec2:DescribeSecurityGroups", ALL, 0},
	{READ_NETWORK, "ec2:DescribeSubnets", ALL, 0},
	{READ_NETWORK, "ec2:DescribeVpcEndpoints", ALL, 0},
	{READ_NETWORK, "ec2:DescribeVpcs", ALL, 0},
	{READ_LOAD_BALANCERS, "elasticloadbalancing:DescribeListeners", ALL, 0},
	{READ_LOAD_BALANCERS, "elasticloadbalancing:DescribeLoadBalancers", ALL,
	 0},
	{READ_LOAD_BALANCERS, "elasticloadbalancing:DescribeTags", ALL, 0},
	{READ_LOAD_BALANCERS, "elasticloadbalancing:DescribeTargetGroups", ALL,
	 0},
	{READ_LOAD_BALANCERS, "elasticloadbalancing:DescribeTargetHealth",
	 PLANNING | LIST | VERIFY, 0},
	{READ_LOAD_BALANCERS,
	 "elasticloadbalancing:DescribeLoadBalancerAttributes",
	 READING | REMOVE, 0},
	{READ_LOAD_BALANCERS,
	 "elasticloadbalancing:DescribeTargetGroupAttributes", READING, 0},
	{READ_ECS, "ecs:DescribeClusters", SETUP | PLAN, POLICY_ECS},
	{READ_ECS, "ecs:DescribeContainerInstances", READING | NAMES,
	 POLICY_ECS},
	{READ_ECS, "ecs:DescribeServices", READING | NAMES, POLICY_ECS},
	{READ_ECS, "ecs:DescribeTasks", READING | NAMES, POLICY_ECS},
	{READ_ECS, "ecs:ListClusters", SETUP | PLAN, POLICY_ECS},
	{READ_ECS, "ecs:ListServices", SETUP | PLAN, POLICY_ECS},
	{READ_ECS, "ecs:ListTasks", READING | NAMES, POLICY_ECS},
	{READ_METRICS, "cloudwatch:GetMetricData", VERIFY, POLICY_METRICS},
	{READ_QUOTAS, "servicequotas:ListServiceQuotas", PLANNING, 0},
	{MAKE_MIRRORS, "ec2:CreateTrafficMirrorFilter", CHANGING, 0},
	{MAKE_MIRRORS, "ec2:CreateTrafficMirrorFilterRule", CHANGING, 0},
	{MAKE_MIRRORS, "ec2:CreateTrafficMirrorSession", CHANGING, 0},
	{MAKE_MIRRORS, "ec2:CreateTrafficMirrorTarget", CHANGING, 0},
	{TAG_NEW_MIRRORS, "ec2:CreateTags", CHANGING, 0},
	{CHANGE_MIRRORS, "ec2:CreateTags", CHANGING, 0},
	{CHANGE_MIRRORS, "ec2:DeleteTags", CHANGING, 0},
	{CHANGE_MIRRORS, "ec2:DeleteTrafficMirrorFilter", DELETING, 0},
	{CHANGE_MIRRORS, "ec2:DeleteTrafficMirrorSession", DELETING, 0},
	{CHANGE_MIRRORS, "ec2:DeleteTrafficMirrorTarget", DELETING, 0},
	{CHANGE_MIRRORS, "ec2:ModifyTrafficMirrorFilterNetworkServices",
	 CHANGING, 0},
	{CHANGE_MIRRORS, "ec2:ModifyTrafficMirrorSession", CHANGING, 0},
	{USE_TARGETS, "ec2:CreateTrafficMirrorSession", CHANGING, 0},
	{USE_TARGETS, "ec2:ModifyTrafficMirrorSession", CHANGING, 0},
	{MAKE_LOAD_BALANCERS, "elasticloadbalancing:CreateListener", CHANGING,
	 POLICY_NLB},
	{MAKE_LOAD_BALANCERS, "elasticloadbalancing:CreateLoadBalancer",
	 CHANGING, POLICY_NLB},
	{MAKE_LOAD_BALANCERS, "elasticloadbalancing:CreateTargetGroup",
	 CHANGING, POLICY_NLB},
	{TAG_NEW_LOAD_BALANCERS, "elasticloadbalancing:AddTags", CHANGING,
	 POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:AddTags", CHANGING,
	 POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:DeleteListener", DELETING,
	 POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:DeleteLoadBalancer",
	 DELETING, POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:DeleteTargetGroup",
	 DELETING, POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:DeregisterTargets",
	 CHANGING, POLICY_NLB},
	{CHANGE_LOAD_BALANCERS,
	 "elasticloadbalancing:ModifyLoadBalancerAttributes", CHANGING,
	 POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:ModifyTargetGroup",
	 CHANGING, POLICY_NLB},
	{CHANGE_LOAD_BALANCERS,
	 "elasticloadbalancing:ModifyTargetGroupAttributes", CHANGING,
	 POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:RemoveTags", CHANGING,
	 POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:RegisterTargets",
	 CHANGING, POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:ModifyListener", CHANGING,
	 POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:SetIpAddressType",
	 CHANGING, POLICY_NLB},
	{CHANGE_LOAD_BALANCERS, "elasticloadbalancing:SetSecurityGroups",
	 CHANGING, POLICY_NLB},
	{MAKE_GROUPS, "ec2:CreateSecurityGroup", CHANGING, POLICY_NLB},
	{CHANGE_OWN_GROUPS, "ec2:CreateTags", CHANGING,
	 POLICY_NLB | POLICY_GROUPS},
	{CHANGE_OWN_GROUPS, "ec2:DeleteTags", CHANGING,
	 POLICY_NLB | POLICY_GROUPS},
	{CHANGE_OWN_GROUPS, "ec2:DeleteSecurityGroup", DELETING, POLICY_NLB},
	{CHANGE_GROUPS, "ec2:AuthorizeSecurityGroupIngress", CHANGING,
	 POLICY_NLB | POLICY_GROUPS},
	{CHANGE_GROUPS, "ec2:RevokeSecurityGroupIngress", DELETING,
	 POLICY_NLB | POLICY_GROUPS},
	{CHANGE_GROUPS, "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
	 CHANGING, POLICY_NLB | POLICY_GROUPS},
	{LINK_ROLE, "iam:CreateServiceLinkedRole", SETUP, POLICY_NLB},
};

#define N_ACTIONS (sizeof(actions) / sizeof(*actions))

static bool is_needed(const struct policy_input *in, size_t i)
{
	return actions[i].commands & in->commands &&
	       (!actions[i].features || actions[i].features & in->features);
}

static void add(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct buf *b, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_add_str(b, text);
}

static void add_text(struct buf *b, const char *s)
{
	json_add_string(b, s, strlen(s));
}

static void add_condition(struct buf *b, enum condition c)
{
	switch (c) {
	case NONE:
	case ANY_ACCOUNT:
		break;
	case OWN:
		add(b,
		    ",\n      \"Condition\": {\"StringLike\": {\"aws:ResourceTag/%s\": \"metlo-mirror*\"}}",
		    TAG_MADE_BY);
		break;
	case EC2_CREATE:
		buf_add_str(
			b,
			",\n      \"Condition\": {\"StringLike\": {\"ec2:CreateAction\": [\"CreateTrafficMirror*\", \"CreateSecurityGroup\", \"AuthorizeSecurityGroupIngress\"]}}");
		break;
	case ELB_CREATE:
		buf_add_str(
			b,
			",\n      \"Condition\": {\"StringLike\": {\"elasticloadbalancing:CreateAction\": \"Create*\"}}");
		break;
	case LINK:
		buf_add_str(
			b,
			",\n      \"Condition\": {\"StringEquals\": {\"iam:AWSServiceName\": \"elasticloadbalancing.amazonaws.com\"}}");
		break;
	}
}

static void add_resources(struct buf *b, const struct policy_input *in,
			  enum sid sid)
{
	const char *service = statements[sid].service;
	const char *types = statements[sid].resources;
	const char *account =
		statements[sid].condition == ANY_ACCOUNT ? NULL : in->account;
	bool first = true;

	if (!service) {
		buf_add_str(b, "\"*\"");
		return;
	}
	buf_add_str(b, "[");
	while (*types) {
		size_t n = strcspn(types, " ");
		char arn[256];

		snprintf(arn, sizeof(arn), "arn:%s:%s:%s:%s:%.*s",
			 in->partition ? in->partition : "aws", service,
			 in->region ? in->region : "*", account ? account : "*",
			 (int)n, types);
		add(b, "%s\n        ", first ? "" : ",");
		add_text(b, arn);
		first = false;
		types += n + (types[n] == ' ');
	}
	buf_add_str(b, "\n      ]");
}

static void add_statement(struct buf *b, const struct policy_input *in,
			  enum sid sid, bool *any)
{
	bool first = true;

	for (size_t i = 0; i < N_ACTIONS; i++) {
		if (actions[i].sid != sid || !is_needed(in, i))
			continue;
		if (first)
			add(b,
			    "%s\n    {\n      \"Sid\": \"%s\",\n      \"Effect\": \"Allow\",\n      \"Action\": [",
			    *any ? "," : "", statements[sid].sid);
		add(b, "%s\n        \"%s\"", first ? "" : ",",
		    actions[i].action);
		first = false;
		*any = true;
	}
	if (first)
		return;
	buf_add_str(b, "\n      ],\n      \"Resource\": ");
	add_resources(b, in, sid);
	add_condition(b, statements[sid].condition);
	buf_add_str(b, "\n    }");
}

void policy_write(struct buf *out, const struct policy_input *in)
{
	bool any = false;

	buf_add_str(out,
		    "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [");
	for (enum sid sid = 0; sid < N_SIDS; sid++)
		add_statement(out, in, sid, &any);
	buf_add_str(out, "\n  ]\n}\n");
}

struct flag {
	const char *name;
	unsigned int bit;
};

static unsigned int find(const struct flag *flags, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(flags[i].name, name))
			return flags[i].bit;
	return 0;
}

unsigned int policy_command_parse(const char *name)
{
	static const struct flag names[] = {
		{"setup", SETUP},   {"plan", PLAN}, {"list", LIST},
		{"remove", REMOVE}, {"sync", SYNC}, {"verify", VERIFY},
		{"names", NAMES}};

	return find(names, sizeof(names) / sizeof(*names), name);
}

unsigned int policy_feature_parse(const char *name)
{
	static const struct flag names[] = {{"ecs", POLICY_ECS},
					    {"nlb", POLICY_NLB},
					    {"open-groups", POLICY_GROUPS},
					    {"metrics", POLICY_METRICS}};

	return find(names, sizeof(names) / sizeof(*names), name);
}
