/* SPDX-License-Identifier: MIT */
/* Whether a packet gets through: security groups, network ACLs and routes, as
 * AWS evaluates them. */
#ifndef PLAN_NETCHECK_H
#define PLAN_NETCHECK_H

#include "model/inventory.h"

enum verdict {
	VERDICT_NO,
	VERDICT_YES,
	VERDICT_UNKNOWN, /* depends on what was not read, e.g. a prefix list */
};

/* What wants through. */
struct flow {
	unsigned int protocol; /* 6, 17 */
	uint16_t port;	       /* destination */
	struct cidr peer;      /* the other end: address or block */
	/* Groups of the other end, where it has any that count. */
	const struct ec2_group_refs *peer_groups;
};

/* Whether one of the groups lets the flow in. All of flow.peer must get in
 * for VERDICT_YES; more than one rule may do it together. */
enum verdict groups_allow(const struct inventory *f,
			  const struct ec2_group_refs *groups,
			  const struct flow *flow);

/* Whether the ACL of a subnet lets all of the flow through; a subnet without
 * one that was read: VERDICT_UNKNOWN. */
enum verdict acl_allows(const struct inventory *f, const char *subnet_id,
			bool egress, const struct flow *flow);

/* The ACL of a subnet, NULL when none was read. */
const struct ec2_acl *acl_find(const struct inventory *f,
			       const char *subnet_id);

/* The entry that turns some of the flow away (the last one, "*", if no other
 * does), NULL when all of it gets through. */
const struct ec2_acl_entry *acl_denial(const struct ec2_acl *acl, bool egress,
				       const struct flow *flow);

/* The route table of a subnet: its own, or the main one of its VPC; NULL when
 * none was read. */
const struct ec2_route_table *route_table_find(const struct inventory *f,
					       const struct ec2_subnet *subnet);

/* The most specific route from a subnet to an address, NULL when there is
 * none. *known is false when the route tables do not tell (not read). */
const struct ec2_route *route_find(const struct inventory *f,
				   const struct ec2_subnet *subnet,
				   const struct cidr *to, bool *known);

/* Whether it leads inside: local, peering, transit gateway, and not into a
 * black hole. Mirrored packets do not go over the internet. */
bool route_private(const struct ec2_route *r);

/* The address of an interface as a block of one. */
bool interface_address(const struct ec2_interface *eni, struct cidr *out);

#endif
