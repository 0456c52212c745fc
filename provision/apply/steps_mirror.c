/* SPDX-License-Identifier: MIT */
/* Steps on mirror targets, filters, rules and sessions. */
#include <string.h>

#include "apply/code.h"
#include "apply/step_call.h"
#include "base/list.h"
#include "services/ec2_mirror.h"
#include "services/ec2_tags.h"

/* --- targets --- */

static int create_target(struct step_call *call)
{
	struct step *s = call->step;
	const struct inventory *inv = call->plan->inventory;
	const char *placeholder = arena_printf(
		&call->plan->mem,
		"arn:%s:elasticloadbalancing:%s:%s:loadbalancer/net/%s/0000000000000000",
		str_empty(inv->partition) ? "aws" : inv->partition,
		inv->region ? inv->region : "",
		str_empty(inv->account) ? "000000000000" : inv->account,
		name_elb(&call->plan->mem, call->plan->spec.name));
	const char *to = call_id(call, s->on, placeholder);
	struct mirror_new_target t = {.description = s->description,
				      .tags = tags_new(&s->tags)};
	struct mirror_targets out = {0};
	int rc;

	if (s->mirror_type == TARGET_ENI)
		t.interface_id = to;
	else if (s->mirror_type == TARGET_NLB)
		t.load_balancer_arn = to;
	else
		t.endpoint_id = to;
	rc = mirror_create_target(call->client, &t, call_token(call),
				  call->dry_run, &out, call->err);
	rc = CALL_CREATED(call, rc, &out, id);
	mirror_targets_free(&out);
	return call_wait_visible(call, rc);
}

static int delete_target(struct step_call *call)
{
	return mirror_delete_target(call->client, call_delete_id(call),
				    call->dry_run, call->err);
}

static int find_target(struct step_call *call)
{
	struct mirror_targets l = {0};
	int rc = mirror_describe_targets(call->client, NULL, &l, call->err);

	FOREACH(t, &l)
		call_match_new(call, &t->tags, t->id);
	mirror_targets_free(&l);
	return rc;
}

static void write_target(struct code *c, int i, const struct step *s)
{
	static const struct {
		const char *tf, *cfn;
	} members[] = {
		[TARGET_ENI] = {"network_interface_id", "NetworkInterfaceId"},
		[TARGET_NLB] = {"network_load_balancer_arn",
				"NetworkLoadBalancerArn"},
		[TARGET_GWLBE] = {"gateway_load_balancer_endpoint_id",
				  "GatewayLoadBalancerEndpointId"},
	};

	/* AWS refuses a target for a load balancer without a UDP listener. */
	c->depends_on = plan_find_step(c->plan, STEP_CREATE_LISTENER);
	code_begin(c, i, 0);
	code_ref(c, members[s->mirror_type].tf, members[s->mirror_type].cfn,
		 s->on);
	code_text(c, "description", "Description", s->description);
	code_tags(c, &s->tags);
	code_end(c);
}

const struct step_ops step_create_target = {
	.name = "create-target",
	.creates = "mirror target",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = create_target,
	.undo = delete_target,
	.find = find_target,
	.exports = EXPORT_ALWAYS,
	.write = write_target,
	.terraform = {.type = "aws_ec2_traffic_mirror_target"},
	.cloudformation = {.type = "EC2::TrafficMirrorTarget",
			   .name = "MirrorTarget"},
};

const struct step_ops step_delete_target = {
	.name = "delete-target",
	.irreversible = true,
	.dry_run = DRY_RUN_ALWAYS,
	.perform = delete_target,
};

/* --- filters and their rules --- */

static int create_filter(struct step_call *call)
{
	struct step *s = call->step;
	struct mirror_filters out = {0};
	int rc = mirror_create_filter(call->client, s->description,
				      tags_new(&s->tags), call_token(call),
				      call->dry_run, &out, call->err);

	rc = CALL_CREATED(call, rc, &out, id);
	mirror_filters_free(&out);
	return call_wait_visible(call, rc);
}

static int delete_filter(struct step_call *call)
{
	return mirror_delete_filter(call->client, call_delete_id(call),
				    call->dry_run, call->err);
}

static int find_filter(struct step_call *call)
{
	struct mirror_filters l = {0};
	int rc = mirror_describe_filters(call->client, NULL, &l, call->err);

	FOREACH(f, &l)
		call_match_new(call, &f->tags, f->id);
	mirror_filters_free(&l);
	return rc;
}

static void write_filter(struct code *c, int i, const struct step *s)
{
	code_begin(c, i, 0);
	code_text(c, "description", "Description", s->description);
	code_tags(c, &s->tags);
	code_end(c);
}

const struct step_ops step_create_filter = {
	.name = "create-filter",
	.creates = "mirror filter",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = create_filter,
	.undo = delete_filter,
	.find = find_filter,
	.exports = EXPORT_ALWAYS,
	.write = write_filter,
	.terraform = {.type = "aws_ec2_traffic_mirror_filter"},
	.cloudformation = {.type = "EC2::TrafficMirrorFilter",
			   .name = "MirrorFilter"},
};

/* Setup sets none: what somebody added goes. */
static int remove_services(struct step_call *call)
{
	return mirror_modify_services(
		call->client, call_on(call), (struct aws_names){0},
		call_names(&call->step->ids), call->dry_run, call->err);
}

static int add_services(struct step_call *call)
{
	return mirror_modify_services(
		call->client, call_on(call), call_names(&call->step->ids),
		(struct aws_names){0}, call->dry_run, call->err);
}

const struct step_ops step_filter_services = {
	.name = "filter-services",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = remove_services,
	.undo = add_services,
};

const struct step_ops step_delete_filter = {
	.name = "delete-filter",
	.irreversible = true,
	.dry_run = DRY_RUN_ALWAYS,
	.perform = delete_filter,
};

static int create_rule(struct step_call *call)
{
	const struct filter_rule *r = &call->step->rule;
	char from[CIDR_TEXT_MAX], to[CIDR_TEXT_MAX];
	struct mirror_new_rule rule = {
		.filter_id = call_id(call, call->step->on, "tmf-" PLACEHOLDER),
		.egress = r->egress,
		.reject = r->reject,
		.number = r->number,
		.protocol = r->protocol,
		.dst_from = r->has_to_ports ? r->to_ports.from : -1,
		.dst_to = r->has_to_ports ? r->to_ports.to : -1,
		.src_from = r->has_from_ports ? r->from_ports.from : -1,
		.src_to = r->has_from_ports ? r->from_ports.to : -1,
		.dst_cidr = cidr_text(&r->to, to),
		.src_cidr = cidr_text(&r->from, from),
		.tags = tags_new(&call->step->tags),
	};
	struct mirror_rules out = {0};
	int rc = mirror_create_rule(call->client, &rule, call_token(call),
				    call->dry_run, &out, call->err);

	rc = CALL_CREATED(call, rc, &out, id);
	mirror_rules_free(&out);
	return rc;
}

static void write_rule(struct code *c, int i, const struct step *s)
{
	const struct filter_rule *r = &s->rule;
	char cidr[CIDR_TEXT_MAX];

	code_begin(c, i, 0);
	code_ref(c, "traffic_mirror_filter_id", "TrafficMirrorFilterId", s->on);
	code_text(c, "traffic_direction", "TrafficDirection",
		  r->egress ? "egress" : "ingress");
	code_number(c, "rule_number", "RuleNumber", r->number);
	code_text(c, "rule_action", "RuleAction",
		  r->reject ? "reject" : "accept");
	if (r->protocol >= 0)
		code_number(c, "protocol", "Protocol",
			    (unsigned int)r->protocol);
	code_text(c, "source_cidr_block", "SourceCidrBlock",
		  cidr_text(&r->from, cidr));
	code_text(c, "destination_cidr_block", "DestinationCidrBlock",
		  cidr_text(&r->to, cidr));
	if (r->has_from_ports)
		code_ports(c, "source_port_range", "SourcePortRange",
			   &r->from_ports);
	if (r->has_to_ports)
		code_ports(c, "destination_port_range", "DestinationPortRange",
			   &r->to_ports);
	/* Terraform's resource has no tags. */
	if (c->language == CLOUDFORMATION)
		code_tags(c, &s->tags);
	code_end(c);
}

/* Neither undone nor searched for: deleting the filter deletes its rules. */
const struct step_ops step_create_rule = {
	.name = "create-rule",
	.creates = "mirror filter rule",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = create_rule,
	.exports = EXPORT_NEW,
	.write = write_rule,
	.terraform = {.type = "aws_ec2_traffic_mirror_filter_rule"},
	.cloudformation = {.type = "EC2::TrafficMirrorFilterRule",
			   .name = "MirrorRule"},
};

/* Sets tags and removes keys. */
static int retag(struct step_call *call, const struct tag_list *tags,
		 const struct str_list *removed)
{
	const char *id = call_on(call);
	struct aws_names one = {&id, 1};
	struct tag_list keys = {0};
	int rc = tags->n ? ec2_create_tags(call->client, one, tags_new(tags),
					   call->dry_run, call->err)
			 : 0;

	if (rc || !removed->n)
		return rc;
	FOREACH(key, removed) {
		struct aws_new_tag *t = ARENA_ADD(&call->plan->mem, &keys);

		if (t)
			t->key = *key;
	}
	return ec2_delete_tags(call->client, one, tags_new(&keys),
			       call->dry_run, call->err);
}

static int tag(struct step_call *call)
{
	return retag(call, &call->step->tags, &call->step->ids);
}

static int undo_tag(struct step_call *call)
{
	struct str_list added = call_new_keys(call);

	return retag(call, &call->step->old_tags, &added);
}

const struct step_ops step_tag = {
	.name = "tag",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = tag,
	.undo = undo_tag,
};

/* --- sessions --- */

static struct mirror_new_session session_of(const struct step_call *call,
					    const struct session_config *s)
{
	return (struct mirror_new_session){
		.target_id = call_id(call, s->target, "tmt-" PLACEHOLDER),
		.filter_id = call_id(call, s->filter, "tmf-" PLACEHOLDER),
		.vni = s->vni,
		.packet_length = s->packet_length,
		.number = s->number,
		.description =
			str_empty(s->description) ? NULL : s->description};
}

static int create_session(struct step_call *call)
{
	const struct steps *l = &call->plan->steps;
	struct step *s = call->step;
	struct mirror_new_session n = session_of(call, &s->session);
	struct mirror_sessions out = {0};
	int rc;

	n.interface_id = s->eni;
	n.number = s->number;
	n.description = s->description;
	n.tags = tags_new(&s->tags);
	rc = mirror_create_session(call->client, &n, call_token(call),
				   call->dry_run, &out, call->err);
	rc = CALL_CREATED(call, rc, &out, id);
	mirror_sessions_free(&out);
	/* Waiting for the last session suffices: once it is visible, the earlier
	 * ones almost certainly are. */
	return s == &l->items[l->n - 1] ? call_wait_visible(call, rc) : rc;
}

static int delete_session(struct step_call *call)
{
	return mirror_delete_session(call->client, call_delete_id(call),
				     call->dry_run, call->err);
}

static int find_session(struct step_call *call)
{
	struct mirror_sessions l = {0};
	int rc = mirror_describe_sessions(call->client, NULL, &l, call->err);

	FOREACH(s, &l)
		if (str_same(s->interface_id, call->step->eni))
			call_match_new(call, &s->tags, s->id);
	mirror_sessions_free(&l);
	return rc;
}

static void write_session(struct code *c, int i, const struct step *s)
{
	code_begin(c, i, 0);
	code_text(c, "network_interface_id", "NetworkInterfaceId", s->eni);
	code_ref(c, "traffic_mirror_target_id", "TrafficMirrorTargetId",
		 s->session.target);
	code_ref(c, "traffic_mirror_filter_id", "TrafficMirrorFilterId",
		 s->session.filter);
	code_number(c, "session_number", "SessionNumber", s->number);
	code_number(c, "virtual_network_id", "VirtualNetworkId",
		    s->session.vni);
	if (s->session.packet_length)
		code_number(c, "packet_length", "PacketLength",
			    s->session.packet_length);
	code_text(c, "description", "Description", s->description);
	code_tags(c, &s->tags);
	code_end(c);
}

const struct step_ops step_create_session = {
	.name = "create-session",
	.creates = "mirror session",
	.dry_run = DRY_RUN_ALWAYS,
	.perform = create_session,
	.undo = delete_session,
	.find = find_session,
	.exports = EXPORT_ALWAYS,
	.write = write_session,
	.terraform = {.type = "aws_ec2_traffic_mirror_session"},
	.cloudformation = {.type = "EC2::TrafficMirrorSession",
			   .name = "MirrorSession"},
};

static int configure(struct step_call *call, const struct session_config *to,
		     struct aws_names removed)
{
	struct mirror_new_session n = session_of(call, to);

	return mirror_modify_session(call->client, call_on(call), &n, removed,
				     call->dry_run, call->err);
}

/* A call without a packet length or description keeps the current one; unsetting
 * it takes an explicit removal. */
static int reconfigure(struct step_call *call,
		       const struct session_config *from,
		       const struct session_config *to)
{
	const char *unset[2];
	size_t n = 0;

	if (from->packet_length && !to->packet_length)
		unset[n++] = "packet-length";
	if (!str_empty(from->description) && to->description &&
	    !*to->description)
		unset[n++] = "description";
	return configure(call, to, (struct aws_names){unset, n});
}

static int modify_session(struct step_call *call)
{
	const struct step *s = call->step;

	return reconfigure(call, &s->old_session, &s->session);
}

static int undo_modify_session(struct step_call *call)
{
	const struct step *s = call->step;

	return reconfigure(call, &s->session, &s->old_session);
}

const struct step_ops step_modify_session = {
	.name = "modify-session",
	.dry_run = DRY_RUN_EXISTING,
	.perform = modify_session,
	.undo = undo_modify_session,
};

const struct step_ops step_delete_session = {
	.name = "delete-session",
	.irreversible = true,
	.dry_run = DRY_RUN_ALWAYS,
	.perform = delete_session,
};
