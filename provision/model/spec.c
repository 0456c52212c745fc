/* SPDX-License-Identifier: MIT */
/* Parsing of what the user types: deployment names, sources, collectors,
 * targets. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "model/spec.h"

static const char *const type_names[] = {
	[SOURCE_INSTANCE] = "instance",
	[SOURCE_INTERFACE] = "network interface",
	[SOURCE_ECS] = "ECS service",
	[SOURCE_ALB] = "application load balancer",
	[SOURCE_CLB] = "classic load balancer",
	[SOURCE_NLB] = "network load balancer",
	[SOURCE_TAG] = "tag",
	[SOURCE_VPC] = "VPC",
	[SOURCE_SUBNET] = "subnet",
};

const char *source_type_text(enum source_type type)
{
	return type_names[type];
}

bool spec_name_check(const char *name, struct parse_error *err)
{
	size_t n = strlen(name);

	if (n && n <= SPEC_NAME_MAX &&
	    strspn(name,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		    n)
		return true;
	return parse_refuse(
		err,
		"\"%.60s\" is not a valid deployment name: use 1 to %d letters, digits, '.', '_' or '-'",
		name, SPEC_NAME_MAX);
}

bool spec_is_id(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(text, prefix, n) && text[n] &&
	       strspn(text + n, "0123456789abcdef") == strlen(text + n);
}

static bool set(struct source *out, enum source_type type, const char *text,
		const char *name, const char *value)
{
	*out = (struct source){type, text, name, value};
	return true;
}

/* The part of an ARN after its n-th colon; "" if there is none. */
static const char *arn_part(const char *arn, unsigned int n)
{
	while (n--) {
		arn = strchr(arn, ':');
		if (!arn)
			return "";
		arn++;
	}
	return arn;
}

/* Splits "NAME/ID" or "CLUSTER/SERVICE". */
static bool two_parts(struct arena *a, const char *text, const char **first,
		      const char **second)
{
	const char *slash = strchr(text, '/');

	if (!slash || slash == text || !slash[1])
		return false;
	*first = arena_dup_n(a, text, (size_t)(slash - text));
	*second = arena_dup(a, slash + 1);
	return true;
}

static bool load_balancer_arn(struct arena *a, const char *arn,
			      struct source *out, struct parse_error *err)
{
	const char *r = arn_part(arn, 5), *name, *id;

	if (!strncmp(r, "loadbalancer/app/", 17) &&
	    two_parts(a, r + 17, &name, &id))
		return set(out, SOURCE_ALB, arena_printf(a, "alb:%s", name),
			   name, "");
	if (!strncmp(r, "loadbalancer/net/", 17) &&
	    two_parts(a, r + 17, &name, &id))
		return set(out, SOURCE_NLB, arena_printf(a, "nlb:%s", name),
			   name, "");
	if (!strncmp(r, "loadbalancer/", 13) && r[13] && !strchr(r + 13, '/')) {
		name = arena_dup(a, r + 13);
		return set(out, SOURCE_CLB, arena_printf(a, "clb:%s", name),
			   name, "");
	}
	return parse_refuse(err, "\"%.120s\" is not the ARN of a load balancer",
			    arn);
}

static bool parse_arn(struct arena *a, const char *arn, struct source *out,
		      struct parse_error *err)
{
	const char *service = arn_part(arn, 2), *r = arn_part(arn, 5);
	const char *cluster, *name;

	if (!strncmp(service, "elasticloadbalancing:", 21))
		return load_balancer_arn(a, arn, out, err);
	if (!strncmp(service, "ecs:", 4) && !strncmp(r, "service/", 8) &&
	    two_parts(a, r + 8, &cluster, &name))
		return set(out, SOURCE_ECS,
			   arena_printf(a, "ecs:%s/%s", cluster, name), cluster,
			   name);
	return parse_refuse(
		err,
		"\"%.120s\" is not the ARN of a load balancer or an ECS service",
		arn);
}

bool source_parse(struct arena *a, const char *text, struct source *out,
		  struct parse_error *err)
{
	static const struct {
		const char *prefix;
		enum source_type type;
	} named[] = {{"alb:", SOURCE_ALB},
		     {"clb:", SOURCE_CLB},
		     {"nlb:", SOURCE_NLB}};
	const char *first, *second, *equals;

	text = arena_dup(a, text);
	if (spec_is_id(text, "i-"))
		return set(out, SOURCE_INSTANCE, text, text, "");
	if (spec_is_id(text, "eni-"))
		return set(out, SOURCE_INTERFACE, text, text, "");
	if (spec_is_id(text, "vpc-"))
		return set(out, SOURCE_VPC, text, text, "");
	if (spec_is_id(text, "subnet-"))
		return set(out, SOURCE_SUBNET, text, text, "");
	if (!strncmp(text, "arn:", 4))
		return parse_arn(a, text, out, err);
	if (!strncmp(text, "ecs:", 4)) {
		if (!two_parts(a, text + 4, &first, &second) ||
		    strchr(second, '/'))
			return parse_refuse(
				err,
				"\"%.60s\": write an ECS service as ecs:CLUSTER/SERVICE",
				text);
		return set(out, SOURCE_ECS, text, first, second);
	}
	if (!strncmp(text, "tag:", 4)) {
		equals = strchr(text, '=');
		if (!equals || equals == text + 4)
			return parse_refuse(
				err, "\"%.60s\": write a tag as tag:KEY=VALUE",
				text);
		return set(
			out, SOURCE_TAG, text,
			arena_dup_n(a, text + 4, (size_t)(equals - text) - 4),
			equals + 1);
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (!strncmp(text, named[i].prefix, 4) && text[4])
			return set(out, named[i].type, text, text + 4, "");
	return parse_refuse(
		err,
		"\"%.60s\" is not a source: use i-..., eni-..., ecs:CLUSTER/SERVICE, alb:NAME, clb:NAME, tag:KEY=VALUE, vpc-... or subnet-...",
		text);
}

bool collector_check(const char *text, struct parse_error *err)
{
	const char *equals = strchr(text, '=');

	return spec_is_id(text, "i-") ||
	       (!strncmp(text, "tag:", 4) && equals && equals != text + 4) ||
	       parse_refuse(
		       err,
		       "\"%.60s\" is not a collector: use i-..., or tag:KEY=VALUE for all instances with that tag",
		       text);
}

bool target_parse(struct arena *a, const char *text, struct target_spec *out,
		  struct parse_error *err)
{
	struct target_spec t = *out;

	t.id = arena_dup(a, text);
	if (spec_is_id(text, "eni-")) {
		t.type = TARGET_ENI;
	} else if (!strcmp(text, TARGET_AUTO)) {
		t.type = TARGET_PLACED;
	} else if (spec_is_id(text, "vpce-")) {
		t.type = TARGET_GWLBE;
	} else if (spec_is_id(text, "tmt-")) {
		t.type = TARGET_MIRROR;
	} else if (!strcmp(text, "nlb:new")) {
		t.type = TARGET_NLB;
		t.id = "";
	} else if (!strncmp(text, "nlb:", 4) && text[4]) {
		t.type = TARGET_NLB;
		t.id += 4;
	} else if (!strncmp(text, "arn:", 4) &&
		   !strncmp(arn_part(text, 5), "loadbalancer/net/", 17)) {
		t.type = TARGET_NLB;
	} else {
		return parse_refuse(
			err,
			"\"%.60s\" is not a target: use nlb:new, nlb:NAME, the ARN of a network load balancer, eni:auto, eni-..., vpce-... or tmt-...",
			text);
	}
	*out = t;
	return true;
}
