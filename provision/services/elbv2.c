/* SPDX-License-Identifier: MIT */
/* Elastic Load Balancing v2: what is there. */
#include <stdio.h>
#include <string.h>

#include "services/elbv2_shapes.h"

#define PAGE	  400
#define NAMED_MAX 20 /* ARNs or names of one call */

static const struct shape shape_address = {
	sizeof(struct elbv2_address),
	ROWS(ROW(elbv2_address, private_ipv4, STRING, "PrivateIPv4Address"),
	     ROW(elbv2_address, ip, STRING, "IpAddress")),
};

static const struct shape shape_zone = {
	sizeof(struct elbv2_zone),
	ROWS(ROW(elbv2_zone, name, STRING, "ZoneName"),
	     ROW(elbv2_zone, subnet_id, STRING, "SubnetId"),
	     ROW(elbv2_zone, addresses, LIST, "LoadBalancerAddresses",
		 .of = &shape_address)),
};

const struct shape elbv2_shape_load_balancer = {
	sizeof(struct elbv2_load_balancer),
	ROWS(ROW(elbv2_load_balancer, arn, STRING, "LoadBalancerArn"),
	     ROW(elbv2_load_balancer, name, STRING, "LoadBalancerName"),
	     ROW(elbv2_load_balancer, type, STRING, "Type"),
	     ROW(elbv2_load_balancer, scheme, STRING, "Scheme"),
	     ROW(elbv2_load_balancer, vpc_id, STRING, "VpcId"),
	     ROW(elbv2_load_balancer, dns_name, STRING, "DNSName"),
	     ROW(elbv2_load_balancer, state, STRING, "State/Code"),
	     ROW(elbv2_load_balancer, state_reason, STRING, "State/Reason"),
	     ROW(elbv2_load_balancer, ip_address_type, STRING, "IpAddressType"),
	     ROW(elbv2_load_balancer, zones, LIST, "AvailabilityZones",
		 .of = &shape_zone),
	     ROW(elbv2_load_balancer, groups, STRINGS, "SecurityGroups")),
};

const struct shape elbv2_shape_target_group = {
	sizeof(struct elbv2_target_group),
	ROWS(ROW(elbv2_target_group, arn, STRING, "TargetGroupArn"),
	     ROW(elbv2_target_group, name, STRING, "TargetGroupName"),
	     ROW(elbv2_target_group, protocol, STRING, "Protocol"),
	     ROW(elbv2_target_group, port, NUMBER, "Port"),
	     ROW(elbv2_target_group, vpc_id, STRING, "VpcId"),
	     ROW(elbv2_target_group, target_type, STRING, "TargetType"),
	     ROW(elbv2_target_group, health_protocol, STRING,
		 "HealthCheckProtocol"),
	     ROW(elbv2_target_group, health_port, STRING, "HealthCheckPort"),
	     ROW(elbv2_target_group, health_path, STRING, "HealthCheckPath"),
	     ROW(elbv2_target_group, health_enabled, BOOL,
		 "HealthCheckEnabled"),
	     ROW(elbv2_target_group, health_interval, NUMBER,
		 "HealthCheckIntervalSeconds"),
	     ROW(elbv2_target_group, health_timeout, NUMBER,
		 "HealthCheckTimeoutSeconds"),
	     ROW(elbv2_target_group, healthy_threshold, NUMBER,
		 "HealthyThresholdCount"),
	     ROW(elbv2_target_group, unhealthy_threshold, NUMBER,
		 "UnhealthyThresholdCount"),
	     ROW(elbv2_target_group, load_balancer_arns, STRINGS,
		 "LoadBalancerArns")),
};

static const struct shape shape_target = {
	sizeof(struct elbv2_target),
	ROWS(ROW(elbv2_target, id, STRING, "Target/Id"),
	     ROW(elbv2_target, port, NUMBER, "Target/Port"),
	     ROW(elbv2_target, zone, STRING, "Target/AvailabilityZone"),
	     ROW(elbv2_target, health_port, STRING, "HealthCheckPort"),
	     ROW(elbv2_target, state, STRING, "TargetHealth/State"),
	     ROW(elbv2_target, reason, STRING, "TargetHealth/Reason"),
	     ROW(elbv2_target, description, STRING,
		 "TargetHealth/Description")),
};

const struct shape elbv2_shape_listener = {
	sizeof(struct elbv2_listener),
	ROWS(ROW(elbv2_listener, arn, STRING, "ListenerArn"),
	     ROW(elbv2_listener, load_balancer_arn, STRING, "LoadBalancerArn"),
	     ROW(elbv2_listener, port, NUMBER, "Port"),
	     ROW(elbv2_listener, protocol, STRING, "Protocol"),
	     ROW(elbv2_listener, target_group_arns, STRINGS, "DefaultActions",
		 .inner = "TargetGroupArn")),
};

static const struct shape shape_attribute = {
	sizeof(struct elbv2_attribute),
	ROWS(ROW(elbv2_attribute, key, STRING, "Key"),
	     ROW(elbv2_attribute, value, STRING, "Value")),
};

static const struct shape shape_tag_description = {
	sizeof(struct elbv2_tag_description),
	ROWS(ROW(elbv2_tag_description, arn, STRING, "ResourceArn"),
	     ROW(elbv2_tag_description, tags, LIST, "Tags",
		 .of = &shape_query_tag)),
};

/* What a list is asked for; NULL and {NULL, 0} ask for nothing. */
struct ask {
	const char *parameter; /* of value */
	const char *value;
	const char *names_prefix;
	struct aws_names names;
};

static void add(struct query *q, const void *ctx)
{
	const struct ask *a = ctx;

	query_string(q, a->value, "%s", a->parameter);
	query_names(q, a->names, a->names_prefix);
}

struct elbv2_list {
	const char *action;
	const char *set;
	const struct shape *shape;
	bool paged;
};

/* All pages; names in calls of as many as the service takes. */
static int list(struct aws_client *c, const struct elbv2_list *l,
		const struct ask *what, void *out, struct aws_error *err)
{
	struct ask a = *what;
	size_t n = what->names.n, done = 0;
	const struct call_list calls = {
		.service = &call_elbv2,
		.action = l->action,
		.set = l->set,
		.shape = l->shape,
		/* Pages and names exclude each other. */
		.page = l->paged && !n ? PAGE : 0,
		.page_parameter = "PageSize",
		.token_parameter = "Marker",
		.token_element = l->paged ? "NextMarker" : NULL,
		.add = add,
		.ctx = &a};
	int error;

	*(struct shape_list *)out = (struct shape_list){0};
	do {
		a.names.n = n - done < NAMED_MAX ? n - done : NAMED_MAX;
		if (n)
			a.names.items = what->names.items + done;
		done += a.names.n;
		error = call_list(c, &calls, out, err);
	} while (!error && done < n);
	return error;
}

int elbv2_describe_load_balancers(struct aws_client *c, struct aws_names arns,
				  struct aws_names names,
				  struct elbv2_load_balancers *out,
				  struct aws_error *err)
{
	static const struct elbv2_list l = {"DescribeLoadBalancers",
					    "LoadBalancers",
					    &elbv2_shape_load_balancer, true};
	struct ask a = {.parameter = "",
			.names_prefix = arns.n ? "LoadBalancerArns.member"
					       : "Names.member",
			.names = arns.n ? arns : names};

	return list(c, &l, &a, out, err);
}

int elbv2_describe_target_groups(struct aws_client *c,
				 const struct elbv2_target_group_select *which,
				 struct elbv2_target_groups *out,
				 struct aws_error *err)
{
	static const struct elbv2_list l = {"DescribeTargetGroups",
					    "TargetGroups",
					    &elbv2_shape_target_group, true};
	struct ask a = {.parameter = "LoadBalancerArn", .names_prefix = ""};

	if (which) {
		a.value = which->load_balancer_arn;
		a.names = which->arns.n ? which->arns : which->names;
		a.names_prefix = which->arns.n ? "TargetGroupArns.member"
					       : "Names.member";
	}
	return list(c, &l, &a, out, err);
}

int elbv2_describe_target_health(struct aws_client *c, const char *group_arn,
				 struct elbv2_targets *out,
				 struct aws_error *err)
{
	static const struct elbv2_list l = {"DescribeTargetHealth",
					    "TargetHealthDescriptions",
					    &shape_target, false};
	struct ask a = {.parameter = "TargetGroupArn", .value = group_arn};

	return list(c, &l, &a, out, err);
}

int elbv2_describe_listeners(struct aws_client *c,
			     const char *load_balancer_arn,
			     struct elbv2_listeners *out, struct aws_error *err)
{
	static const struct elbv2_list l = {"DescribeListeners", "Listeners",
					    &elbv2_shape_listener, true};
	struct ask a = {.parameter = "LoadBalancerArn",
			.value = load_balancer_arn};

	return list(c, &l, &a, out, err);
}

int elbv2_load_balancer_attributes(struct aws_client *c, const char *arn,
				   struct elbv2_attributes *out,
				   struct aws_error *err)
{
	static const struct elbv2_list l = {"DescribeLoadBalancerAttributes",
					    "Attributes", &shape_attribute,
					    false};
	struct ask a = {.parameter = "LoadBalancerArn", .value = arn};

	return list(c, &l, &a, out, err);
}

int elbv2_target_group_attributes(struct aws_client *c, const char *arn,
				  struct elbv2_attributes *out,
				  struct aws_error *err)
{
	static const struct elbv2_list l = {"DescribeTargetGroupAttributes",
					    "Attributes", &shape_attribute,
					    false};
	struct ask a = {.parameter = "TargetGroupArn", .value = arn};

	return list(c, &l, &a, out, err);
}

const char *elbv2_attribute(const struct elbv2_attributes *l, const char *key)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->items[i].key && !strcmp(l->items[i].key, key))
			return l->items[i].value;
	return NULL;
}

int elbv2_describe_tags(struct aws_client *c, struct aws_names arns,
			struct elbv2_tag_descriptions *out,
			struct aws_error *err)
{
	static const struct elbv2_list l = {"DescribeTags", "TagDescriptions",
					    &shape_tag_description, false};
	struct ask a = {.parameter = "",
			.names_prefix = "ResourceArns.member",
			.names = arns};

	*out = (struct elbv2_tag_descriptions){0};
	return arns.n ? list(c, &l, &a, out, err) : 0;
}

void elbv2_load_balancers_free(struct elbv2_load_balancers *l)
{
	shape_free_list(&elbv2_shape_load_balancer, (struct shape_list *)l);
}

void elbv2_target_groups_free(struct elbv2_target_groups *l)
{
	shape_free_list(&elbv2_shape_target_group, (struct shape_list *)l);
}

void elbv2_targets_free(struct elbv2_targets *l)
{
	shape_free_list(&shape_target, (struct shape_list *)l);
}

void elbv2_listeners_free(struct elbv2_listeners *l)
{
	shape_free_list(&elbv2_shape_listener, (struct shape_list *)l);
}

void elbv2_attributes_free(struct elbv2_attributes *l)
{
	shape_free_list(&shape_attribute, (struct shape_list *)l);
}

void elbv2_tag_descriptions_free(struct elbv2_tag_descriptions *l)
{
	shape_free_list(&shape_tag_description, (struct shape_list *)l);
}
