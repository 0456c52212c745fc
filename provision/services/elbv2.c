/* SPDX-License-Identifier: MIT */
/* Describes load balancers and what belongs to them. Long lists of names are
 * split over several calls. */
#include <string.h>

#include "client/call.h"
#include "services/elbv2.h"

#define PAGE_SIZE      400
#define NAMES_PER_CALL 20 /* names or ARNs */

SHAPE_TABLE(elbv2_zone, elbv2_zones, ELBV2_ZONE)
SHAPE_TABLE(elbv2_load_balancer, elbv2_load_balancers, ELBV2_LOAD_BALANCER)
SHAPE_TABLE(elbv2_target_group, elbv2_target_groups, ELBV2_TARGET_GROUP)
SHAPE_TABLE(elbv2_target, elbv2_targets, ELBV2_TARGET)
SHAPE_TABLE(elbv2_listener, elbv2_listeners, ELBV2_LISTENER)
SHAPE_TABLE(elbv2_attribute, elbv2_attributes, ELBV2_ATTRIBUTE)
SHAPE_TABLE(elbv2_tag_description, elbv2_tag_descriptions,
	    ELBV2_TAG_DESCRIPTION)

/* A Describe action and its selection; NULL and {NULL, 0} select all. */
struct elbv2_describe {
	const char *action;
	const char *set; /* element of the response that holds the items */
	shape_fn *shape; /* of an item */
	bool paginated;
	const char *parameter; /* name of value */
	const char *value;
	const char *prefix; /* "Names.member", of names */
	struct aws_names names;
};

static void add_parameters(struct aws_query *q, const void *ctx)
{
	const struct elbv2_describe *d = ctx;

	if (d->value)
		query_string(q, d->value, "%s", d->parameter);
	query_names(q, d->names, d->prefix);
}

static int describe(struct aws_client *c, struct elbv2_describe d, void *out,
		    struct aws_error *err)
{
	const struct aws_names names = d.names;
	const struct call_list calls = {
		.service = &call_elbv2,
		.action = d.action,
		.set = d.set,
		.shape = d.shape(),
		/* PageSize and names are mutually exclusive. */
		.page = d.paginated && !names.n ? PAGE_SIZE : 0,
		.page_parameter = "PageSize",
		.token_parameter = "Marker",
		.token_element = d.paginated ? "NextMarker" : NULL,
		.add = add_parameters,
		.ctx = &d};
	size_t n = names.n, done = 0;
	int error;

	*(struct shape_list *)out = (struct shape_list){0};
	do {
		d.names.n =
			n - done < NAMES_PER_CALL ? n - done : NAMES_PER_CALL;
		if (n)
			d.names.items = names.items + done;
		done += d.names.n;
		error = call_list(c, &calls, out, err);
	} while (!error && done < n);
	return error;
}

int elbv2_describe_load_balancers(struct aws_client *c, struct aws_names arns,
				  struct aws_names names,
				  struct elbv2_load_balancers *out,
				  struct aws_error *err)
{
	struct elbv2_describe d = {.action = "DescribeLoadBalancers",
				   .set = "LoadBalancers",
				   .shape = elbv2_load_balancers_shape,
				   .paginated = true,
				   .prefix = arns.n ? "LoadBalancerArns.member"
						    : "Names.member",
				   .names = arns.n ? arns : names};

	return describe(c, d, out, err);
}

int elbv2_describe_target_groups(struct aws_client *c,
				 const struct elbv2_target_group_select *which,
				 struct elbv2_target_groups *out,
				 struct aws_error *err)
{
	struct elbv2_describe d = {.action = "DescribeTargetGroups",
				   .set = "TargetGroups",
				   .shape = elbv2_target_groups_shape,
				   .paginated = true,
				   .parameter = "LoadBalancerArn"};

	if (which) {
		d.value = which->load_balancer_arn;
		d.names = which->arns.n ? which->arns : which->names;
		d.prefix = which->arns.n ? "TargetGroupArns.member"
					 : "Names.member";
	}
	return describe(c, d, out, err);
}

/* Defines a function declared by ELBV2_DESCRIBE; arn_parameter is the request
 * parameter that takes the ARN. */
#define ELBV2_DESCRIBE_DEFINE(function, list, name, element, pages,          \
			      arn_parameter)                                 \
	ELBV2_DESCRIBE(function, list)                                       \
	{                                                                    \
		const struct elbv2_describe d = {.action = name,             \
						 .set = element,             \
						 .shape = list##_shape,      \
						 .paginated = pages,         \
						 .parameter = arn_parameter, \
						 .value = arn};              \
                                                                             \
		return describe(c, d, out, err);                             \
	}

ELBV2_DESCRIBE_DEFINE(elbv2_describe_target_health, elbv2_targets,
		      "DescribeTargetHealth", "TargetHealthDescriptions", false,
		      "TargetGroupArn")
ELBV2_DESCRIBE_DEFINE(elbv2_describe_listeners, elbv2_listeners,
		      "DescribeListeners", "Listeners", true, "LoadBalancerArn")
ELBV2_DESCRIBE_DEFINE(elbv2_load_balancer_attributes, elbv2_attributes,
		      "DescribeLoadBalancerAttributes", "Attributes", false,
		      "LoadBalancerArn")
ELBV2_DESCRIBE_DEFINE(elbv2_target_group_attributes, elbv2_attributes,
		      "DescribeTargetGroupAttributes", "Attributes", false,
		      "TargetGroupArn")

const char *elbv2_attribute(const struct elbv2_attributes *l, const char *key)
{
	FOREACH(a, l)
		if (a->key && !strcmp(a->key, key))
			return a->value;
	return NULL;
}

int elbv2_describe_tags(struct aws_client *c, struct aws_names arns,
			struct elbv2_tag_descriptions *out,
			struct aws_error *err)
{
	struct elbv2_describe d = {.action = "DescribeTags",
				   .set = "TagDescriptions",
				   .shape = elbv2_tag_descriptions_shape,
				   .prefix = "ResourceArns.member",
				   .names = arns};

	*out = (struct elbv2_tag_descriptions){0};
	return arns.n ? describe(c, d, out, err) : 0;
}
