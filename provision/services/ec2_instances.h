/* SPDX-License-Identifier: MIT */
/* EC2: regions, instances and network interfaces. */
#ifndef SERVICES_EC2_INSTANCES_H
#define SERVICES_EC2_INSTANCES_H

#include "services/ec2.h"

#define EC2_REGION(X)                 \
	X(STRING, name, "regionName") \
	X(STRING, endpoint, "regionEndpoint")
SHAPE(ec2_region, ec2_regions, EC2_REGION);

/* A security group that an interface or instance refers to. */
#define EC2_GROUP_REF(X)         \
	X(STRING, id, "groupId") \
	X(STRING, name, "groupName")
SHAPE(ec2_group_ref, ec2_group_refs, EC2_GROUP_REF);

#define EC2_INTERFACE(X)                                                     \
	X(KEY, id, "networkInterfaceId")                                     \
	/* interface, network_load_balancer, ... */                          \
	X(STRING, type, "interfaceType")                                     \
	X(STRING, status, "status") /* available, in-use, ... */             \
	X(STRING, description, "description")                                \
	/* NULL if not attached, or not attached to an instance */           \
	X(STRING, instance_id, "attachment/instanceId")                      \
	X(NUMBER, device_index, "attachment/deviceIndex") /* 0: primary */   \
	/* NULL inside struct ec2_instance */                                \
	X(STRING, zone, "availabilityZone")                                  \
	X(STRING, private_ip, "privateIpAddress")                            \
	/* All of its IPv4 addresses, the primary one first */               \
	X(STRINGS, private_ips, "privateIpAddressesSet", "privateIpAddress") \
	X(STRING, subnet_id, "subnetId")                                     \
	X(STRING, vpc_id, "vpcId")                                           \
	X(STRING, owner_id, "ownerId")                                       \
	X(STRING, requester_id, "requesterId")                               \
	X(BOOL, requester_managed, "requesterManaged")                       \
	X(STRINGS, ipv6, "ipv6AddressesSet", "ipv6Address")                  \
	X(LIST, groups, "groupSet", ec2_group_refs)                          \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_interface, ec2_interfaces, EC2_INTERFACE);

#define EC2_INSTANCE(X)                                            \
	X(KEY, id, "instanceId")                                   \
	X(STRING, type, "instanceType")                            \
	/* pending, running, stopped, ... */                       \
	X(STRING, state, "instanceState/name")                     \
	X(STRING, vpc_id, "vpcId")                                 \
	X(STRING, subnet_id, "subnetId")                           \
	X(STRING, zone, "placement/availabilityZone")              \
	X(STRING, private_ip, "privateIpAddress")                  \
	X(LIST, interfaces, "networkInterfaceSet", ec2_interfaces) \
	X(LIST, groups, "groupSet", ec2_group_refs)                \
	X(LIST, tags, "tagSet", aws_tags)
SHAPE(ec2_instance, ec2_instances, EC2_INSTANCE);

/* The regions that are enabled for the account. */
EC2_DESCRIBE(ec2_describe_regions, ec2_regions);
EC2_DESCRIBE(ec2_describe_interfaces, ec2_interfaces);
int ec2_describe_instances(struct aws_client *c, const struct ec2_select *which,
			   struct ec2_instances *out, struct aws_error *err);

#endif
