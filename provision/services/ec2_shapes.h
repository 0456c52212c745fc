/* SPDX-License-Identifier: MIT */
/* Shapes that several of the EC2 files need, and their way to ask. */
#ifndef SERVICES_EC2_SHAPES_H
#define SERVICES_EC2_SHAPES_H

#include "client/call.h"
#include "services/ec2.h"

extern const struct shape ec2_shape_group_ref;
extern const struct shape ec2_shape_interface;

/* One of the Describe actions. */
struct ec2_list {
	const char *action;
	const char *set;
	const char *id; /* "SubnetId" of SubnetId.1 */
	const struct shape *shape;
	unsigned int page; /* largest allowed MaxResults; 0: no pages */
};

/* which may be NULL: everything. Many ids are asked for in several calls. */
int ec2_list(struct aws_client *c, const struct ec2_list *l,
	     const struct ec2_select *which, void *out, struct aws_error *err);

#endif
