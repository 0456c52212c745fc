/* SPDX-License-Identifier: MIT */
/*
 * EC2 Traffic Mirroring: targets, filters, rules and sessions.
 *
 * Every change takes dry_run, which only asks EC2 whether the caller is
 * authorized: 0 if so, -EPERM (AWS_ERR_DENIED) if not. A dry run leaves out
 * empty.
 *
 * Every create takes a client token (see aws_client_token()), which makes it
 * idempotent; NULL generates one that only the retries of this call share. out
 * of a create receives a list of one item, to be freed; it may be NULL.
 */
#ifndef SERVICES_EC2_MIRROR_H
#define SERVICES_EC2_MIRROR_H

#include "services/ec2.h"

#define MIRROR_TARGET(X)                                        \
	X(KEY, id, "trafficMirrorTargetId")                     \
	/* network-interface, network-load-balancer, ... */     \
	X(STRING, type, "type")                                 \
	X(STRING, interface_id, "networkInterfaceId")           \
	X(STRING, load_balancer_arn, "networkLoadBalancerArn")  \
	X(STRING, endpoint_id, "gatewayLoadBalancerEndpointId") \
	X(STRING, description, "description")                   \
	X(STRING, owner_id, "ownerId")                          \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(mirror_target, mirror_targets, MIRROR_TARGET);

/* -1 in a protocol or port means all. */
#define MIRROR_RULE(X)                                           \
	X(STRING, id, "trafficMirrorFilterRuleId")               \
	X(STRING, filter_id, "trafficMirrorFilterId")            \
	X(NUMBER, number, "ruleNumber")                          \
	X(STRING, action, "ruleAction") /* accept, reject */     \
	X(NUMBER, protocol, "protocol", -1)                      \
	X(STRING, dst_cidr, "destinationCidrBlock")              \
	X(STRING, src_cidr, "sourceCidrBlock")                   \
	X(NUMBER, dst_from, "destinationPortRange/fromPort", -1) \
	X(NUMBER, dst_to, "destinationPortRange/toPort", -1)     \
	X(NUMBER, src_from, "sourcePortRange/fromPort", -1)      \
	X(NUMBER, src_to, "sourcePortRange/toPort", -1)          \
	X(STRING, description, "description")                    \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(mirror_rule, mirror_rules, MIRROR_RULE);

#define MIRROR_FILTER(X)                                             \
	X(KEY, id, "trafficMirrorFilterId")                          \
	X(STRING, description, "description")                        \
	X(LIST, ingress, "ingressFilterRuleSet", mirror_rules)       \
	X(LIST, egress, "egressFilterRuleSet", mirror_rules)         \
	X(STRINGS, services, "networkServiceSet") /* "amazon-dns" */ \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(mirror_filter, mirror_filters, MIRROR_FILTER);

#define MIRROR_SESSION(X)                                                    \
	X(KEY, id, "trafficMirrorSessionId")                                 \
	X(KEY, target_id, "trafficMirrorTargetId")                           \
	X(KEY, filter_id, "trafficMirrorFilterId")                           \
	X(KEY, interface_id, "networkInterfaceId") /* the source */          \
	X(STRING, owner_id, "ownerId")                                       \
	X(NUMBER, packet_length, "packetLength") /* 0: whole packets */      \
	/* 1 to 32766; the first session that accepts a packet mirrors it */ \
	X(NUMBER, number, "sessionNumber")                                   \
	X(NUMBER, vni, "virtualNetworkId")                                   \
	X(STRING, description, "description")                                \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(mirror_session, mirror_sessions, MIRROR_SESSION);

/* AWS documents no tag filter for these actions: select by tag afterwards. */
EC2_DESCRIBE(mirror_describe_targets, mirror_targets);
EC2_DESCRIBE(mirror_describe_filters, mirror_filters);
EC2_DESCRIBE(mirror_describe_sessions, mirror_sessions);

/* Exactly one of interface, load balancer and endpoint must be set. */
struct mirror_new_target {
	const char *interface_id;
	const char *load_balancer_arn;
	const char *endpoint_id; /* of a gateway load balancer */
	const char *description;
	struct aws_new_tags tags;
};
int mirror_create_target(struct aws_client *c,
			 const struct mirror_new_target *t, const char *token,
			 bool dry_run, struct mirror_targets *out,
			 struct aws_error *err);
int mirror_delete_target(struct aws_client *c, const char *id, bool dry_run,
			 struct aws_error *err);

int mirror_create_filter(struct aws_client *c, const char *description,
			 struct aws_new_tags tags, const char *token,
			 bool dry_run, struct mirror_filters *out,
			 struct aws_error *err);
int mirror_delete_filter(struct aws_client *c, const char *id, bool dry_run,
			 struct aws_error *err);

/* Services whose traffic a filter accepts besides its rules: "amazon-dns". */
int mirror_modify_services(struct aws_client *c, const char *filter_id,
			   struct aws_names add, struct aws_names remove,
			   bool dry_run, struct aws_error *err);

struct mirror_new_rule {
	const char *filter_id;
	bool egress;
	bool reject;
	unsigned int number;  /* unique per filter and direction */
	int protocol;	      /* IANA number; -1: all */
	int dst_from, dst_to; /* -1: all ports */
	int src_from, src_to;
	const char *dst_cidr;
	const char *src_cidr;
	const char *description;
	struct aws_new_tags tags;
};
int mirror_create_rule(struct aws_client *c, const struct mirror_new_rule *r,
		       const char *token, bool dry_run,
		       struct mirror_rules *out, struct aws_error *err);

struct mirror_new_session {
	const char *interface_id; /* the source */
	const char *target_id;
	const char *filter_id;
	unsigned int number;
	int64_t vni;		    /* -1: AWS chooses */
	unsigned int packet_length; /* 0: whole packets */
	const char *description;
	struct aws_new_tags tags;
};
int mirror_create_session(struct aws_client *c,
			  const struct mirror_new_session *s, const char *token,
			  bool dry_run, struct mirror_sessions *out,
			  struct aws_error *err);
/* Changes the members of s that are not NULL, 0 or, for vni, -1; the source
 * cannot change. remove resets members to their defaults: "packet-length",
 * "description", "virtual-network-id". */
int mirror_modify_session(struct aws_client *c, const char *id,
			  const struct mirror_new_session *s,
			  struct aws_names remove, bool dry_run,
			  struct aws_error *err);
int mirror_delete_session(struct aws_client *c, const char *id, bool dry_run,
			  struct aws_error *err);

#endif
