/* SPDX-License-Identifier: MIT */
/*
 * Elastic Load Balancing v2: changes, and waiting for them to take effect.
 *
 * The create actions are idempotent by name: the same settings again return the
 * existing resource, other settings -EEXIST (AWS_ERR_EXISTS). out receives a
 * list of one item, to be freed; it may be NULL.
 */
#ifndef SERVICES_ELBV2_CHANGE_H
#define SERVICES_ELBV2_CHANGE_H

#include "services/elbv2.h"

struct elbv2_new_load_balancer {
	const char *name; /* at most 32 letters, digits, hyphens */
	struct aws_names subnets;
	struct aws_names groups; /* none: it can never have a security group */
	const char *scheme;	 /* NULL: internal */
	const char *type;	 /* NULL: network */
	const char *ip_address_type; /* NULL: ipv4 */
	struct aws_new_tags tags;
};
int elbv2_create_load_balancer(struct aws_client *c,
			       const struct elbv2_new_load_balancer *lb,
			       struct elbv2_load_balancers *out,
			       struct aws_error *err);

struct elbv2_new_target_group {
	const char *name;
	const char *protocol; /* "UDP" */
	uint16_t port;
	const char *vpc_id;
	const char *target_type;      /* "instance" or "ip" */
	const char *health_protocol;  /* "TCP" */
	const char *health_port;      /* "4789" */
	unsigned int health_interval; /* seconds; 0: AWS's default */
	unsigned int healthy_threshold, unhealthy_threshold; /* likewise */
	struct aws_new_tags tags;
};
int elbv2_create_target_group(struct aws_client *c,
			      const struct elbv2_new_target_group *tg,
			      struct elbv2_target_groups *out,
			      struct aws_error *err);

/* Forwards to one target group. */
struct elbv2_new_listener {
	const char *load_balancer_arn;
	const char *protocol;
	uint16_t port;
	const char *target_group_arn;
	struct aws_new_tags tags;
};
int elbv2_create_listener(struct aws_client *c,
			  const struct elbv2_new_listener *l,
			  struct elbv2_listeners *out, struct aws_error *err);

/* Of a load balancer, target group or listener. */
int elbv2_add_tags(struct aws_client *c, const char *arn,
		   struct aws_new_tags tags, struct aws_error *err);
int elbv2_remove_tags(struct aws_client *c, const char *arn,
		      struct aws_names keys, struct aws_error *err);

int elbv2_modify_load_balancer_attributes(struct aws_client *c, const char *arn,
					  struct aws_new_tags attributes,
					  struct aws_error *err);
int elbv2_modify_target_group_attributes(struct aws_client *c, const char *arn,
					 struct aws_new_tags attributes,
					 struct aws_error *err);

/* Where a target group checks the health of its targets. */
struct elbv2_health_check {
	const char *protocol, *port;
	const char *path, *codes; /* of HTTP; NULL: AWS's default */
};
int elbv2_modify_health_check(struct aws_client *c, const char *group_arn,
			      const struct elbv2_health_check *check,
			      struct aws_error *err);
/* Replaces the security groups; one that was created without any has none. */
int elbv2_set_groups(struct aws_client *c, const char *arn,
		     struct aws_names groups, struct aws_error *err);
/* "ipv4" or "dualstack" */
int elbv2_set_address_type(struct aws_client *c, const char *arn,
			   const char *type, struct aws_error *err);
/* Changes the port, the protocol and the target group of a listener. */
int elbv2_modify_listener(struct aws_client *c, const char *arn,
			  const struct elbv2_new_listener *l,
			  struct aws_error *err);

/* ids are instance ids or IP addresses. port 0: the port of the group. */
int elbv2_register_targets(struct aws_client *c, const char *group_arn,
			   struct aws_names ids, uint16_t port,
			   struct aws_error *err);
int elbv2_deregister_targets(struct aws_client *c, const char *group_arn,
			     struct aws_names ids, uint16_t port,
			     struct aws_error *err);

/* Delete in this order: listener, load balancer, target group. Deleting what
 * does not exist succeeds. */
int elbv2_delete_listener(struct aws_client *c, const char *arn,
			  struct aws_error *err);
int elbv2_delete_load_balancer(struct aws_client *c, const char *arn,
			       struct aws_error *err);
int elbv2_delete_target_group(struct aws_client *c, const char *arn,
			      struct aws_error *err);

/* Waits until a new load balancer, target group or listener is described. A
 * listener requires the ARN of its load balancer, otherwise that is NULL. */
int elbv2_wait_visible(struct aws_client *c, const char *arn,
		       const char *load_balancer_arn, unsigned int seconds,
		       struct aws_error *err);
/* Waits until a load balancer is active, which takes minutes. The state
 * "failed" ends the wait with the reason that AWS states. */
int elbv2_wait_active(struct aws_client *c, const char *arn,
		      unsigned int seconds, struct aws_error *err);
/* Waits until a deleted load balancer is no longer described. */
int elbv2_wait_deleted(struct aws_client *c, const char *arn,
		       unsigned int seconds, struct aws_error *err);

#endif
