/* SPDX-License-Identifier: MIT */
/* The tables of the network shapes, and the actions that describe them. */
#include "services/ec2_network.h"

SHAPE_TABLE(ec2_cidr, ec2_cidrs, EC2_CIDR)
SHAPE_TABLE(ec2_subnet, ec2_subnets, EC2_SUBNET)
SHAPE_TABLE(ec2_vpc, ec2_vpcs, EC2_VPC)
SHAPE_TABLE(ec2_range, ec2_ranges, EC2_RANGE)
SHAPE_TABLE(ec2_group_pair, ec2_group_pairs, EC2_GROUP_PAIR)
SHAPE_TABLE(ec2_prefix_list, ec2_prefix_lists, EC2_PREFIX_LIST)
SHAPE_TABLE(ec2_permission, ec2_permissions, EC2_PERMISSION)
SHAPE_TABLE(ec2_group, ec2_groups, EC2_GROUP)
SHAPE_TABLE(ec2_group_rule, ec2_group_rules, EC2_GROUP_RULE)
SHAPE_TABLE(ec2_route, ec2_routes, EC2_ROUTE)
SHAPE_TABLE(ec2_route_association, ec2_route_associations,
	    EC2_ROUTE_ASSOCIATION)
SHAPE_TABLE(ec2_route_table, ec2_route_tables, EC2_ROUTE_TABLE)
SHAPE_TABLE(ec2_acl_entry, ec2_acl_entries, EC2_ACL_ENTRY)
SHAPE_TABLE(ec2_acl, ec2_acls, EC2_ACL)
SHAPE_TABLE(ec2_endpoint, ec2_endpoints, EC2_ENDPOINT)

EC2_DESCRIBE_DEFINE(ec2_describe_subnets, ec2_subnets, "DescribeSubnets",
		    "subnetSet", "SubnetId", 1000)
EC2_DESCRIBE_DEFINE(ec2_describe_vpcs, ec2_vpcs, "DescribeVpcs", "vpcSet",
		    "VpcId", 1000)
EC2_DESCRIBE_DEFINE(ec2_describe_groups, ec2_groups, "DescribeSecurityGroups",
		    "securityGroupInfo", "GroupId", 1000)
EC2_DESCRIBE_DEFINE(ec2_describe_group_rules, ec2_group_rules,
		    "DescribeSecurityGroupRules", "securityGroupRuleSet",
		    "SecurityGroupRuleId", 1000)
EC2_DESCRIBE_DEFINE(ec2_describe_route_tables, ec2_route_tables,
		    "DescribeRouteTables", "routeTableSet", "RouteTableId", 100)
EC2_DESCRIBE_DEFINE(ec2_describe_acls, ec2_acls, "DescribeNetworkAcls",
		    "networkAclSet", "NetworkAclId", 1000)
EC2_DESCRIBE_DEFINE(ec2_describe_endpoints, ec2_endpoints,
		    "DescribeVpcEndpoints", "vpcEndpointSet", "VpcEndpointId",
		    1000)
