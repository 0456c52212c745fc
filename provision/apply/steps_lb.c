/* SPDX-License-Identifier: MIT */
/* Steps on the network load balancer, its listener, its target group with the
 * health check, and the registered collectors. */
#include <string.h>

#include "apply/code.h"
#include "apply/step_call.h"
#include "base/list.h"
#include "model/deployment.h"
#include "model/limits.h"
#include "services/elbv2.h"
#include "services/elbv2_change.h"

/* Completes a create call: waits until the resource is visible. listener_of: for
 * a listener, the load balancer that lists it. */
static int wait_visible(struct step_call *call, int rc, const char *listener_of)
{
	return rc ? rc
		  : elbv2_wait_visible(call->client, call->created, listener_of,
				       WAIT_VISIBLE, call->err);
}

/* ELBv2 delete calls succeed for resources that do not exist, but a new one may
 * merely not be visible yet: wait for it before deleting it. */
static void wait_lost(struct step_call *call, const char *listener_of)
{
	struct aws_error unused = {0};

	elbv2_wait_visible(call->client, call->step->created, listener_of,
			   WAIT_LOST, &unused);
}

/* Names of load balancers and target groups are unique, and the step exists only
 * because the name was free: a resource with that name and our tags is new. */
static int match_tags(struct step_call *call, const char *arn)
{
	struct elbv2_tag_descriptions tags = {0};
	int rc;

	if (!arn)
		return 0;
	rc = elbv2_describe_tags(call->client, (struct aws_names){&arn, 1},
				 &tags, call->err);
	if (!rc && tags.n)
		call_match_new(call, &tags.items[0].tags, arn);
	elbv2_tag_descriptions_free(&tags);
	return rc;
}

/* --- load balancer --- */

static int create_lb(struct step_call *call)
{
	struct step *s = call->step;
	const char *group = plan_id(call->plan, s->other);
	struct elbv2_new_load_balancer lb = {.name = s->name,
					     .subnets = call_names(&s->ids),
					     .groups = {&group, group != NULL},
					     .ip_address_type = LB_ADDRESS_TYPE,
					     .tags = tags_new(&s->tags)};
	struct elbv2_load_balancers out = {0};
	int rc = elbv2_create_load_balancer(call->client, &lb, &out, call->err);

	rc = CALL_CREATED(call, rc, &out, arn);
	elbv2_load_balancers_free(&out);
	return wait_visible(call, rc, NULL);
}

static int delete_lb(struct step_call *call)
{
	return elbv2_delete_load_balancer(call->client, call_delete_id(call),
					  call->err);
}

static int wait_lb_deleted(struct step_call *call)
{
	return elbv2_wait_deleted(call->client, call_delete_id(call), WAIT_LB,
				  call->err);
}

/* Its target group and security group stay in use until it is deleted. */
static int undo_lb(struct step_call *call)
{
	int rc;

	wait_lost(call, NULL);
	rc = delete_lb(call);
	return rc ? rc : wait_lb_deleted(call);
}

static int find_lb(struct step_call *call)
{
	struct aws_names none = {NULL, 0}, by_name = {&call->step->name, 1};
	struct elbv2_load_balancers l = {0};
	int rc = elbv2_describe_load_balancers(call->client, none, by_name, &l,
					       call->err);

	if (!rc)
		rc = match_tags(call, l.n ? l.items[0].arn : NULL);
	elbv2_load_balancers_free(&l);
	return rc;
}

static void write_lb(struct code *c, int i, const struct step *s)
{
	const struct step *at = plan_step_on(c->plan, STEP_LB_ATTRIBUTES, i);

	code_begin(c, i, 0);
	code_text(c, "name", "Name", s->name);
	code_text(c, "load_balancer_type", "Type", "network");
	code_text(c, NULL, "Scheme", "internal");
	if (c->language == TERRAFORM)
		code_add(c, "  internal = true\n");
	code_texts(c, "subnets", "Subnets", &s->ids);
	if (c->language == TERRAFORM) {
		code_add(c, "  security_groups = [");
		code_ref_value(c, s->other);
		code_add(c, "]\n  enable_cross_zone_load_balancing = true\n");
	} else {
		code_key(c, "SecurityGroups");
		code_add(c, "[");
		code_ref_value(c, s->other);
		code_add(c, "]");
		if (at)
			code_pairs(c, "LoadBalancerAttributes", &at->tags);
	}
	code_tags(c, &s->tags);
	code_end(c);
}

const struct step_ops step_create_lb = {
	.name = "create-load-balancer",
	.creates = "load balancer",
	.perform = create_lb,
	.undo = undo_lb,
	.find = find_lb,
	.exports = EXPORT_ALWAYS,
	.write = write_lb,
	.terraform = {.type = "aws_lb", .ref = "arn"},
	.cloudformation = {.type = "ElasticLoadBalancingV2::LoadBalancer",
			   .name = "LoadBalancer"},
};

const struct step_ops step_delete_lb = {
	.name = "delete-load-balancer",
	.irreversible = true,
	.perform = delete_lb,
};

const struct step_ops step_wait_lb_deleted = {
	.name = "wait-load-balancer-deleted",
	.irreversible = true,
	.perform = wait_lb_deleted,
};

static int wait_lb(struct step_call *call)
{
	return elbv2_wait_active(call->client, call_on(call), WAIT_LB,
				 call->err);
}

const struct step_ops step_wait_lb = {
	.name = "wait-load-balancer",
	.perform = wait_lb,
	.exports = EXPORT_ALWAYS, /* both wait by themselves */
};

static int set_lb_attributes(struct step_call *call)
{
	return elbv2_modify_load_balancer_attributes(
		call->client, call_on(call), tags_new(&call->step->tags),
		call->err);
}

static int restore_lb_attributes(struct step_call *call)
{
	return elbv2_modify_load_balancer_attributes(
		call->client, call_on(call), tags_new(&call->step->old_tags),
		call->err);
}

const struct step_ops step_lb_attributes = {
	.name = "load-balancer-attributes",
	.perform = set_lb_attributes,
	.undo = restore_lb_attributes,
	.exports = EXPORT_ALWAYS, /* as part of the load balancer */
};

static int set_groups(struct step_call *call)
{
	const char *group = plan_id(call->plan, call->step->other);

	return elbv2_set_groups(call->client, call_on(call),
				(struct aws_names){&group, 1}, call->err);
}

static int restore_groups(struct step_call *call)
{
	return elbv2_set_groups(call->client, call_on(call),
				call_names(&call->step->ids), call->err);
}

const struct step_ops step_lb_groups = {
	.name = "load-balancer-groups",
	.perform = set_groups,
	.undo = restore_groups,
};

static int set_addresses(struct step_call *call)
{
	return elbv2_set_address_type(call->client, call_on(call),
				      LB_ADDRESS_TYPE, call->err);
}

static int restore_addresses(struct step_call *call)
{
	return elbv2_set_address_type(call->client, call_on(call),
				      call->step->old_description, call->err);
}

const struct step_ops step_lb_addresses = {
	.name = "load-balancer-addresses",
	.perform = set_addresses,
	.undo = restore_addresses,
};

/* --- listener --- */

static int create_listener(struct step_call *call)
{
	struct step *s = call->step;
	struct elbv2_new_listener n = {.load_balancer_arn = call_on(call),
				       .protocol = "UDP",
				       .port = VXLAN_PORT,
				       .target_group_arn =
					       plan_id(call->plan, s->other),
				       .tags = tags_new(&s->tags)};
	struct elbv2_listeners out = {0};
	int rc = elbv2_create_listener(call->client, &n, &out, call->err);

	rc = CALL_CREATED(call, rc, &out, arn);
	elbv2_listeners_free(&out);
	return wait_visible(call, rc, n.load_balancer_arn);
}

static int delete_listener(struct step_call *call)
{
	return elbv2_delete_listener(call->client, call_delete_id(call),
				     call->err);
}

static int undo_listener(struct step_call *call)
{
	wait_lost(call, call_on(call));
	return delete_listener(call);
}

static int find_listener(struct step_call *call)
{
	struct elbv2_listeners l = {0};
	int rc = elbv2_describe_listeners(call->client, call_on(call), &l,
					  call->err);

	FOREACH(listener, &l)
		if (!rc && !call->created)
			rc = match_tags(call, listener->arn);
	elbv2_listeners_free(&l);
	return rc;
}

static void write_listener(struct code *c, int i, const struct step *s)
{
	code_begin(c, i, 0);
	code_ref(c, "load_balancer_arn", "LoadBalancerArn", s->on);
	code_number(c, "port", "Port", VXLAN_PORT);
	code_text(c, "protocol", "Protocol", "UDP");
	if (c->language == TERRAFORM) {
		code_add(c, "  default_action {\n    type = \"forward\"\n  ");
		code_ref(c, "target_group_arn", NULL, s->other);
		code_add(c, "  }\n");
		code_tags(c, &s->tags);
	} else {
		code_key(c, "DefaultActions");
		code_add(c, "[{\"Type\": \"forward\", \"TargetGroupArn\": ");
		code_ref_value(c, s->other);
		code_add(c, "}]");
	}
	code_end(c);
}

const struct step_ops step_create_listener = {
	.name = "create-listener",
	.creates = "listener",
	.perform = create_listener,
	.undo = undo_listener,
	.find = find_listener,
	.exports = EXPORT_ALWAYS,
	.write = write_listener,
	.terraform = {.type = "aws_lb_listener"},
	.cloudformation = {.type = "ElasticLoadBalancingV2::Listener",
			   .name = "Listener"},
};

static int modify_listener(struct step_call *call)
{
	const struct elbv2_new_listener l = {
		.protocol = "UDP",
		.port = VXLAN_PORT,
		.target_group_arn = plan_id(call->plan, call->step->other)};

	return elbv2_modify_listener(call->client, call_on(call), &l,
				     call->err);
}

static int undo_modify_listener(struct step_call *call)
{
	const struct step_listener *old = &call->step->old_listener;
	const struct elbv2_new_listener l = {.protocol = old->protocol,
					     .port = old->port,
					     .target_group_arn = old->group};

	return elbv2_modify_listener(call->client, call_on(call), &l,
				     call->err);
}

const struct step_ops step_modify_listener = {
	.name = "modify-listener",
	.perform = modify_listener,
	.undo = undo_modify_listener,
};

const struct step_ops step_delete_listener = {
	.name = "delete-listener",
	.irreversible = true,
	.perform = delete_listener,
};

/* --- target group --- */

static int create_tg(struct step_call *call)
{
	struct step *s = call->step;
	struct elbv2_new_target_group n = {.name = s->name,
					   .protocol = "UDP",
					   .port = VXLAN_PORT,
					   .vpc_id = s->vpc_id,
					   .target_type = s->target_type,
					   .health_protocol = HEALTH_PROTOCOL,
					   .health_port = HEALTH_PORT,
					   .tags = tags_new(&s->tags)};
	struct elbv2_target_groups out = {0};
	int rc = elbv2_create_target_group(call->client, &n, &out, call->err);

	rc = CALL_CREATED(call, rc, &out, arn);
	elbv2_target_groups_free(&out);
	return wait_visible(call, rc, NULL);
}

static int delete_tg(struct step_call *call)
{
	return elbv2_delete_target_group(call->client, call_delete_id(call),
					 call->err);
}

static int undo_tg(struct step_call *call)
{
	wait_lost(call, NULL);
	return delete_tg(call);
}

static int find_tg(struct step_call *call)
{
	struct elbv2_target_group_select which = {
		.names = {&call->step->name, 1}};
	struct elbv2_target_groups l = {0};
	int rc = elbv2_describe_target_groups(call->client, &which, &l,
					      call->err);

	if (!rc)
		rc = match_tags(call, l.n ? l.items[0].arn : NULL);
	elbv2_target_groups_free(&l);
	return rc;
}

/* The attributes and, in CloudFormation, the targets are part of the group. */
static void write_tg(struct code *c, int i, const struct step *s)
{
	const struct step *at = plan_step_on(c->plan, STEP_TG_ATTRIBUTES, i);
	const struct step *reg = plan_step_on(c->plan, STEP_REGISTER, i);

	code_begin(c, i, 0);
	code_text(c, "name", "Name", s->name);
	code_number(c, "port", "Port", VXLAN_PORT);
	code_text(c, "protocol", "Protocol", "UDP");
	code_text(c, "vpc_id", "VpcId", s->vpc_id);
	code_text(c, "target_type", "TargetType", s->target_type);
	code_text(c, NULL, "HealthCheckProtocol", HEALTH_PROTOCOL);
	code_text(c, NULL, "HealthCheckPort", HEALTH_PORT);
	if (c->language == TERRAFORM)
		code_add(
			c,
			"  health_check {\n    protocol = \"%s\"\n    port = \"%s\"\n  }\n  stickiness {\n    enabled = true\n    type = \"source_ip\"\n  }\n",
			HEALTH_PROTOCOL, HEALTH_PORT);
	else if (at)
		code_pairs(c, "TargetGroupAttributes", &at->tags);
	if (reg && c->language == CLOUDFORMATION) {
		code_key(c, "Targets");
		FOREACH(id, &reg->ids) {
			code_add(c, "%s{\"Id\": ",
				 id == reg->ids.items ? "[" : ", ");
			code_string(c, *id);
			code_add(c, "}");
		}
		code_add(c, "]");
	}
	code_tags(c, &s->tags);
	code_end(c);
}

const struct step_ops step_create_tg = {
	.name = "create-target-group",
	.creates = "target group",
	.perform = create_tg,
	.undo = undo_tg,
	.find = find_tg,
	.exports = EXPORT_ALWAYS,
	.write = write_tg,
	.terraform = {.type = "aws_lb_target_group", .ref = "arn"},
	.cloudformation = {.type = "ElasticLoadBalancingV2::TargetGroup",
			   .name = "TargetGroup"},
};

const struct step_ops step_delete_tg = {
	.name = "delete-target-group",
	.irreversible = true,
	.perform = delete_tg,
};

static int set_tg_attributes(struct step_call *call)
{
	return elbv2_modify_target_group_attributes(call->client, call_on(call),
						    tags_new(&call->step->tags),
						    call->err);
}

static int restore_tg_attributes(struct step_call *call)
{
	return elbv2_modify_target_group_attributes(
		call->client, call_on(call), tags_new(&call->step->old_tags),
		call->err);
}

const struct step_ops step_tg_attributes = {
	.name = "target-group-attributes",
	.perform = set_tg_attributes,
	.undo = restore_tg_attributes,
	.exports = EXPORT_ALWAYS, /* as part of the target group */
};

static int set_health_check(struct step_call *call)
{
	static const struct elbv2_health_check check = {
		.protocol = HEALTH_PROTOCOL, .port = HEALTH_PORT};

	return elbv2_modify_health_check(call->client, call_on(call), &check,
					 call->err);
}

static int restore_health_check(struct step_call *call)
{
	const struct step_check *old = &call->step->old_check;
	const struct elbv2_health_check check = {.protocol = old->protocol,
						 .port = old->port,
						 .path = old->path,
						 .codes = old->codes};

	return elbv2_modify_health_check(call->client, call_on(call), &check,
					 call->err);
}

const struct step_ops step_tg_health_check = {
	.name = "target-group-health-check",
	.perform = set_health_check,
	.undo = restore_health_check,
};

/* --- tags of load balancers and target groups --- */

/* Sets tags and removes keys. */
static int retag(struct step_call *call, const struct tag_list *tags,
		 const struct str_list *removed)
{
	const char *arn = call_on(call);
	int rc = tags->n ? elbv2_add_tags(call->client, arn, tags_new(tags),
					  call->err)
			 : 0;

	return rc || !removed->n
		       ? rc
		       : elbv2_remove_tags(call->client, arn,
					   call_names(removed), call->err);
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

const struct step_ops step_elb_tag = {
	.name = "tag-load-balancer",
	.perform = tag,
	.undo = undo_tag,
};

/* --- registered collectors --- */

static int register_targets(struct step_call *call)
{
	return elbv2_register_targets(call->client, call_on(call),
				      call_names(&call->step->ids), 0,
				      call->err);
}

static int deregister_targets(struct step_call *call)
{
	/* AWS takes the port of the group unless one is given. */
	return elbv2_deregister_targets(
		call->client, call_on(call), call_names(&call->step->ids),
		(uint16_t)call->step->number, call->err);
}

static void write_attachments(struct code *c, int i, const struct step *s)
{
	FOREACH(id, &s->ids) {
		code_begin(c, i, LIST_INDEX(id, &s->ids));
		code_ref(c, "target_group_arn", NULL, s->on);
		code_text(c, "target_id", NULL, *id);
		code_end(c);
	}
}

const struct step_ops step_register = {
	.name = "register",
	.perform = register_targets,
	.undo = deregister_targets,
	.exports = EXPORT_NEW, /* CloudFormation: as part of the target group */
	.write = write_attachments,
	.terraform = {.type = "aws_lb_target_group_attachment"},
};

const struct step_ops step_deregister = {
	.name = "deregister",
	.irreversible = true,
	.perform = deregister_targets,
};
