/* SPDX-License-Identifier: MIT */
/* EC2: subnets, VPCs, security groups, routes, ACLs, endpoints. */
#include <string.h>

#include "services/ec2_shapes.h"

static const struct shape shape_ipv6_cidr = {
	sizeof(struct ec2_cidr),
	ROWS(ROW(ec2_cidr, cidr, STRING, "ipv6CidrBlock"),
	     ROW(ec2_cidr, state, STRING, "ipv6CidrBlockState/state")),
};

static const struct shape shape_cidr = {
	sizeof(struct ec2_cidr),
	ROWS(ROW(ec2_cidr, cidr, STRING, "cidrBlock"),
	     ROW(ec2_cidr, state, STRING, "cidrBlockState/state")),
};

static const struct shape shape_subnet = {
	sizeof(struct ec2_subnet),
	ROWS(ROW(ec2_subnet, id, STRING, "subnetId"),
	     ROW(ec2_subnet, vpc_id, STRING, "vpcId"),
	     ROW(ec2_subnet, zone, STRING, "availabilityZone"),
	     ROW(ec2_subnet, zone_id, STRING, "availabilityZoneId"),
	     ROW(ec2_subnet, cidr, STRING, "cidrBlock"),
	     ROW(ec2_subnet, state, STRING, "state"),
	     ROW(ec2_subnet, free_addresses, NUMBER, "availableIpAddressCount"),
	     ROW(ec2_subnet, public_ip_on_launch, BOOL, "mapPublicIpOnLaunch"),
	     ROW(ec2_subnet, ipv6_only, BOOL, "ipv6Native"),
	     ROW(ec2_subnet, ipv6_cidrs, LIST, "ipv6CidrBlockAssociationSet",
		 .of = &shape_ipv6_cidr),
	     ROW(ec2_subnet, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_vpc = {
	sizeof(struct ec2_vpc),
	ROWS(ROW(ec2_vpc, id, STRING, "vpcId"),
	     ROW(ec2_vpc, cidr, STRING, "cidrBlock"),
	     ROW(ec2_vpc, state, STRING, "state"),
	     ROW(ec2_vpc, owner_id, STRING, "ownerId"),
	     ROW(ec2_vpc, is_default, BOOL, "isDefault"),
	     ROW(ec2_vpc, cidrs, LIST, "cidrBlockAssociationSet",
		 .of = &shape_cidr),
	     ROW(ec2_vpc, ipv6_cidrs, LIST, "ipv6CidrBlockAssociationSet",
		 .of = &shape_ipv6_cidr),
	     ROW(ec2_vpc, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_range = {
	sizeof(struct ec2_range),
	ROWS(ROW(ec2_range, cidr, STRING, "cidrIp"),
	     ROW(ec2_range, description, STRING, "description")),
};

static const struct shape shape_ipv6_range = {
	sizeof(struct ec2_range),
	ROWS(ROW(ec2_range, cidr, STRING, "cidrIpv6"),
	     ROW(ec2_range, description, STRING, "description")),
};

static const struct shape shape_pair = {
	sizeof(struct ec2_group_pair),
	ROWS(ROW(ec2_group_pair, group_id, STRING, "groupId"),
	     ROW(ec2_group_pair, owner_id, STRING, "userId"),
	     ROW(ec2_group_pair, vpc_id, STRING, "vpcId"),
	     ROW(ec2_group_pair, description, STRING, "description")),
};

static const struct shape shape_prefix_list = {
	sizeof(struct ec2_prefix_list),
	ROWS(ROW(ec2_prefix_list, id, STRING, "prefixListId"),
	     ROW(ec2_prefix_list, description, STRING, "description")),
};

static const struct shape shape_permission = {
	sizeof(struct ec2_permission),
	ROWS(ROW(ec2_permission, protocol, STRING, "ipProtocol"),
	     ROW(ec2_permission, from_port, NUMBER, "fromPort", .missing = -1),
	     ROW(ec2_permission, to_port, NUMBER, "toPort", .missing = -1),
	     ROW(ec2_permission, ranges, LIST, "ipRanges", .of = &shape_range),
	     ROW(ec2_permission, ipv6_ranges, LIST, "ipv6Ranges",
		 .of = &shape_ipv6_range),
	     ROW(ec2_permission, groups, LIST, "groups", .of = &shape_pair),
	     ROW(ec2_permission, prefix_lists, LIST, "prefixListIds",
		 .of = &shape_prefix_list)),
};

static const struct shape shape_group = {
	sizeof(struct ec2_group),
	ROWS(ROW(ec2_group, id, STRING, "groupId"),
	     ROW(ec2_group, name, STRING, "groupName"),
	     ROW(ec2_group, description, STRING, "groupDescription"),
	     ROW(ec2_group, vpc_id, STRING, "vpcId"),
	     ROW(ec2_group, owner_id, STRING, "ownerId"),
	     ROW(ec2_group, ingress, LIST, "ipPermissions",
		 .of = &shape_permission),
	     ROW(ec2_group, egress, LIST, "ipPermissionsEgress",
		 .of = &shape_permission),
	     ROW(ec2_group, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_route = {
	sizeof(struct ec2_route),
	ROWS(ROW(ec2_route, cidr, STRING, "destinationCidrBlock"),
	     ROW(ec2_route, ipv6_cidr, STRING, "destinationIpv6CidrBlock"),
	     ROW(ec2_route, prefix_list, STRING, "destinationPrefixListId"),
	     ROW(ec2_route, gateway_id, STRING, "gatewayId"),
	     ROW(ec2_route, interface_id, STRING, "networkInterfaceId"),
	     ROW(ec2_route, instance_id, STRING, "instanceId"),
	     ROW(ec2_route, nat_gateway_id, STRING, "natGatewayId"),
	     ROW(ec2_route, transit_gateway_id, STRING, "transitGatewayId"),
	     ROW(ec2_route, peering_id, STRING, "vpcPeeringConnectionId"),
	     ROW(ec2_route, state, STRING, "state")),
};

static const struct shape shape_route_association = {
	sizeof(struct ec2_route_association),
	ROWS(ROW(ec2_route_association, subnet_id, STRING, "subnetId"),
	     ROW(ec2_route_association, gateway_id, STRING, "gatewayId"),
	     ROW(ec2_route_association, main, BOOL, "main")),
};

static const struct shape shape_route_table = {
	sizeof(struct ec2_route_table),
	ROWS(ROW(ec2_route_table, id, STRING, "routeTableId"),
	     ROW(ec2_route_table, vpc_id, STRING, "vpcId"),
	     ROW(ec2_route_table, associations, LIST, "associationSet",
		 .of = &shape_route_association),
	     ROW(ec2_route_table, routes, LIST, "routeSet", .of = &shape_route),
	     ROW(ec2_route_table, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_acl_entry = {
	sizeof(struct ec2_acl_entry),
	ROWS(ROW(ec2_acl_entry, number, NUMBER, "ruleNumber"),
	     ROW(ec2_acl_entry, egress, BOOL, "egress"),
	     ROW(ec2_acl_entry, action, STRING, "ruleAction"),
	     ROW(ec2_acl_entry, protocol, STRING, "protocol"),
	     ROW(ec2_acl_entry, cidr, STRING, "cidrBlock"),
	     ROW(ec2_acl_entry, ipv6_cidr, STRING, "ipv6CidrBlock"),
	     ROW(ec2_acl_entry, from_port, NUMBER, "portRange/from",
		 .missing = -1),
	     ROW(ec2_acl_entry, to_port, NUMBER, "portRange/to",
		 .missing = -1)),
};

static const struct shape shape_acl = {
	sizeof(struct ec2_acl),
	ROWS(ROW(ec2_acl, id, STRING, "networkAclId"),
	     ROW(ec2_acl, vpc_id, STRING, "vpcId"),
	     ROW(ec2_acl, is_default, BOOL, "default"),
	     ROW(ec2_acl, subnet_ids, STRINGS, "associationSet",
		 .inner = "subnetId"),
	     ROW(ec2_acl, entries, LIST, "entrySet", .of = &shape_acl_entry),
	     ROW(ec2_acl, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_endpoint = {
	sizeof(struct ec2_endpoint),
	ROWS(ROW(ec2_endpoint, id, STRING, "vpcEndpointId"),
	     ROW(ec2_endpoint, type, STRING, "vpcEndpointType"),
	     ROW(ec2_endpoint, vpc_id, STRING, "vpcId"),
	     ROW(ec2_endpoint, service, STRING, "serviceName"),
	     ROW(ec2_endpoint, state, STRING, "state"),
	     ROW(ec2_endpoint, subnet_ids, STRINGS, "subnetIdSet"),
	     ROW(ec2_endpoint, interface_ids, STRINGS, "networkInterfaceIdSet"),
	     ROW(ec2_endpoint, tags, LIST, "tagSet", .of = &shape_tag)),
};

int ec2_describe_subnets(struct aws_client *c, const struct ec2_select *which,
			 struct ec2_subnets *out, struct aws_error *err)
{
	static const struct ec2_list l = {"DescribeSubnets", "subnetSet",
					  "SubnetId", &shape_subnet, 1000};

	return ec2_list(c, &l, which, out, err);
}

int ec2_describe_vpcs(struct aws_client *c, const struct ec2_select *which,
		      struct ec2_vpcs *out, struct aws_error *err)
{
	static const struct ec2_list l = {"DescribeVpcs", "vpcSet", "VpcId",
					  &shape_vpc, 1000};

	return ec2_list(c, &l, which, out, err);
}

int ec2_describe_groups(struct aws_client *c, const struct ec2_select *which,
			struct ec2_groups *out, struct aws_error *err)
{
	static const struct ec2_list l = {"DescribeSecurityGroups",
					  "securityGroupInfo", "GroupId",
					  &shape_group, 1000};

	return ec2_list(c, &l, which, out, err);
}

int ec2_describe_route_tables(struct aws_client *c,
			      const struct ec2_select *which,
			      struct ec2_route_tables *out,
			      struct aws_error *err)
{
	static const struct ec2_list l = {"DescribeRouteTables",
					  "routeTableSet", "RouteTableId",
					  &shape_route_table, 100};

	return ec2_list(c, &l, which, out, err);
}

int ec2_describe_acls(struct aws_client *c, const struct ec2_select *which,
		      struct ec2_acls *out, struct aws_error *err)
{
	static const struct ec2_list l = {"DescribeNetworkAcls",
					  "networkAclSet", "NetworkAclId",
					  &shape_acl, 1000};
	int error = ec2_list(c, &l, which, out, err);
	size_t i, j;

	for (i = 0; !error && i < out->n; i++)
		for (j = 0; j < out->items[i].entries.n; j++) {
			struct ec2_acl_entry *e =
				&out->items[i].entries.items[j];

			e->allow = e->action && !strcmp(e->action, "allow");
		}
	return error;
}

int ec2_describe_endpoints(struct aws_client *c, const struct ec2_select *which,
			   struct ec2_endpoints *out, struct aws_error *err)
{
	static const struct ec2_list l = {"DescribeVpcEndpoints",
					  "vpcEndpointSet", "VpcEndpointId",
					  &shape_endpoint, 1000};

	return ec2_list(c, &l, which, out, err);
}

void ec2_subnets_free(struct ec2_subnets *l)
{
	shape_free_list(&shape_subnet, (struct shape_list *)l);
}

void ec2_vpcs_free(struct ec2_vpcs *l)
{
	shape_free_list(&shape_vpc, (struct shape_list *)l);
}

void ec2_groups_free(struct ec2_groups *l)
{
	shape_free_list(&shape_group, (struct shape_list *)l);
}

void ec2_route_tables_free(struct ec2_route_tables *l)
{
	shape_free_list(&shape_route_table, (struct shape_list *)l);
}

void ec2_acls_free(struct ec2_acls *l)
{
	shape_free_list(&shape_acl, (struct shape_list *)l);
}

void ec2_endpoints_free(struct ec2_endpoints *l)
{
	shape_free_list(&shape_endpoint, (struct shape_list *)l);
}
