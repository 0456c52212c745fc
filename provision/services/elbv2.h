/* SPDX-License-Identifier: MIT */
/* Elastic Load Balancing v2: load balancers, their target groups, listeners,
 * targets, attributes and tags. */
#ifndef SERVICES_ELBV2_H
#define SERVICES_ELBV2_H

#include "client/client.h"
#include "client/shape.h"

#define ELBV2_ZONE(X)               \
	X(STRING, name, "ZoneName") \
	X(STRING, subnet_id, "SubnetId")
SHAPE(elbv2_zone, elbv2_zones, ELBV2_ZONE);

#define ELBV2_LOAD_BALANCER(X)                                                \
	X(KEY, arn, "LoadBalancerArn")                                        \
	X(KEY, name, "LoadBalancerName")                                      \
	X(STRING, type, "Type")	    /* application, network, gateway */       \
	X(STRING, scheme, "Scheme") /* internal, internet-facing */           \
	X(STRING, vpc_id, "VpcId")                                            \
	/* provisioning, active, active_impaired, failed */                   \
	X(STRING, state, "State/Code")                                        \
	X(STRING, state_reason, "State/Reason")                               \
	X(STRING, ip_address_type, "IpAddressType") /* ipv4, dualstack */     \
	X(LIST, zones, "AvailabilityZones", elbv2_zones)                      \
	/* A network load balancer created without any can never have one. */ \
	X(STRINGS, groups, "SecurityGroups")
SHAPE(elbv2_load_balancer, elbv2_load_balancers, ELBV2_LOAD_BALANCER);

#define ELBV2_TARGET_GROUP(X)                                                \
	X(KEY, arn, "TargetGroupArn")                                        \
	X(KEY, name, "TargetGroupName")                                      \
	X(STRING, protocol, "Protocol") /* UDP, TCP, ... */                  \
	X(NUMBER, port, "Port")                                              \
	X(STRING, vpc_id, "VpcId")                                           \
	X(STRING, target_type, "TargetType") /* instance, ip, lambda, alb */ \
	X(STRING, health_protocol, "HealthCheckProtocol")                    \
	/* number or "traffic-port" */                                       \
	X(STRING, health_port, "HealthCheckPort")                            \
	X(STRING, health_path, "HealthCheckPath")   /* only of HTTP */       \
	X(STRING, health_codes, "Matcher/HttpCode") /* likewise */           \
	X(NUMBER, health_interval, "HealthCheckIntervalSeconds")             \
	X(NUMBER, healthy_threshold, "HealthyThresholdCount")                \
	X(NUMBER, unhealthy_threshold, "UnhealthyThresholdCount")            \
	X(STRINGS, load_balancer_arns, "LoadBalancerArns")
SHAPE(elbv2_target_group, elbv2_target_groups, ELBV2_TARGET_GROUP);

#define ELBV2_TARGET(X)                                          \
	X(KEY, id, "Target/Id")                                  \
	X(NUMBER, port, "Target/Port")                           \
	X(STRING, zone, "Target/AvailabilityZone")               \
	X(STRING, health_port, "HealthCheckPort")                \
	/* initial, healthy, unhealthy, unused, draining, ... */ \
	X(STRING, state, "TargetHealth/State")                   \
	X(STRING, reason, "TargetHealth/Reason")                 \
	X(STRING, description, "TargetHealth/Description")
SHAPE(elbv2_target, elbv2_targets, ELBV2_TARGET);

#define ELBV2_LISTENER(X)                            \
	X(KEY, arn, "ListenerArn")                   \
	X(KEY, load_balancer_arn, "LoadBalancerArn") \
	X(NUMBER, port, "Port")                      \
	X(STRING, protocol, "Protocol")              \
	X(STRINGS, target_group_arns, "DefaultActions", "TargetGroupArn")
SHAPE(elbv2_listener, elbv2_listeners, ELBV2_LISTENER);

#define ELBV2_ATTRIBUTE(X)    \
	X(STRING, key, "Key") \
	X(STRING, value, "Value")
SHAPE(elbv2_attribute, elbv2_attributes, ELBV2_ATTRIBUTE);

#define ELBV2_TAG_DESCRIPTION(X)   \
	X(KEY, arn, "ResourceArn") \
	X(LIST, tags, "Tags", aws_tags)
SHAPE(elbv2_tag_description, elbv2_tag_descriptions, ELBV2_TAG_DESCRIPTION);

/* Load balancers with these ARNs, or else with these names; all if there are
 * neither. */
int elbv2_describe_load_balancers(struct aws_client *c, struct aws_names arns,
				  struct aws_names names,
				  struct elbv2_load_balancers *out,
				  struct aws_error *err);

/* Target groups of a load balancer, or with these ARNs, or with these names;
 * NULL: all. */
struct elbv2_target_group_select {
	const char *load_balancer_arn;
	struct aws_names arns;
	struct aws_names names;
};
int elbv2_describe_target_groups(struct aws_client *c,
				 const struct elbv2_target_group_select *which,
				 struct elbv2_target_groups *out,
				 struct aws_error *err);

/* Declares a function that describes what belongs to one ARN into a list. */
#define ELBV2_DESCRIBE(function, list)                                        \
	int function(struct aws_client *c, const char *arn, struct list *out, \
		     struct aws_error *err)

/* The targets of a target group and their health. */
ELBV2_DESCRIBE(elbv2_describe_target_health, elbv2_targets);
/* The listeners of a load balancer. */
ELBV2_DESCRIBE(elbv2_describe_listeners, elbv2_listeners);
ELBV2_DESCRIBE(elbv2_load_balancer_attributes, elbv2_attributes);
ELBV2_DESCRIBE(elbv2_target_group_attributes, elbv2_attributes);
/* The value of an attribute; NULL if it is missing. */
const char *elbv2_attribute(const struct elbv2_attributes *l, const char *key);

/* The tags of any number of load balancers, target groups and listeners. */
int elbv2_describe_tags(struct aws_client *c, struct aws_names arns,
			struct elbv2_tag_descriptions *out,
			struct aws_error *err);

#endif
