/* SPDX-License-Identifier: MIT */
/* Elastic Load Balancing v2: the network load balancer as a mirror target, and
 * application load balancers as sources. */
#ifndef SERVICES_ELBV2_H
#define SERVICES_ELBV2_H

#include "client/client.h"

struct elbv2_address {
	char *private_ipv4;
	char *ip;
};
struct elbv2_addresses {
	struct elbv2_address *items;
	size_t n;
};
struct elbv2_zone {
	char *name;
	char *subnet_id;
	struct elbv2_addresses addresses;
};
struct elbv2_zones {
	struct elbv2_zone *items;
	size_t n;
};
struct elbv2_load_balancer {
	char *arn;
	char *name;
	char *type;   /* application, network, gateway */
	char *scheme; /* internal, internet-facing */
	char *vpc_id;
	char *dns_name;
	char *state; /* provisioning, active, active_impaired, failed */
	char *state_reason;
	char *ip_address_type; /* ipv4, dualstack */
	struct elbv2_zones zones;
	struct aws_strings
		groups; /* security groups; none: can never have one */
};
struct elbv2_load_balancers {
	struct elbv2_load_balancer *items;
	size_t n;
};

struct elbv2_target_group {
	char *arn;
	char *name;
	char *protocol; /* UDP, TCP, ... */
	int64_t port;
	char *vpc_id;
	char *target_type; /* instance, ip, lambda, alb */
	char *health_protocol;
	char *health_port; /* "traffic-port" or a number */
	char *health_path;
	bool health_enabled;
	int64_t health_interval, health_timeout; /* seconds */
	int64_t healthy_threshold, unhealthy_threshold;
	struct aws_strings load_balancer_arns;
};
struct elbv2_target_groups {
	struct elbv2_target_group *items;
	size_t n;
};

struct elbv2_target {
	char *id;
	int64_t port;
	char *zone;
	char *health_port;
	char *state; /* initial, healthy, unhealthy, unused, draining, ... */
	char *reason;
	char *description;
};
struct elbv2_targets {
	struct elbv2_target *items;
	size_t n;
};

struct elbv2_listener {
	char *arn;
	char *load_balancer_arn;
	int64_t port;
	char *protocol;
	struct aws_strings target_group_arns; /* of its default actions */
};
struct elbv2_listeners {
	struct elbv2_listener *items;
	size_t n;
};

struct elbv2_attribute {
	char *key;
	char *value;
};
struct elbv2_attributes {
	struct elbv2_attribute *items;
	size_t n;
};

struct elbv2_tag_description {
	char *arn;
	struct aws_tags tags;
};
struct elbv2_tag_descriptions {
	struct elbv2_tag_description *items;
	size_t n;
};

/* All, or those with these ARNs, or those with these names (not both). */
int elbv2_describe_load_balancers(struct aws_client *c, struct aws_names arns,
				  struct aws_names names,
				  struct elbv2_load_balancers *out,
				  struct aws_error *err);
void elbv2_load_balancers_free(struct elbv2_load_balancers *l);

/* All, or those of a load balancer, or with these ARNs, or names. */
struct elbv2_target_group_select {
	const char *load_balancer_arn;
	struct aws_names arns;
	struct aws_names names;
};
int elbv2_describe_target_groups(struct aws_client *c,
				 const struct elbv2_target_group_select *which,
				 struct elbv2_target_groups *out,
				 struct aws_error *err);
void elbv2_target_groups_free(struct elbv2_target_groups *l);

int elbv2_describe_target_health(struct aws_client *c, const char *group_arn,
				 struct elbv2_targets *out,
				 struct aws_error *err);
void elbv2_targets_free(struct elbv2_targets *l);

int elbv2_describe_listeners(struct aws_client *c,
			     const char *load_balancer_arn,
			     struct elbv2_listeners *out,
			     struct aws_error *err);
void elbv2_listeners_free(struct elbv2_listeners *l);

int elbv2_load_balancer_attributes(struct aws_client *c, const char *arn,
				   struct elbv2_attributes *out,
				   struct aws_error *err);
int elbv2_target_group_attributes(struct aws_client *c, const char *arn,
				  struct elbv2_attributes *out,
				  struct aws_error *err);
void elbv2_attributes_free(struct elbv2_attributes *l);
/* The value of an attribute, or NULL. */
const char *elbv2_attribute(const struct elbv2_attributes *l, const char *key);

/* Any number of load balancers, target groups and listeners. */
int elbv2_describe_tags(struct aws_client *c, struct aws_names arns,
			struct elbv2_tag_descriptions *out,
			struct aws_error *err);
void elbv2_tag_descriptions_free(struct elbv2_tag_descriptions *l);

/* --- changes. Creates are idempotent by name: the same settings again give
 * the one that exists, others AWS_ERR_EXISTS. out may be freed by the list's
 * free; it holds one item. --- */

struct elbv2_new_load_balancer {
	const char *name; /* at most 32 letters, digits, hyphens */
	struct aws_names subnets;
	struct aws_names groups;     /* none: it can never have one */
	const char *scheme;	     /* NULL: internal */
	const char *type;	     /* NULL: network */
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
	unsigned int healthy_threshold, unhealthy_threshold; /* 0: the same */
	struct aws_new_tags tags;
};
int elbv2_create_target_group(struct aws_client *c,
			      const struct elbv2_new_target_group *tg,
			      struct elbv2_target_groups *out,
			      struct aws_error *err);

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

int elbv2_modify_load_balancer_attributes(struct aws_client *c, const char *arn,
					  struct aws_new_tags attributes,
					  struct aws_error *err);
int elbv2_modify_target_group_attributes(struct aws_client *c, const char *arn,
					 struct aws_new_tags attributes,
					 struct aws_error *err);

/* Instance ids or addresses, at the group's own port unless port is set. */
int elbv2_register_targets(struct aws_client *c, const char *group_arn,
			   struct aws_names ids, uint16_t port,
			   struct aws_error *err);
int elbv2_deregister_targets(struct aws_client *c, const char *group_arn,
			     struct aws_names ids, uint16_t port,
			     struct aws_error *err);

int elbv2_add_tags(struct aws_client *c, struct aws_names arns,
		   struct aws_new_tags tags, struct aws_error *err);

/* Order: listener, load balancer, target group. What is gone already is no
 * error. */
int elbv2_delete_listener(struct aws_client *c, const char *arn,
			  struct aws_error *err);
int elbv2_delete_load_balancer(struct aws_client *c, const char *arn,
			       struct aws_error *err);
int elbv2_delete_target_group(struct aws_client *c, const char *arn,
			      struct aws_error *err);

/* Until what was just created is described: ARN of a load balancer, target
 * group or listener (then with the load balancer's ARN, otherwise NULL). */
int elbv2_wait_visible(struct aws_client *c, const char *arn,
		       const char *load_balancer_arn, unsigned int seconds,
		       struct aws_error *err);
/* Until the state is active (minutes); "failed" ends it with its reason. */
int elbv2_wait_active(struct aws_client *c, const char *arn,
		      unsigned int seconds, struct aws_error *err);
/* Until a deleted one is no longer described. */
int elbv2_wait_deleted(struct aws_client *c, const char *arn,
		       unsigned int seconds, struct aws_error *err);

#endif
