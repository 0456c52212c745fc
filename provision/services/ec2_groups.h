/* SPDX-License-Identifier: MIT */
/* EC2: changes to security groups. dry_run as in ec2_mirror.h. */
#ifndef SERVICES_EC2_GROUPS_H
#define SERVICES_EC2_GROUPS_H

#include "client/client.h"

#define EC2_ID_MAX 64

/* Writes the id of the new group to id. CreateSecurityGroup has no client
 * token; if a response is lost, a group with this name and all of the tags
 * counts as created by the lost attempt. */
int ec2_create_group(struct aws_client *c, const char *name,
		     const char *description, const char *vpc_id,
		     struct aws_new_tags tags, bool dry_run,
		     char id[EC2_ID_MAX], struct aws_error *err);
int ec2_delete_group(struct aws_client *c, const char *id, bool dry_run,
		     struct aws_error *err);
/* Retries for up to seconds while the group is in use: the interfaces of a
 * deleted load balancer linger for minutes. */
int ec2_delete_group_wait(struct aws_client *c, const char *id,
			  unsigned int seconds, struct aws_error *err);

/* Each of cidrs, ipv6_cidrs and groups becomes a rule of its own. */
struct ec2_new_permission {
	const char *protocol; /* "udp", "tcp" */
	int from_port, to_port;
	struct aws_names cidrs, ipv6_cidrs;
	struct aws_names groups;  /* ids of security groups */
	const char *description;  /* of each rule */
	struct aws_new_tags tags; /* of each rule; ignored in a revocation */
};
int ec2_authorize_ingress(struct aws_client *c, const char *group_id,
			  const struct ec2_new_permission *p, bool dry_run,
			  struct aws_error *err);
int ec2_revoke_ingress(struct aws_client *c, const char *group_id,
		       const struct ec2_new_permission *p, bool dry_run,
		       struct aws_error *err);
/* The same by the id of the rule, whatever it allows. */
int ec2_revoke_rule(struct aws_client *c, const char *group_id,
		    const char *rule_id, bool dry_run, struct aws_error *err);
/* Sets the description of an ingress rule; NULL: none. */
int ec2_rule_description(struct aws_client *c, const char *group_id,
			 const char *rule_id, const char *description,
			 bool dry_run, struct aws_error *err);

#endif
