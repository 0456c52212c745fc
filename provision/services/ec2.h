/* SPDX-License-Identifier: MIT */
/* EC2: what its Describe actions have in common. */
#ifndef SERVICES_EC2_H
#define SERVICES_EC2_H

#include "client/client.h"
#include "client/shape.h"

/* Selects the resources with any of the ids that also match all filters. An id
 * that does not exist is an error. NULL: all resources. */
struct ec2_filter {
	const char *name; /* "vpc-id", "tag:Team" */
	struct aws_names values;
};
struct ec2_select {
	struct aws_names ids;
	const struct ec2_filter *filters;
	size_t n_filters;
};

/* A Describe action. */
struct ec2_describe {
	const char *action;
	const char *set;   /* element of the response that holds the items */
	const char *id;	   /* "SubnetId" for SubnetId.1, SubnetId.2, ... */
	shape_fn *shape;   /* of an item */
	unsigned int page; /* largest MaxResults allowed; 0: not paginated */
};

/* Reads all pages into out, a list of the shape; empty after an error. which
 * may be NULL. */
int ec2_describe(struct aws_client *c, const struct ec2_describe *d,
		 const struct ec2_select *which, void *out,
		 struct aws_error *err);

/* Declares a function that describes all resources, or those selected, and its
 * action: EC2_DESCRIBE(ec2_describe_subnets, ec2_subnets). */
#define EC2_DESCRIBE(function, list)                                       \
	extern const struct ec2_describe function##_action;                \
	int function(struct aws_client *c, const struct ec2_select *which, \
		     struct list *out, struct aws_error *err)

/* Defines both; the further arguments are the members of struct
 * ec2_describe. */
#define EC2_DESCRIBE_DEFINE(function, list, action, set, id, page)           \
	const struct ec2_describe function##_action = {action, set, id,      \
						       list##_shape, page};  \
	int function(struct aws_client *c, const struct ec2_select *which,   \
		     struct list *out, struct aws_error *err)                \
	{                                                                    \
		return ec2_describe(c, &function##_action, which, out, err); \
	}

#endif
