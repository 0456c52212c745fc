/* SPDX-License-Identifier: MIT */
/*
 * EC2: traffic mirroring, tags and security groups: everything that changes.
 *
 * dry_run asks whether the call would be permitted and changes nothing: 0 if
 * so (out is left empty), AWS_ERR_DENIED if not. token makes a create call
 * repeatable (see aws_client_token); NULL lets the call make its own, which
 * all its retries share. out of a create call may be NULL; otherwise it is a
 * list of one, freed by the list's free.
 */
#ifndef SERVICES_EC2_MIRROR_H
#define SERVICES_EC2_MIRROR_H

#include "services/ec2.h"

struct mirror_target {
	char *id;
	char *type; /* network-interface, network-load-balancer,
		     * gateway-load-balancer-endpoint */
	char *interface_id;
	char *load_balancer_arn;
	char *endpoint_id; /* of a gateway load balancer */
	char *description;
	char *owner_id;
	struct aws_tags tags;
};
struct mirror_targets {
	struct mirror_target *items;
	size_t n;
};

struct mirror_rule {
	char *id;
	char *filter_id;
	char *direction; /* ingress, egress */
	int64_t number;
	char *action;	  /* accept, reject */
	int64_t protocol; /* -1: all */
	char *dst_cidr;
	char *src_cidr;
	int64_t dst_from, dst_to; /* -1: all ports */
	int64_t src_from, src_to;
	char *description;
	struct aws_tags tags;
};
struct mirror_rules {
	struct mirror_rule *items;
	size_t n;
};

struct mirror_filter {
	char *id;
	char *description;
	struct mirror_rules ingress, egress;
	struct aws_strings services; /* "amazon-dns" */
	struct aws_tags tags;
};
struct mirror_filters {
	struct mirror_filter *items;
	size_t n;
};

struct mirror_session {
	char *id;
	char *target_id;
	char *filter_id;
	char *interface_id; /* the source */
	char *owner_id;
	int64_t packet_length; /* 0: whole packets */
	int64_t number;	       /* 1 to 32766, the lowest is asked first */
	int64_t vni;
	char *description;
	struct aws_tags tags;
};
struct mirror_sessions {
	struct mirror_session *items;
	size_t n;
};

/* Filter by tag in the result, not in the request: AWS documents no tag
 * filter for these. */
int mirror_describe_targets(struct aws_client *c,
			    const struct ec2_select *which,
			    struct mirror_targets *out, struct aws_error *err);
int mirror_describe_filters(struct aws_client *c,
			    const struct ec2_select *which,
			    struct mirror_filters *out, struct aws_error *err);
/* The rules of one filter (also in struct mirror_filter, without tags). */
int mirror_describe_rules(struct aws_client *c, const char *filter_id,
			  struct mirror_rules *out, struct aws_error *err);
int mirror_describe_sessions(struct aws_client *c,
			     const struct ec2_select *which,
			     struct mirror_sessions *out,
			     struct aws_error *err);
void mirror_targets_free(struct mirror_targets *l);
void mirror_filters_free(struct mirror_filters *l);
void mirror_rules_free(struct mirror_rules *l);
void mirror_sessions_free(struct mirror_sessions *l);

/* Exactly one of the three. */
struct mirror_new_target {
	const char *interface_id;
	const char *load_balancer_arn;
	const char *endpoint_id;
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
int mirror_modify_filter_services(struct aws_client *c, const char *filter_id,
				  struct aws_names add, struct aws_names remove,
				  bool dry_run, struct aws_error *err);

/* Ports: {-1, -1} is all, as is protocol -1. */
struct mirror_new_rule {
	const char *filter_id;
	bool egress;
	bool reject;
	unsigned int number; /* unique in its direction */
	int protocol;
	int dst_from, dst_to;
	int src_from, src_to;
	const char *dst_cidr;
	const char *src_cidr;
	const char *description;
	struct aws_new_tags tags;
};
int mirror_create_rule(struct aws_client *c, const struct mirror_new_rule *r,
		       const char *token, bool dry_run,
		       struct mirror_rules *out, struct aws_error *err);
/* Makes rule id equal to r (filter_id and tags are not looked at). */
int mirror_modify_rule(struct aws_client *c, const char *id,
		       const struct mirror_new_rule *r, bool dry_run,
		       struct aws_error *err);
int mirror_delete_rule(struct aws_client *c, const char *id, bool dry_run,
		       struct aws_error *err);

struct mirror_new_session {
	const char *interface_id;
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
/* Sets what is not NULL, 0 or (vni) -1 in s; the source cannot change.
 * remove: "packet-length", "description", "virtual-network-id". */
int mirror_modify_session(struct aws_client *c, const char *id,
			  const struct mirror_new_session *s,
			  struct aws_names remove, bool dry_run,
			  struct aws_error *err);
int mirror_delete_session(struct aws_client *c, const char *id, bool dry_run,
			  struct aws_error *err);

int ec2_create_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err);
/* A tag with value NULL goes whatever its value is. */
int ec2_delete_tags(struct aws_client *c, struct aws_names ids,
		    struct aws_new_tags tags, bool dry_run,
		    struct aws_error *err);

/* The id is written to id. EC2 has no token for this call. */
#define EC2_ID_MAX 64
int ec2_create_group(struct aws_client *c, const char *name,
		     const char *description, const char *vpc_id,
		     struct aws_new_tags tags, bool dry_run,
		     char id[EC2_ID_MAX], struct aws_error *err);
int ec2_delete_group(struct aws_client *c, const char *id, bool dry_run,
		     struct aws_error *err);
/* The same, waiting while something that is being deleted still uses it (a
 * load balancer's interfaces stay for some minutes). */
int ec2_delete_group_wait(struct aws_client *c, const char *id,
			  unsigned int seconds, struct aws_error *err);

/* One permission; each of cidrs, ipv6_cidrs and groups becomes a rule. */
struct ec2_new_permission {
	const char *protocol; /* "udp", "tcp" */
	int from_port, to_port;
	struct aws_names cidrs, ipv6_cidrs;
	struct aws_names groups; /* ids of security groups */
	const char *description; /* of each rule */
};
int ec2_authorize_ingress(struct aws_client *c, const char *group_id,
			  const struct ec2_new_permission *p, bool dry_run,
			  struct aws_error *err);
int ec2_revoke_ingress(struct aws_client *c, const char *group_id,
		       const struct ec2_new_permission *p, bool dry_run,
		       struct aws_error *err);
int ec2_authorize_egress(struct aws_client *c, const char *group_id,
			 const struct ec2_new_permission *p, bool dry_run,
			 struct aws_error *err);
int ec2_revoke_egress(struct aws_client *c, const char *group_id,
		      const struct ec2_new_permission *p, bool dry_run,
		      struct aws_error *err);

/* Until what was just created is described: id of a target, filter or
 * session, or of a security group. */
int ec2_wait_visible(struct aws_client *c, const char *id, unsigned int seconds,
		     struct aws_error *err);

#endif
