/* SPDX-License-Identifier: MIT */
/* Whether a packet gets through: security groups, network ACLs and routes, as
 * AWS evaluates them. */
#ifndef PLAN_NETCHECK_H
#define PLAN_NETCHECK_H

#include "model/inventory.h"

enum reachability {
	REACH_DENIED,
	REACH_ALLOWED,
	REACH_UNKNOWN, /* depends on what was not read, e.g. a prefix list */
};

/* What wants through. */
struct traffic {
	unsigned int protocol; /* 6, 17 */
	uint16_t port;	       /* destination */
	struct cidr peer;      /* the other end: address or block */
	/* Groups of the other end, where it has any that count. */
	const struct ec2_group_refs *peer_groups;
};

/* Whether one of the groups lets the flow in. All of traffic.peer must get in
 * for REACH_ALLOWED; more than one rule may do it together. */
enum reachability groups_allow(const struct inventory *inv,
			       const struct ec2_group_refs *groups,
			       const struct traffic *traffic);

/* Whether the ACL of a subnet lets all of the flow through; a subnet without
 * one that was read: REACH_UNKNOWN. */
enum reachability acl_allows(const struct inventory *inv, const char *subnet_id,
			     bool egress, const struct traffic *traffic);

/* The ACL of a subnet, NULL when none was read. */
const struct ec2_acl *acl_find(const struct inventory *inv,
			       const char *subnet_id);

/* The entry that turns some of the flow away (the last one, "*", if no other
 * does), NULL when all of it gets through. */
const struct ec2_acl_entry *acl_denial(const struct ec2_acl *acl, bool egress,
				       const struct traffic *traffic);

/* The route table of a subnet: its own, or the main one of its VPC; NULL when
 * none was read. */
const struct ec2_route_table *route_table_find(const struct inventory *inv,
					       const struct ec2_subnet *subnet);

/* The most specific route from a subnet to an address, NULL when there is
 * none. *known is false when the route tables do not tell (not read). */
const struct ec2_route *route_find(const struct inventory *inv,
				   const struct ec2_subnet *subnet,
				   const struct cidr *to, bool *known);

/* Whether it leads inside: local, peering, transit gateway, and not into a
 * black hole. Mirrored packets do not go over the internet. */
bool route_private(const struct ec2_route *r);

/* The address of an interface as a block of one. */
bool interface_address(const struct ec2_interface *eni, struct cidr *out);

#endif
