/* SPDX-License-Identifier: MIT */
/* What a deployment costs per month, from AWS's public list prices in US
 * dollars. The volume of traffic is unknown in advance and is quoted as a price
 * per GB. */
#ifndef PLAN_COST_H
#define PLAN_COST_H

#include <stddef.h>

#include "base/list.h"
#include "model/arena.h"

#define COST_HOURS_PER_MONTH 730

/* US dollars. */
struct cost_prices {
	const char *region;
	double session_hour;
	double nlb_hour;
	double nlb_capacity_hour; /* per NLCU: up to 1 GB of UDP per hour */
	double cross_zone_gb;	  /* in each direction */
	double endpoint_hour;	  /* of a Gateway Load Balancer, in each zone */
	double endpoint_gb;
};

/* The list prices of us-east-1; most regions are slightly more expensive. */
extern const struct cost_prices cost_default_prices;

struct cost_input {
	size_t sessions;
	size_t new_load_balancers; /* the deployment's own; others are already paid for */
	size_t zones; /* zones of sources and collectors together */
};

struct cost_line {
	const char *text; /* "3 mirror sessions at $0.015 an hour each" */
	double monthly;	  /* 0 if it depends on traffic */
};

/* What the same sources would cost with another form of target. */
struct cost_form {
	const char *target; /* "eni:auto" */
	double monthly;
	const char *traffic; /* what comes on top; "": nothing */
};

struct cost {
	struct cost_line *items;
	size_t n;
	double monthly; /* sum of all lines */
	struct LIST_OF(struct cost_form) forms;
	const char *note; /* which price list this is based on */
};

/* Estimates the cost of a deployment in region; strings are allocated in a. */
void cost_estimate(struct arena *a, const struct cost_prices *p,
		   const char *region, const struct cost_input *in,
		   struct cost *out);

#endif
