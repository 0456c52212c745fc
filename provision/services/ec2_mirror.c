/* SPDX-License-Identifier: MIT */
/* EC2: traffic mirror targets, filters, rules and sessions. */
#include <errno.h>
#include <string.h>

#include "services/ec2_mirror.h"
#include "services/ec2_shapes.h"

#define MAX_VNI 0xffffff

static const struct shape shape_target = {
	sizeof(struct mirror_target),
	ROWS(ROW(mirror_target, id, STRING, "trafficMirrorTargetId"),
	     ROW(mirror_target, type, STRING, "type"),
	     ROW(mirror_target, interface_id, STRING, "networkInterfaceId"),
	     ROW(mirror_target, load_balancer_arn, STRING,
		 "networkLoadBalancerArn"),
	     ROW(mirror_target, endpoint_id, STRING,
		 "gatewayLoadBalancerEndpointId"),
	     ROW(mirror_target, description, STRING, "description"),
	     ROW(mirror_target, owner_id, STRING, "ownerId"),
	     ROW(mirror_target, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_rule = {
	sizeof(struct mirror_rule),
	ROWS(ROW(mirror_rule, id, STRING, "trafficMirrorFilterRuleId"),
	     ROW(mirror_rule, filter_id, STRING, "trafficMirrorFilterId"),
	     ROW(mirror_rule, direction, STRING, "trafficDirection"),
	     ROW(mirror_rule, number, NUMBER, "ruleNumber"),
	     ROW(mirror_rule, action, STRING, "ruleAction"),
	     ROW(mirror_rule, protocol, NUMBER, "protocol", .missing = -1),
	     ROW(mirror_rule, dst_cidr, STRING, "destinationCidrBlock"),
	     ROW(mirror_rule, src_cidr, STRING, "sourceCidrBlock"),
	     ROW(mirror_rule, dst_from, NUMBER, "destinationPortRange/fromPort",
		 .missing = -1),
	     ROW(mirror_rule, dst_to, NUMBER, "destinationPortRange/toPort",
		 .missing = -1),
	     ROW(mirror_rule, src_from, NUMBER, "sourcePortRange/fromPort",
		 .missing = -1),
	     ROW(mirror_rule, src_to, NUMBER, "sourcePortRange/toPort",
		 .missing = -1),
	     ROW(mirror_rule, description, STRING, "description"),
	     ROW(mirror_rule, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_filter = {
	sizeof(struct mirror_filter),
	ROWS(ROW(mirror_filter, id, STRING, "trafficMirrorFilterId"),
	     ROW(mirror_filter, description, STRING, "description"),
	     ROW(mirror_filter, ingress, LIST, "ingressFilterRuleSet",
		 .of = &shape_rule),
	     ROW(mirror_filter, egress, LIST, "egressFilterRuleSet",
		 .of = &shape_rule),
	     ROW(mirror_filter, services, STRINGS, "networkServiceSet"),
	     ROW(mirror_filter, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_session = {
	sizeof(struct mirror_session),
	ROWS(ROW(mirror_session, id, STRING, "trafficMirrorSessionId"),
	     ROW(mirror_session, target_id, STRING, "trafficMirrorTargetId"),
	     ROW(mirror_session, filter_id, STRING, "trafficMirrorFilterId"),
	     ROW(mirror_session, interface_id, STRING, "networkInterfaceId"),
	     ROW(mirror_session, owner_id, STRING, "ownerId"),
	     ROW(mirror_session, packet_length, NUMBER, "packetLength"),
	     ROW(mirror_session, number, NUMBER, "sessionNumber"),
	     ROW(mirror_session, vni, NUMBER, "virtualNetworkId"),
	     ROW(mirror_session, description, STRING, "description"),
	     ROW(mirror_session, tags, LIST, "tagSet", .of = &shape_tag)),
};

/* --- what is there --- */

int mirror_describe_targets(struct aws_client *c,
			    const struct ec2_select *which,
			    struct mirror_targets *out, struct aws_error *err)
{
	static const struct ec2_list l = {
		"DescribeTrafficMirrorTargets", "trafficMirrorTargetSet",
		"TrafficMirrorTargetId", &shape_target, 1000};

	return ec2_list(c, &l, which, out, err);
}

int mirror_describe_filters(struct aws_client *c,
			    const struct ec2_select *which,
			    struct mirror_filters *out, struct aws_error *err)
{
	static const struct ec2_list l = {
		"DescribeTrafficMirrorFilters", "trafficMirrorFilterSet",
		"TrafficMirrorFilterId", &shape_filter, 1000};

	return ec2_list(c, &l, which, out, err);
}

static void add_filter_id(struct query *q, const void *ctx)
{
	query_string(q, ctx, "TrafficMirrorFilterId");
}

int mirror_describe_rules(struct aws_client *c, const char *filter_id,
			  struct mirror_rules *out, struct aws_error *err)
{
	const struct call_list l = {.service = &call_ec2,
				    .action =
					    "DescribeTrafficMirrorFilterRules",
				    .set = "trafficMirrorFilterRuleSet",
				    .shape = &shape_rule,
				    .page = 1000,
				    .page_parameter = "MaxResults",
				    .token_parameter = "NextToken",
				    .token_element = "nextToken",
				    .add = add_filter_id,
				    .ctx = filter_id};

	*out = (struct mirror_rules){0};
	return call_list(c, &l, (struct shape_list *)out, err);
}

int mirror_describe_sessions(struct aws_client *c,
			     const struct ec2_select *which,
			     struct mirror_sessions *out, struct aws_error *err)
{
	static const struct ec2_list l = {
		"DescribeTrafficMirrorSessions", "trafficMirrorSessionSet",
		"TrafficMirrorSessionId", &shape_session, 1000};

	return ec2_list(c, &l, which, out, err);
}

void mirror_targets_free(struct mirror_targets *l)
{
	shape_free_list(&shape_target, (struct shape_list *)l);
}

void mirror_filters_free(struct mirror_filters *l)
{
	shape_free_list(&shape_filter, (struct shape_list *)l);
}

void mirror_rules_free(struct mirror_rules *l)
{
	shape_free_list(&shape_rule, (struct shape_list *)l);
}

void mirror_sessions_free(struct mirror_sessions *l)
{
	shape_free_list(&shape_session, (struct shape_list *)l);
}

/* --- changes --- */

/* A create call: what it makes and where its answer describes that. */
struct create {
	const char *action;
	const char *resource; /* for tags: "traffic-mirror-target" */
	const char *element;
	const struct shape *shape;
};

static void add_tags(struct query *q, const char *resource,
		     struct aws_new_tags tags)
{
	if (!tags.n)
		return;
	query_string(q, resource, "TagSpecification.1.ResourceType");
	query_tags(q, tags, "TagSpecification.1.Tag");
}

/* Makes the call and takes the new one, if somebody wants it. */
static int create(struct aws_client *c, const struct create *what,
		  struct query *q, struct aws_new_tags tags, const char *token,
		  bool dry_run, struct shape_list *out, struct aws_error *err)
{
	char own[AWS_TOKEN_LEN];
	struct call_response response;
	const struct xml_node *made;
	int error = 0;

	if (out)
		*out = (struct shape_list){0};
	if (!token)
		error = aws_client_token(own, err);
	if (error) {
		query_free(q);
		return error;
	}
	add_tags(q, what->resource, tags);
	query_string(q, token ? token : own, "ClientToken");
	error = call_change(c, what->action, q, dry_run, &response, err);
	if (error || dry_run)
		return error;
	made = xml_child(response.root, what->element);
	if (!made) {
		error = -EPROTO;
	} else if (out) {
		/* The list that shape_append_xml() reads, with one item. */
		struct xml_node item = *made, list = {.child = &item};

		item.next = NULL;
		error = shape_append_xml(what->shape, &list, out);
	}
	call_response_free(&response);
	return error ? call_bad_response(err, "ec2", what->action, error) : 0;
}

/* A call with one id that changes or deletes. A delete whose answer was lost
 * finds nothing when it is made again. */
static int change(struct aws_client *c, const char *action, struct query *q,
		  bool dry_run, struct aws_error *err)
{
	struct aws_error why = {0};
	int error = call_change(c, action, q, dry_run, NULL, &why);

	if (error == -ENOENT && why.unknown_outcome &&
	    !strncmp(action, "Delete", strlen("Delete")))
		return 0;
	if (error && err)
		*err = why;
	return error;
}

static int remove_one(struct aws_client *c, const char *action,
		      const char *name, const char *id, bool dry_run,
		      struct aws_error *err)
{
	struct query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, id, "%s", name);
	return change(c, action, &q, dry_run, err);
}

int mirror_create_target(struct aws_client *c,
			 const struct mirror_new_target *t, const char *token,
			 bool dry_run, struct mirror_targets *out,
			 struct aws_error *err)
{
	static const struct create what = {
		"CreateTrafficMirrorTarget", "traffic-mirror-target",
		"trafficMirrorTarget", &shape_target};
	struct query q;

	if (!!t->interface_id + !!t->load_balancer_arn + !!t->endpoint_id != 1)
		return aws_error_bad_parameter(
			err,
			"a mirror target is an interface, a load balancer or an endpoint");
	call_begin(&q, &call_ec2, what.action);
	query_string(&q, t->interface_id, "NetworkInterfaceId");
	query_string(&q, t->load_balancer_arn, "NetworkLoadBalancerArn");
	query_string(&q, t->endpoint_id, "GatewayLoadBalancerEndpointId");
	query_string(&q, t->description, "Description");
	return create(c, &what, &q, t->tags, token, dry_run,
		      (struct shape_list *)out, err);
}

int mirror_delete_target(struct aws_client *c, const char *id, bool dry_run,
			 struct aws_error *err)
{
	return remove_one(c, "DeleteTrafficMirrorTarget",
			  "TrafficMirrorTargetId", id, dry_run, err);
}

int mirror_create_filter(struct aws_client *c, const char *description,
			 struct aws_new_tags tags, const char *token,
			 bool dry_run, struct mirror_filters *out,
			 struct aws_error *err)
{
	static const struct create what = {
		"CreateTrafficMirrorFilter", "traffic-mirror-filter",
		"trafficMirrorFilter", &shape_filter};
	struct query q;

	call_begin(&q, &call_ec2, what.action);
	query_string(&q, description, "Description");
	return create(c, &what, &q, tags, token, dry_run,
		      (struct shape_list *)out, err);
}

int mirror_delete_filter(struct aws_client *c, const char *id, bool dry_run,
			 struct aws_error *err)
{
	return remove_one(c, "DeleteTrafficMirrorFilter",
			  "TrafficMirrorFilterId", id, dry_run, err);
}

int mirror_modify_filter_services(struct aws_client *c, const char *filter_id,
				  struct aws_names add, struct aws_names remove,
				  bool dry_run, struct aws_error *err)
{
	static const char action[] = "ModifyTrafficMirrorFilterNetworkServices";
	struct query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, filter_id, "TrafficMirrorFilterId");
	query_names(&q, add, "AddNetworkService");
	query_names(&q, remove, "RemoveNetworkService");
	return change(c, action, &q, dry_run, err);
}

/* A port range, or its absence. */
static void add_ports(struct query *q, const char *name, int from, int to)
{
	if (from < 0)
		return;
	query_number(q, from, "%s.FromPort", name);
	query_number(q, to, "%s.ToPort", name);
}

static void add_rule(struct query *q, const struct mirror_new_rule *r)
{
	query_string(q, r->egress ? "egress" : "ingress", "TrafficDirection");
	query_number(q, r->number, "RuleNumber");
	query_string(q, r->reject ? "reject" : "accept", "RuleAction");
	add_ports(q, "DestinationPortRange", r->dst_from, r->dst_to);
	add_ports(q, "SourcePortRange", r->src_from, r->src_to);
	if (r->protocol >= 0)
		query_number(q, r->protocol, "Protocol");
	query_string(q, r->dst_cidr, "DestinationCidrBlock");
	query_string(q, r->src_cidr, "SourceCidrBlock");
	query_string(q, r->description, "Description");
}

int mirror_create_rule(struct aws_client *c, const struct mirror_new_rule *r,
		       const char *token, bool dry_run,
		       struct mirror_rules *out, struct aws_error *err)
{
	static const struct create what = {
		"CreateTrafficMirrorFilterRule", "traffic-mirror-filter-rule",
		"trafficMirrorFilterRule", &shape_rule};
	struct query q;

	call_begin(&q, &call_ec2, what.action);
	query_string(&q, r->filter_id, "TrafficMirrorFilterId");
	add_rule(&q, r);
	return create(c, &what, &q, r->tags, token, dry_run,
		      (struct shape_list *)out, err);
}

int mirror_modify_rule(struct aws_client *c, const char *id,
		       const struct mirror_new_rule *r, bool dry_run,
		       struct aws_error *err)
{
	static const char action[] = "ModifyTrafficMirrorFilterRule";
	const char *gone[4];
	struct aws_names remove = {gone, 0};
	struct query q;

	if (r->dst_from < 0)
		gone[remove.n++] = "destination-port-range";
	if (r->src_from < 0)
		gone[remove.n++] = "source-port-range";
	if (r->protocol < 0)
		gone[remove.n++] = "protocol";
	if (!r->description)
		gone[remove.n++] = "description";
	call_begin(&q, &call_ec2, action);
	query_string(&q, id, "TrafficMirrorFilterRuleId");
	add_rule(&q, r);
	query_names(&q, remove, "RemoveField");
	return change(c, action, &q, dry_run, err);
}

int mirror_delete_rule(struct aws_client *c, const char *id, bool dry_run,
		       struct aws_error *err)
{
	return remove_one(c, "DeleteTrafficMirrorFilterRule",
			  "TrafficMirrorFilterRuleId", id, dry_run, err);
}

static void add_session(struct query *q, const struct mirror_new_session *s)
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
	static const struct create what = {
		"CreateTrafficMirrorSession", "traffic-mirror-session",
		"trafficMirrorSession", &shape_session};
	struct query q;

	if (s->vni > MAX_VNI)
		return aws_error_bad_parameter(err, "a VNI is at most %d",
					       MAX_VNI);
	call_begin(&q, &call_ec2, what.action);
	query_string(&q, s->interface_id, "NetworkInterfaceId");
	add_session(&q, s);
	return create(c, &what, &q, s->tags, token, dry_run,
		      (struct shape_list *)out, err);
}

int mirror_modify_session(struct aws_client *c, const char *id,
			  const struct mirror_new_session *s,
			  struct aws_names remove, bool dry_run,
			  struct aws_error *err)
{
	static const char action[] = "ModifyTrafficMirrorSession";
	struct query q;

	call_begin(&q, &call_ec2, action);
	query_string(&q, id, "TrafficMirrorSessionId");
	add_session(&q, s);
	query_names(&q, remove, "RemoveField");
	return change(c, action, &q, dry_run, err);
}

int mirror_delete_session(struct aws_client *c, const char *id, bool dry_run,
			  struct aws_error *err)
{
	return remove_one(c, "DeleteTrafficMirrorSession",
			  "TrafficMirrorSessionId", id, dry_run, err);
}
