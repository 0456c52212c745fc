/* SPDX-License-Identifier: MIT */
/* Whether packets get through: evaluates security groups, network ACLs and
 * routes the way AWS does. */
#ifndef PLAN_NETCHECK_H
#define PLAN_NETCHECK_H

#include "model/inventory.h"

enum reachability {
	REACH_DENIED,
	REACH_ALLOWED,
	REACH_UNKNOWN, /* depends on something not loaded, such as a prefix list */
};

/* The traffic in question, seen from the side that receives or (ACL egress)
 * sends it. */
struct traffic {
	unsigned int protocol; /* 6, 17 */
	uint16_t port;	       /* destination */
	struct cidr peer;      /* remote address or block */
	/* Security groups of the remote interface as far as AWS considers them;
	 * may be NULL. */
	const struct ec2_group_refs *peer_groups;
};

/* For display: "UDP" for "udp", "TCP" for "tcp". */
const char *protocol_name(const char *protocol);

/* Whether the groups together admit the traffic. REACH_ALLOWED requires that
 * all of traffic->peer is admitted, possibly by several rules. */
enum reachability groups_allow(const struct inventory *inv,
			       const struct ec2_group_refs *groups,
			       const struct traffic *traffic);

/* Whether the network ACL of a subnet lets all of the traffic through;
 * REACH_UNKNOWN if its ACL was not loaded. */
enum reachability acl_allows(const struct inventory *inv, const char *subnet_id,
			     bool egress, const struct traffic *traffic);

/* The network ACL of a subnet; NULL if it was not loaded. */
const struct ec2_acl *acl_find(const struct inventory *inv,
			       const char *subnet_id);

/* The entry that denies some of the traffic: the final "*" entry if no other
 * matches. NULL if all of it gets through. */
const struct ec2_acl_entry *acl_denial(const struct ec2_acl *acl, bool egress,
				       const struct traffic *traffic);

/* The route table of a subnet: an explicitly associated one, else the main
 * table of its VPC. NULL if it was not loaded. */
const struct ec2_route_table *route_table_find(const struct inventory *inv,
					       const struct ec2_subnet *subnet);

/* The most specific route from a subnet to an address, or NULL if there is
 * none. *known is set to false if the loaded route tables cannot answer
 * this. */
const struct ec2_route *route_find(const struct inventory *inv,
				   const struct ec2_subnet *subnet,
				   const struct cidr *to, bool *known);

/* Whether a route stays within private networks (local, peering, transit
 * gateway, ...) and is no black hole. Mirrored packets never cross the
 * internet. */
bool route_private(const struct ec2_route *r);

/* The private address of an interface as a single-address block; false if it
 * has none. */
bool interface_address(const struct ec2_interface *eni, struct cidr *out);

#endif
