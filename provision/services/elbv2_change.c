/* SPDX-License-Identifier: MIT */
/* Creates, modifies and deletes load balancers and what belongs to them. The
 * service has no dry run and no client tokens: creates are idempotent by name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/call.h"
#include "services/elbv2_change.h"

#define TARGETS_PER_CALL 100

/* Sends a create request, whose response is a list of one. out may be NULL. */
static int create(struct aws_client *c, const char *action, struct aws_query *q,
		  const char *set, const struct shape *shape, void *out,
		  struct aws_error *err)
{
	struct shape_list created = {0};
	struct call_response response;
	int error = call_send(c, &call_elbv2, action, q, &response, err);

	if (out)
		*(struct shape_list *)out = created;
	if (error)
		return error;
	error = shape_append_xml(shape, xml_child(response.root, set),
				 &created);
	call_response_free(&response);
	if (!error && created.n != 1)
		error = -EPROTO;
	if (!error && out)
		*(struct shape_list *)out = created;
	else
		shape_free_list(shape, &created);
	return error ? call_bad_response(err, call_elbv2.name, action, error)
		     : 0;
}

int elbv2_create_load_balancer(struct aws_client *c,
			       const struct elbv2_new_load_balancer *lb,
			       struct elbv2_load_balancers *out,
			       struct aws_error *err)
{
	static const char action[] = "CreateLoadBalancer";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, lb->name, "Name");
	query_names(&q, lb->subnets, "Subnets.member");
	query_names(&q, lb->groups, "SecurityGroups.member");
	query_string(&q, lb->scheme ? lb->scheme : "internal", "Scheme");
	query_tags(&q, lb->tags, "Tags.member");
	query_string(&q, lb->type ? lb->type : "network", "Type");
	query_string(&q, lb->ip_address_type ? lb->ip_address_type : "ipv4",
		     "IpAddressType");
	return create(c, action, &q, "LoadBalancers",
		      elbv2_load_balancers_shape(), out, err);
}

static void add_nonzero(struct aws_query *q, unsigned int value,
			const char *name)
{
	if (value)
		query_number(q, value, "%s", name);
}

int elbv2_create_target_group(struct aws_client *c,
			      const struct elbv2_new_target_group *tg,
			      struct elbv2_target_groups *out,
			      struct aws_error *err)
{
	static const char action[] = "CreateTargetGroup";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, tg->name, "Name");
	query_string(&q, tg->protocol, "Protocol");
	query_number(&q, tg->port, "Port");
	query_string(&q, tg->vpc_id, "VpcId");
	query_string(&q, tg->health_protocol, "HealthCheckProtocol");
	query_string(&q, tg->health_port, "HealthCheckPort");
	add_nonzero(&q, tg->health_interval, "HealthCheckIntervalSeconds");
	add_nonzero(&q, tg->healthy_threshold, "HealthyThresholdCount");
	add_nonzero(&q, tg->unhealthy_threshold, "UnhealthyThresholdCount");
	query_string(&q, tg->target_type, "TargetType");
	query_tags(&q, tg->tags, "Tags.member");
	return create(c, action, &q, "TargetGroups",
		      elbv2_target_groups_shape(), out, err);
}

static void add_listener(struct aws_query *q,
			 const struct elbv2_new_listener *l)
{
	query_string(q, l->protocol, "Protocol");
	query_number(q, l->port, "Port");
	query_string(q, "forward", "DefaultActions.member.1.Type");
	query_string(q, l->target_group_arn,
		     "DefaultActions.member.1.TargetGroupArn");
}

int elbv2_create_listener(struct aws_client *c,
			  const struct elbv2_new_listener *l,
			  struct elbv2_listeners *out, struct aws_error *err)
{
	static const char action[] = "CreateListener";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, l->load_balancer_arn, "LoadBalancerArn");
	add_listener(&q, l);
	query_tags(&q, l->tags, "Tags.member");
	return create(c, action, &q, "Listeners", elbv2_listeners_shape(), out,
		      err);
}

int elbv2_add_tags(struct aws_client *c, const char *arn,
		   struct aws_new_tags tags, struct aws_error *err)
{
	static const char action[] = "AddTags";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, arn, "ResourceArns.member.1");
	query_tags(&q, tags, "Tags.member");
	return call_send(c, &call_elbv2, action, &q, NULL, err);
}

int elbv2_remove_tags(struct aws_client *c, const char *arn,
		      struct aws_names keys, struct aws_error *err)
{
	static const char action[] = "RemoveTags";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, arn, "ResourceArns.member.1");
	query_names(&q, keys, "TagKeys.member");
	return call_send(c, &call_elbv2, action, &q, NULL, err);
}

static int modify_attributes(struct aws_client *c, const char *action,
			     const char *name, const char *arn,
			     struct aws_new_tags attributes,
			     struct aws_error *err)
{
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, arn, "%s", name);
	query_tags(&q, attributes, "Attributes.member");
	return call_send(c, &call_elbv2, action, &q, NULL, err);
}

int elbv2_modify_load_balancer_attributes(struct aws_client *c, const char *arn,
					  struct aws_new_tags attributes,
					  struct aws_error *err)
{
	return modify_attributes(c, "ModifyLoadBalancerAttributes",
				 "LoadBalancerArn", arn, attributes, err);
}

int elbv2_modify_target_group_attributes(struct aws_client *c, const char *arn,
					 struct aws_new_tags attributes,
					 struct aws_error *err)
{
	return modify_attributes(c, "ModifyTargetGroupAttributes",
				 "TargetGroupArn", arn, attributes, err);
}

int elbv2_modify_health_check(struct aws_client *c, const char *group_arn,
			      const struct elbv2_health_check *check,
			      struct aws_error *err)
{
	static const char action[] = "ModifyTargetGroup";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, group_arn, "TargetGroupArn");
	query_string(&q, check->protocol, "HealthCheckProtocol");
	query_string(&q, check->port, "HealthCheckPort");
	query_string(&q, check->path, "HealthCheckPath");
	query_string(&q, check->codes, "Matcher.HttpCode");
	return call_send(c, &call_elbv2, action, &q, NULL, err);
}

int elbv2_set_groups(struct aws_client *c, const char *arn,
		     struct aws_names groups, struct aws_error *err)
{
	static const char action[] = "SetSecurityGroups";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, arn, "LoadBalancerArn");
	query_names(&q, groups, "SecurityGroups.member");
	return call_send(c, &call_elbv2, action, &q, NULL, err);
}

int elbv2_set_address_type(struct aws_client *c, const char *arn,
			   const char *type, struct aws_error *err)
{
	static const char action[] = "SetIpAddressType";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, arn, "LoadBalancerArn");
	query_string(&q, type, "IpAddressType");
	return call_send(c, &call_elbv2, action, &q, NULL, err);
}

int elbv2_modify_listener(struct aws_client *c, const char *arn,
			  const struct elbv2_new_listener *l,
			  struct aws_error *err)
{
	static const char action[] = "ModifyListener";
	struct aws_query q;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, arn, "ListenerArn");
	add_listener(&q, l);
	return call_send(c, &call_elbv2, action, &q, NULL, err);
}

static int targets_call(struct aws_client *c, const char *action,
			const char *group_arn, struct aws_names ids,
			uint16_t port, struct aws_error *err)
{
	size_t done, i;
	int error = 0;

	for (done = 0; !error && done < ids.n; done += TARGETS_PER_CALL) {
		struct aws_query q;

		call_begin(&q, &call_elbv2, action);
		query_string(&q, group_arn, "TargetGroupArn");
		for (i = 0; i < TARGETS_PER_CALL && done + i < ids.n; i++) {
			query_string(&q, ids.items[done + i],
				     "Targets.member.%zu.Id", i + 1);
			if (port)
				query_number(&q, port,
					     "Targets.member.%zu.Port", i + 1);
		}
		error = call_send(c, &call_elbv2, action, &q, NULL, err);
	}
	return error;
}

int elbv2_register_targets(struct aws_client *c, const char *group_arn,
			   struct aws_names ids, uint16_t port,
			   struct aws_error *err)
{
	return targets_call(c, "RegisterTargets", group_arn, ids, port, err);
}

int elbv2_deregister_targets(struct aws_client *c, const char *group_arn,
			     struct aws_names ids, uint16_t port,
			     struct aws_error *err)
{
	return targets_call(c, "DeregisterTargets", group_arn, ids, port, err);
}

/* Succeeds if the resource does not exist, as AWS itself mostly does. */
static int delete_call(struct aws_client *c, const char *action,
		       const char *name, const char *arn, struct aws_error *err)
{
	struct aws_error why = {0};
	struct aws_query q;
	int error;

	call_begin(&q, &call_elbv2, action);
	query_string(&q, arn, "%s", name);
	error = call_send(c, &call_elbv2, action, &q, NULL, &why);
	return error == -ENOENT ? 0 : aws_error_copy(err, &why, error);
}

int elbv2_delete_listener(struct aws_client *c, const char *arn,
			  struct aws_error *err)
{
	return delete_call(c, "DeleteListener", "ListenerArn", arn, err);
}

int elbv2_delete_load_balancer(struct aws_client *c, const char *arn,
			       struct aws_error *err)
{
	return delete_call(c, "DeleteLoadBalancer", "LoadBalancerArn", arn,
			   err);
}

int elbv2_delete_target_group(struct aws_client *c, const char *arn,
			      struct aws_error *err)
{
	return delete_call(c, "DeleteTargetGroup", "TargetGroupArn", arn, err);
}

/* Describes one load balancer; -ENOENT if it is not described. */
static int find(struct aws_client *c, const char *arn,
		struct elbv2_load_balancers *out, struct aws_error *err)
{
	int error = elbv2_describe_load_balancers(
		c, AWS_NAMES(arn), (struct aws_names){0}, out, err);

	if (!error && !out->n) {
		elbv2_load_balancers_free(out);
		return aws_error_set(err, AWS_ERR_NOT_FOUND, "",
				     "load balancer %s does not exist", arn);
	}
	return error;
}

/* What poll_visible() waits for; load_balancer_arn is set for a listener. */
struct elbv2_visible {
	const char *arn, *load_balancer_arn;
};

static int listener_exists(struct aws_client *c, const struct elbv2_visible *v,
			   struct aws_error *err)
{
	struct elbv2_listeners listeners = {0};
	int result = elbv2_describe_listeners(c, v->load_balancer_arn,
					      &listeners, err);

	FOREACH(l, &listeners)
		result |= l->arn && !strcmp(l->arn, v->arn);
	elbv2_listeners_free(&listeners);
	return result;
}

static int poll_visible(struct aws_client *c, void *ctx, struct aws_error *err)
{
	const struct elbv2_visible *v = ctx;
	struct aws_error why = {0};
	struct elbv2_load_balancers lbs = {0};
	struct elbv2_target_groups groups = {0};
	struct elbv2_target_group_select which = {.arns = {&v->arn, 1}};
	int result;

	if (v->load_balancer_arn) {
		result = listener_exists(c, v, &why);
	} else if (strstr(v->arn, ":targetgroup/")) {
		result = elbv2_describe_target_groups(c, &which, &groups, &why);
		result = result ? result : groups.n > 0;
	} else {
		result = find(c, v->arn, &lbs, &why);
		result = result ? result : 1;
	}
	elbv2_load_balancers_free(&lbs);
	elbv2_target_groups_free(&groups);
	if (result == -ENOENT)
		return 0;
	return result < 0 ? aws_error_copy(err, &why, result) : result;
}

int elbv2_wait_visible(struct aws_client *c, const char *arn,
		       const char *load_balancer_arn, unsigned int seconds,
		       struct aws_error *err)
{
	struct elbv2_visible v = {arn, load_balancer_arn};

	return aws_wait(c, poll_visible, &v, seconds, err, "%s is visible",
			arn);
}

static int poll_active(struct aws_client *c, void *ctx, struct aws_error *err)
{
	struct elbv2_load_balancers l;
	struct aws_error why = {0};
	const char *state, *reason;
	int result = find(c, ctx, &l, &why);

	/* A new load balancer may not be described yet. */
	if (result == -ENOENT)
		return 0;
	if (result)
		return aws_error_copy(err, &why, result);
	state = l.items[0].state ? l.items[0].state : "";
	reason = l.items[0].state_reason;
	if (!strcmp(state, "failed"))
		result = aws_error_set(
			err, AWS_ERR_REFUSED, "", "load balancer %s failed: %s",
			(char *)ctx, reason ? reason : "AWS states no reason");
	else
		result = !strcmp(state, "active") ||
			 !strcmp(state, "active_impaired");
	elbv2_load_balancers_free(&l);
	return result;
}

int elbv2_wait_active(struct aws_client *c, const char *arn,
		      unsigned int seconds, struct aws_error *err)
{
	return aws_wait(c, poll_active, (void *)arn, seconds, err,
			"load balancer %s is active", arn);
}

static int poll_deleted(struct aws_client *c, void *ctx, struct aws_error *err)
{
	struct elbv2_load_balancers l;
	struct aws_error why = {0};
	int error = find(c, ctx, &l, &why);

	if (error == -ENOENT)
		return 1;
	if (error)
		return aws_error_copy(err, &why, error);
	elbv2_load_balancers_free(&l);
	return 0;
}

int elbv2_wait_deleted(struct aws_client *c, const char *arn,
		       unsigned int seconds, struct aws_error *err)
{
	return aws_wait(c, poll_deleted, (void *)arn, seconds, err,
			"load balancer %s is deleted", arn);
}
