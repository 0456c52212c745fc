/* SPDX-License-Identifier: MIT */
/* Creates, modifies and deletes Traffic Mirroring resources. Client tokens make
 * creates idempotent; deletes whose response was lost are recognized. */
#include <errno.h>
#include <string.h>

#include "client/call.h"
#include "services/ec2_mirror.h"

#define MAX_VNI 0xffffff

SHAPE_TABLE(mirror_target, mirror_targets, MIRROR_TARGET)
SHAPE_TABLE(mirror_rule, mirror_rules, MIRROR_RULE)
SHAPE_TABLE(mirror_filter, mirror_filters, MIRROR_FILTER)
SHAPE_TABLE(mirror_session, mirror_sessions, MIRROR_SESSION)

EC2_DESCRIBE_DEFINE(mirror_describe_targets, mirror_targets,
		    "DescribeTrafficMirrorTargets", "trafficMirrorTargetSet",
		    "TrafficMirrorTargetId", 1000)
EC2_DESCRIBE_DEFINE(mirror_describe_filters, mirror_filters,
		    "DescribeTrafficMirrorFilters", "trafficMirrorFilterSet",
		    "TrafficMirrorFilterId", 1000)
EC2_DESCRIBE_DEFINE(mirror_describe_sessions, mirror_sessions,
		    "DescribeTrafficMirrorSessions", "trafficMirrorSessionSet",
		    "TrafficMirrorSessionId", 1000)

/* A create action. */
struct mirror_create {
	const char *action;
	const char *resource; /* type in tag specifications */
	const char *element;  /* of the response that describes the result */
	shape_fn *shape;
};

static int create(struct aws_client *c, const struct mirror_create *what,
		  struct aws_query *q, struct aws_new_tags tags,
		  const char *token, bool dry_run, void *out,
		  struct aws_error *err)
{
	struct shape_list *list = out;
	struct call_response response;
	char generated[AWS_TOKEN_LEN];
	const struct xml_node *created;
	int error = 0;

	if (list)
		*list = (struct shape_list){0};
	if (!token)
		error = aws_client_token(generated, err);
	if (error) {
		query_free(q);
		return error;
	}
	query_tag_specification(q, what->resource, tags);
	query_string(q, token ? token : generated, "ClientToken");
	error = call_change(c, what->action, q, dry_run, &response, err);
	if (error || dry_run)
		return error;
	created = xml_child(response.root, what->element);
	if (!created) {
		error = -EPROTO;
	} else if (list) {
		/* Wrap the element: shape_append_xml() reads the children of a
		 * list. */
		struct xml_node item = *created, set = {.child = &item};

		item.next = NULL;
		error = shape_append_xml(what->shape(), &set, list);
	}
	call_response_free(&response);
	return error ? call_bad_response(err, "ec2", what->action, error) : 0;
}

static int delete (struct aws_client *c, const char *action, const char *name,
		   const char *id, bool dry_run, struct aws_error *err)
{
	struct aws_error why = {0};
	struct aws_query q;
	int error;

	call_begin(&q, &call_ec2, action);
	query_string(&q, id, "%s", name);
	error = call_change(c, action, &q, dry_run, NULL, &why);
	/* An earlier attempt, whose response was lost, has deleted it. */
	if (error == -ENOENT && why.unknown_outcome)
		return 0;
	return aws_error_copy(err, &why, error);
}

int mirror_create_target(struct aws_client *c,
			 const struct mirror_new_target *t, const char *token,
			 bool dry_run, struct mirror_targets *out,
			 struct aws_error *err)
{
	static const struct mirror_create what = {
		"CreateTrafficMirrorTarget", "traffic-mirror-target",
		"trafficMirrorTarget", mirror_targets_shape};
	struct aws_query q;

	if (!!t->interface_id + !!t->load_balancer_arn + !!t->endpoint_id != 1)
		return aws_error_bad_parameter(
			err,
			"a mirror target is either an interface, a load balancer or an endpoint");
	call_begin(&q, &call_ec2, what.action);
	query_string(&q, t->interface_id, "NetworkInterfaceId");
	query_string(&q, t->load_balancer_arn, "NetworkLoadBalancerArn");
	query_string(&q, t->endpoint_id, "GatewayLoadBalancerEndpointId");
	query_string(&q, t->description, "Description");
	return create(c, &what, &q, t->tags, token, dry_run, out, err);
}

int mirror_delete_target(struct aws_client *c, const char *id, bool dry_run,
			 struct aws_error *err)
{
	return delete (c, "DeleteTrafficMirrorTarget", "TrafficMirrorTargetId",
		       id, dry_run, err);
}

int mirror_create_filter(struct aws_client *c, const char *description,
			 struct aws_new_tags tags, const char *token,
			 bool dry_run, struct mirror_filters *out,
			 struct aws_error *err)
{
	static const struct mirror_create what = {
		"CreateTrafficMirrorFilter", "traffic-mirror-filter",
		"trafficMirrorFilter", mirror_filters_shape};
	struct aws_query q;

	call_begin(&q, &call_ec2, what.action);
	query_string(&q, description, "Description");
	return create(c, &what, &q, tags, token, dry_run, out, err);
}

int mirror_delete_filter(struct aws_client *c, const char *id, bool dry_run,
			 struct aws_error *err)
{
	return delete (c, "DeleteTrafficMirrorFilter", "TrafficMirrorFilterId",
		       id, dry_run, err);
}

int mirror_modify_services(struct aws_client *c, const char *filter_id,
			   struct aws_names add, struct aws_names remove,
			   bool dry_run, struct aws_error *err)
{
	static const char action[] = "ModifyTrafficMirrorFilterNetworkServices";
	struct aws_query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, filter_id, "TrafficMirrorFilterId");
	query_names(&q, add, "AddNetworkService");
	query_names(&q, remove, "RemoveNetworkService");
	return call_change(c, action, &q, dry_run, NULL, err);
}

static void add_ports(struct aws_query *q, const char *name, int from, int to)
{
	if (from < 0)
		return;
	query_number(q, from, "%s.FromPort", name);
	query_number(q, to, "%s.ToPort", name);
}

int mirror_create_rule(struct aws_client *c, const struct mirror_new_rule *r,
		       const char *token, bool dry_run,
		       struct mirror_rules *out, struct aws_error *err)
{
	static const struct mirror_create what = {
		"CreateTrafficMirrorFilterRule", "traffic-mirror-filter-rule",
		"trafficMirrorFilterRule", mirror_rules_shape};
	struct aws_query q;

	call_begin(&q, &call_ec2, what.action);
	query_string(&q, r->filter_id, "TrafficMirrorFilterId");
	query_string(&q, r->egress ? "egress" : "ingress", "TrafficDirection");
	query_number(&q, r->number, "RuleNumber");
	query_string(&q, r->reject ? "reject" : "accept", "RuleAction");
	add_ports(&q, "DestinationPortRange", r->dst_from, r->dst_to);
	add_ports(&q, "SourcePortRange", r->src_from, r->src_to);
	if (r->protocol >= 0)
		query_number(&q, r->protocol, "Protocol");
	query_string(&q, r->dst_cidr, "DestinationCidrBlock");
	query_string(&q, r->src_cidr, "SourceCidrBlock");
	query_string(&q, r->description, "Description");
	return create(c, &what, &q, r->tags, token, dry_run, out, err);
}

static void add_session(struct aws_query *q, const struct mirror_new_session *s)
{
	query_string(q, s->target_id, "TrafficMirrorTargetId");
	query_string(q, s->filter_id, "TrafficMirrorFilterId");
	if (s->packet_length)
		query_number(q, s->packet_length, "PacketLength");
	if (s->number)
		query_number(q, s->number, "SessionNumber");
	if (s->vni >= 0)
		query_number(q, s->vni, "VirtualNetworkId");
	query_string(q, s->description, "Description");
}

int mirror_create_session(struct aws_client *c,
			  const struct mirror_new_session *s, const char *token,
			  bool dry_run, struct mirror_sessions *out,
			  struct aws_error *err)
{
	static const struct mirror_create what = {
		"CreateTrafficMirrorSession", "traffic-mirror-session",
		"trafficMirrorSession", mirror_sessions_shape};
	struct aws_query q;

	if (s->vni > MAX_VNI)
		return aws_error_bad_parameter(
			err, "the VNI exceeds the maximum of %d", MAX_VNI);
	call_begin(&q, &call_ec2, what.action);
	query_string(&q, s->interface_id, "NetworkInterfaceId");
	add_session(&q, s);
	return create(c, &what, &q, s->tags, token, dry_run, out, err);
}

int mirror_modify_session(struct aws_client *c, const char *id,
			  const struct mirror_new_session *s,
			  struct aws_names remove, bool dry_run,
			  struct aws_error *err)
{
	static const char action[] = "ModifyTrafficMirrorSession";
	struct aws_query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, id, "TrafficMirrorSessionId");
	add_session(&q, s);
	query_names(&q, remove, "RemoveField");
	return call_change(c, action, &q, dry_run, NULL, err);
}

int mirror_delete_session(struct aws_client *c, const char *id, bool dry_run,
			  struct aws_error *err)
{
	return delete (c, "DeleteTrafficMirrorSession",
		       "TrafficMirrorSessionId", id, dry_run, err);
}
