/* SPDX-License-Identifier: MIT */
/* One-line descriptions of resources. Strings belong to the arena or the
 * inventory. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "model/inventory.h"

/* "network load balancer metlo-1a2b", "network interface eni-1 (collector)" */
const char *describe_target(struct arena *a, const struct inventory *inv,
			    const struct mirror_target *t);

/* "TCP, servers on ports 80,443, IPv4" */
const char *describe_filter(struct arena *a, const struct filter_spec *filter);

/* Columns "name, type, state, address, zone", for lists to choose from. */
const char *describe_instance(struct arena *a, const struct ec2_instance *i);
/* Columns "name, address, instance, zone". */
const char *describe_interface(struct arena *a, const struct inventory *inv,
			       const struct ec2_interface *eni);

#endif
