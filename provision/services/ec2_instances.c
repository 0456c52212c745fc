/* SPDX-License-Identifier: MIT */
/* Describes regions, instances and network interfaces. DescribeInstances groups
 * instances by reservation (one RunInstances call), which is flattened here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "services/ec2_instances.h"

SHAPE_TABLE(ec2_region, ec2_regions, EC2_REGION)
SHAPE_TABLE(ec2_group_ref, ec2_group_refs, EC2_GROUP_REF)
SHAPE_TABLE(ec2_interface, ec2_interfaces, EC2_INTERFACE)
SHAPE_TABLE(ec2_instance, ec2_instances, EC2_INSTANCE)

#define EC2_RESERVATION(X) X(LIST, instances, "instancesSet", ec2_instances)
SHAPE(ec2_reservation, ec2_reservations, EC2_RESERVATION);
SHAPE_TABLE(ec2_reservation, ec2_reservations, EC2_RESERVATION)

EC2_DESCRIBE_DEFINE(ec2_describe_regions, ec2_regions, "DescribeRegions",
		    "regionInfo", "RegionName", 0)
EC2_DESCRIBE_DEFINE(ec2_describe_interfaces, ec2_interfaces,
		    "DescribeNetworkInterfaces", "networkInterfaceSet",
		    "NetworkInterfaceId", 1000)

/* Moves all instances of all reservations to out. */
static int flatten(struct ec2_reservations *from, struct ec2_instances *out)
{
	size_t n = 0;

	FOREACH(r, from)
		n += r->instances.n;
	if (!n)
		return 0;
	out->items = calloc(n, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	FOREACH(r, from) {
		struct ec2_instances *in = &r->instances;

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
	static const struct ec2_describe d = {"DescribeInstances",
					      "reservationSet", "InstanceId",
					      ec2_reservations_shape, 1000};
	struct ec2_reservations all;
	int error = ec2_describe(c, &d, which, &all, err);

	*out = (struct ec2_instances){0};
	if (error)
		return error;
	error = flatten(&all, out);
	ec2_reservations_free(&all);
	return error ? aws_error_no_memory(err) : 0;
}
