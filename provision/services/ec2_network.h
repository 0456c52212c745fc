/* SPDX-License-Identifier: MIT */
/* EC2: subnets, VPCs, security groups, route tables, network ACLs, endpoints. */
#ifndef SERVICES_EC2_NETWORK_H
#define SERVICES_EC2_NETWORK_H

#include "services/ec2.h"

/* A CIDR block associated with a VPC or subnet, IPv4 or IPv6. */
#define EC2_CIDR(X)                                \
	X(STRING, cidr, "cidrBlock|ipv6CidrBlock") \
	/* associated, ... */                      \
	X(STRING, state, "cidrBlockState/state|ipv6CidrBlockState/state")
SHAPE(ec2_cidr, ec2_cidrs, EC2_CIDR);

#define EC2_SUBNET(X)                                                 \
	X(KEY, id, "subnetId")                                        \
	X(STRING, vpc_id, "vpcId")                                    \
	X(STRING, zone, "availabilityZone")                           \
	X(STRING, cidr, "cidrBlock")                                  \
	X(STRING, state, "state")                                     \
	X(NUMBER, free_addresses, "availableIpAddressCount")          \
	X(BOOL, ipv6_only, "ipv6Native")                              \
	X(LIST, ipv6_cidrs, "ipv6CidrBlockAssociationSet", ec2_cidrs) \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_subnet, ec2_subnets, EC2_SUBNET);

#define EC2_VPC(X)                                                    \
	X(KEY, id, "vpcId")                                           \
	X(STRING, cidr, "cidrBlock")                                  \
	X(STRING, state, "state")                                     \
	X(STRING, owner_id, "ownerId")                                \
	X(LIST, cidrs, "cidrBlockAssociationSet",                     \
	  ec2_cidrs) /* includes cidr */                              \
	X(LIST, ipv6_cidrs, "ipv6CidrBlockAssociationSet", ec2_cidrs) \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_vpc, ec2_vpcs, EC2_VPC);

#define EC2_RANGE(X)                       \
	X(STRING, cidr, "cidrIp|cidrIpv6") \
	X(STRING, description, "description")
SHAPE(ec2_range, ec2_ranges, EC2_RANGE);

#define EC2_GROUP_PAIR(X)              \
	X(STRING, group_id, "groupId") \
	X(STRING, owner_id, "userId")  \
	X(STRING, vpc_id, "vpcId")     \
	X(STRING, description, "description")
SHAPE(ec2_group_pair, ec2_group_pairs, EC2_GROUP_PAIR);

#define EC2_PREFIX_LIST(X)            \
	X(STRING, id, "prefixListId") \
	X(STRING, description, "description")
SHAPE(ec2_prefix_list, ec2_prefix_lists, EC2_PREFIX_LIST);

/* One rule of a security group: a protocol and a port range, from or to each of
 * the ranges, groups and prefix lists. */
#define EC2_PERMISSION(X)                                                     \
	X(STRING, protocol, "ipProtocol")    /* "tcp", a number, "-1": all */ \
	X(NUMBER, from_port, "fromPort", -1) /* -1: all */                    \
	X(NUMBER, to_port, "toPort", -1)                                      \
	X(LIST, ranges, "ipRanges", ec2_ranges)                               \
	X(LIST, ipv6_ranges, "ipv6Ranges", ec2_ranges)                        \
	X(LIST, groups, "groups", ec2_group_pairs)                            \
	X(LIST, prefix_lists, "prefixListIds", ec2_prefix_lists)
SHAPE(ec2_permission, ec2_permissions, EC2_PERMISSION);

#define EC2_GROUP(X)                                            \
	X(KEY, id, "groupId")                                   \
	X(STRING, name, "groupName")                            \
	X(STRING, description, "groupDescription")              \
	X(STRING, vpc_id, "vpcId")                              \
	X(STRING, owner_id, "ownerId")                          \
	X(LIST, ingress, "ipPermissions", ec2_permissions)      \
	X(LIST, egress, "ipPermissionsEgress", ec2_permissions) \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_group, ec2_groups, EC2_GROUP);

/* A rule of a security group by itself: EC2_PERMISSION has neither id nor tags. */
#define EC2_GROUP_RULE(X)                                  \
	X(KEY, id, "securityGroupRuleId")                  \
	X(STRING, group_id, "groupId")                     \
	X(BOOL, egress, "isEgress")                        \
	X(STRING, protocol, "ipProtocol")                  \
	X(NUMBER, from_port, "fromPort", -1) /* -1: all */ \
	X(NUMBER, to_port, "toPort", -1)                   \
	X(STRING, cidr, "cidrIpv4|cidrIpv6")               \
	X(STRING, peer, "referencedGroupInfo/groupId")     \
	X(STRING, description, "description")              \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_group_rule, ec2_group_rules, EC2_GROUP_RULE);

/* One destination (cidr, ipv6_cidr or prefix_list) and one next hop. */
#define EC2_ROUTE(X)                                                        \
	X(STRING, cidr, "destinationCidrBlock")                             \
	X(STRING, ipv6_cidr, "destinationIpv6CidrBlock")                    \
	X(STRING, prefix_list, "destinationPrefixListId")                   \
	X(STRING, gateway_id, "gatewayId") /* "local", igw-, vgw-, vpce- */ \
	X(STRING, interface_id, "networkInterfaceId")                       \
	X(STRING, instance_id, "instanceId")                                \
	X(STRING, transit_gateway_id, "transitGatewayId")                   \
	X(STRING, core_network, "coreNetworkArn")                           \
	X(STRING, peering_id, "vpcPeeringConnectionId")                     \
	X(STRING, state, "state") /* active, blackhole */
SHAPE(ec2_route, ec2_routes, EC2_ROUTE);

#define EC2_ROUTE_ASSOCIATION(X)                                          \
	X(STRING, subnet_id, "subnetId") /* NULL: main or of a gateway */ \
	X(STRING, gateway_id, "gatewayId")                                \
	X(BOOL, main, "main") /* for subnets without an association */
SHAPE(ec2_route_association, ec2_route_associations, EC2_ROUTE_ASSOCIATION);

#define EC2_ROUTE_TABLE(X)                                              \
	X(KEY, id, "routeTableId")                                      \
	X(STRING, vpc_id, "vpcId")                                      \
	X(LIST, associations, "associationSet", ec2_route_associations) \
	X(LIST, routes, "routeSet", ec2_routes)                         \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_route_table, ec2_route_tables, EC2_ROUTE_TABLE);

#define EC2_ACL_ENTRY(X)                                          \
	/* evaluated in ascending order; 32767: "*" */            \
	X(NUMBER, number, "ruleNumber")                           \
	X(BOOL, egress, "egress")                                 \
	X(EQUALS, allow, "ruleAction", "allow")                   \
	X(STRING, protocol, "protocol") /* a number, "-1": all */ \
	X(STRING, cidr, "cidrBlock")	/* or ipv6_cidr */        \
	X(STRING, ipv6_cidr, "ipv6CidrBlock")                     \
	X(NUMBER, from_port, "portRange/from", -1) /* -1: all */  \
	X(NUMBER, to_port, "portRange/to", -1)
SHAPE(ec2_acl_entry, ec2_acl_entries, EC2_ACL_ENTRY);

#define EC2_ACL(X)                                                            \
	X(KEY, id, "networkAclId")                                            \
	X(STRING, vpc_id, "vpcId")                                            \
	X(STRINGS, subnet_ids, "associationSet", "subnetId") /* associated */ \
	X(LIST, entries, "entrySet", ec2_acl_entries)                         \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_acl, ec2_acls, EC2_ACL);

#define EC2_ENDPOINT(X)                                \
	X(KEY, id, "vpcEndpointId") /* vpce- */        \
	/* GatewayLoadBalancer, Interface, ... */      \
	X(STRING, type, "vpcEndpointType")             \
	X(STRING, vpc_id, "vpcId")                     \
	X(STRING, service, "serviceName")              \
	X(STRING, state, "state") /* available, ... */ \
	X(STRINGS, subnet_ids, "subnetIdSet")          \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_endpoint, ec2_endpoints, EC2_ENDPOINT);

EC2_DESCRIBE(ec2_describe_subnets, ec2_subnets);
EC2_DESCRIBE(ec2_describe_vpcs, ec2_vpcs);
EC2_DESCRIBE(ec2_describe_groups, ec2_groups);
EC2_DESCRIBE(ec2_describe_group_rules, ec2_group_rules);
EC2_DESCRIBE(ec2_describe_route_tables, ec2_route_tables);
EC2_DESCRIBE(ec2_describe_acls, ec2_acls);
EC2_DESCRIBE(ec2_describe_endpoints, ec2_endpoints);

#endif
