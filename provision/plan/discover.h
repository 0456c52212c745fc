/* SPDX-License-Identifier: MIT */
/* Suggests ports to mirror, from what load balancers know about the sources. */
#ifndef PLAN_DISCOVER_H
#define PLAN_DISCOVER_H

#include "model/filter.h"
#include "plan/select.h"

/* The ports on which sources are registered as load balancer targets, in the
 * syntax of filter_ports_parse(), or NULL if there are none. The inventory must
 * include target health. */
const char *discover_ports(struct arena *a, const struct inventory *inv,
			   const struct candidates *sources);

#endif
