/* SPDX-License-Identifier: MIT */
/* On which ports sources listen, as far as load balancers know. */
#ifndef PLAN_DISCOVER_H
#define PLAN_DISCOVER_H

#include "model/filter.h"
#include "plan/select.h"

/* The ports on which sources are registered as targets of load balancers, as a
 * list that filter_ports_parse() reads, or NULL when there is none. The inventory
 * must have the health of targets. */
const char *discover_ports(struct arena *a, const struct inventory *inv,
			   const struct candidates *sources);

#endif
