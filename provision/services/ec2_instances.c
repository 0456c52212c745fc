/* SPDX-License-Identifier: MIT */
/* EC2: regions, zones, instances, their types and interfaces. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "services/ec2_shapes.h"

static const struct shape shape_region = {
	sizeof(struct ec2_region),
	ROWS(ROW(ec2_region, name, STRING, "regionName"),
	     ROW(ec2_region, endpoint, STRING, "regionEndpoint"),
	     ROW(ec2_region, opt_in, STRING, "optInStatus")),
};

static const struct shape shape_zone = {
	sizeof(struct ec2_zone),
	ROWS(ROW(ec2_zone, name, STRING, "zoneName"),
	     ROW(ec2_zone, id, STRING, "zoneId"),
	     ROW(ec2_zone, region, STRING, "regionName"),
	     ROW(ec2_zone, state, STRING, "zoneState"),
	     ROW(ec2_zone, type, STRING, "zoneType")),
};

const struct shape ec2_shape_group_ref = {
	sizeof(struct ec2_group_ref),
	ROWS(ROW(ec2_group_ref, id, STRING, "groupId"),
	     ROW(ec2_group_ref, name, STRING, "groupName")),
};

const struct shape ec2_shape_interface = {
	sizeof(struct ec2_interface),
	ROWS(ROW(ec2_interface, id, STRING, "networkInterfaceId"),
	     ROW(ec2_interface, type, STRING, "interfaceType"),
	     ROW(ec2_interface, status, STRING, "status"),
	     ROW(ec2_interface, description, STRING, "description"),
	     ROW(ec2_interface, instance_id, STRING, "attachment/instanceId"),
	     ROW(ec2_interface, attachment_id, STRING,
		 "attachment/attachmentId"),
	     ROW(ec2_interface, attachment_status, STRING, "attachment/status"),
	     ROW(ec2_interface, instance_owner_id, STRING,
		 "attachment/instanceOwnerId"),
	     ROW(ec2_interface, device_index, NUMBER, "attachment/deviceIndex"),
	     ROW(ec2_interface, zone, STRING, "availabilityZone"),
	     ROW(ec2_interface, private_ip, STRING, "privateIpAddress"),
	     ROW(ec2_interface, subnet_id, STRING, "subnetId"),
	     ROW(ec2_interface, vpc_id, STRING, "vpcId"),
	     ROW(ec2_interface, owner_id, STRING, "ownerId"),
	     ROW(ec2_interface, requester_id, STRING, "requesterId"),
	     ROW(ec2_interface, requester_managed, BOOL, "requesterManaged"),
	     ROW(ec2_interface, ipv6, STRINGS, "ipv6AddressesSet",
		 .inner = "ipv6Address"),
	     ROW(ec2_interface, groups, LIST, "groupSet",
		 .of = &ec2_shape_group_ref),
	     ROW(ec2_interface, tags, LIST, "tagSet", .of = &shape_tag)),
};

static const struct shape shape_instance = {
	sizeof(struct ec2_instance),
	ROWS(ROW(ec2_instance, id, STRING, "instanceId"),
	     ROW(ec2_instance, type, STRING, "instanceType"),
	     ROW(ec2_instance, state, STRING, "instanceState/name"),
	     ROW(ec2_instance, vpc_id, STRING, "vpcId"),
	     ROW(ec2_instance, subnet_id, STRING, "subnetId"),
	     ROW(ec2_instance, zone, STRING, "placement/availabilityZone"),
	     ROW(ec2_instance, private_ip, STRING, "privateIpAddress"),
	     ROW(ec2_instance, public_ip, STRING, "ipAddress"),
	     ROW(ec2_instance, hypervisor, STRING, "hypervisor"),
	     ROW(ec2_instance, interfaces, LIST, "networkInterfaceSet",
		 .of = &ec2_shape_interface),
	     ROW(ec2_instance, groups, LIST, "groupSet",
		 .of = &ec2_shape_group_ref),
	     ROW(ec2_instance, tags, LIST, "tagSet", .of = &shape_tag)),
};

/* Instances come in reservations, which mean nothing to us. */
struct reservation {
	struct ec2_instances instances;
};
struct reservations {
	struct reservation *items;
	size_t n;
};
static const struct shape shape_reservation = {
	sizeof(struct reservation),
	ROWS(ROW(reservation, instances, LIST, "instancesSet",
		 .of = &shape_instance)),
};

static const struct shape shape_type = {
	sizeof(struct ec2_instance_type),
	ROWS(ROW(ec2_instance_type, name, STRING, "instanceType"),
	     ROW(ec2_instance_type, hypervisor, STRING, "hypervisor"),
	     ROW(ec2_instance_type, bare_metal, BOOL, "bareMetal"),
	     ROW(ec2_instance_type, network_performance, STRING,
		 "networkInfo/networkPerformance"),
	     ROW(ec2_instance_type, max_interfaces, NUMBER,
		 "networkInfo/maximumNetworkInterfaces")),
};

int ec2_describe_regions(struct aws_client *c, struct ec2_regions *out,
			 struct aws_error *err)
{
	static const struct ec2_list l = {.action = "DescribeRegions",
					  .set = "regionInfo",
					  .id = "RegionName",
					  .shape = &shape_region};

	return ec2_list(c, &l, NULL, out, err);
}

int ec2_describe_zones(struct aws_client *c, const struct ec2_select *which,
		       struct ec2_zones *out, struct aws_error *err)
{
	static const struct ec2_list l = {.action = "DescribeAvailabilityZones",
					  .set = "availabilityZoneInfo",
					  .id = "ZoneName",
					  .shape = &shape_zone};

	return ec2_list(c, &l, which, out, err);
}

int ec2_describe_interfaces(struct aws_client *c,
			    const struct ec2_select *which,
			    struct ec2_interfaces *out, struct aws_error *err)
{
	static const struct ec2_list l = {.action = "DescribeNetworkInterfaces",
					  .set = "networkInterfaceSet",
					  .id = "NetworkInterfaceId",
					  .shape = &ec2_shape_interface,
					  .page = 1000};

	return ec2_list(c, &l, which, out, err);
}

/* Moves all instances of all reservations to out. */
static int flatten(struct reservations *from, struct ec2_instances *out)
{
	size_t i, n = 0;

	*out = (struct ec2_instances){0};
	for (i = 0; i < from->n; i++)
		n += from->items[i].instances.n;
	if (!n)
		return 0;
	out->items = calloc(n, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	for (i = 0; i < from->n; i++) {
		struct ec2_instances *in = &from->items[i].instances;

		if (in->n)
			memcpy(out->items + out->n, in->items,
			       in->n * sizeof(*in->items));
		out->n += in->n;
		in->n = 0;
	}
	return 0;
}

int ec2_describe_instances(struct aws_client *c, const struct ec2_select *which,
			   struct ec2_instances *out, struct aws_error *err)
{
	static const struct ec2_list l = {.action = "DescribeInstances",
					  .set = "reservationSet",
					  .id = "InstanceId",
					  .shape = &shape_reservation,
					  .page = 1000};
	struct reservations all;
	int error = ec2_list(c, &l, which, &all, err);

	*out = (struct ec2_instances){0};
	if (error)
		return error;
	error = flatten(&all, out);
	shape_free_list(&shape_reservation, (struct shape_list *)&all);
	return error ? aws_error_no_memory(err) : 0;
}

int ec2_describe_instance_types(struct aws_client *c,
				const struct ec2_select *which,
				struct ec2_instance_types *out,
				struct aws_error *err)
{
	static const struct ec2_list l = {.action = "DescribeInstanceTypes",
					  .set = "instanceTypeSet",
					  .id = "InstanceType",
					  .shape = &shape_type,
					  .page = 100};

	return ec2_list(c, &l, which, out, err);
}

void ec2_regions_free(struct ec2_regions *l)
{
	shape_free_list(&shape_region, (struct shape_list *)l);
}

void ec2_zones_free(struct ec2_zones *l)
{
	shape_free_list(&shape_zone, (struct shape_list *)l);
}

void ec2_instances_free(struct ec2_instances *l)
{
	shape_free_list(&shape_instance, (struct shape_list *)l);
}

void ec2_instance_types_free(struct ec2_instance_types *l)
{
	shape_free_list(&shape_type, (struct shape_list *)l);
}

void ec2_interfaces_free(struct ec2_interfaces *l)
{
	shape_free_list(&ec2_shape_interface, (struct shape_list *)l);
}
