/* SPDX-License-Identifier: MIT */
/* What a deployment costs per month. Prices are AWS's public list prices, in
 * US dollars; traffic is not known beforehand and is told as a price per GB. */
#ifndef PLAN_COST_H
#define PLAN_COST_H

#include <stddef.h>

#include "model/arena.h"

#define COST_HOURS_PER_MONTH 730

/* US dollars. */
struct cost_prices {
	const char *region;
	double session_hour;
	double nlb_hour;
	double nlb_capacity_hour; /* per LCU: 1 GB of UDP an hour, or less */
	double cross_zone_gb;	  /* each way */
};

/* The list prices of us-east-1, which most regions exceed a little. */
extern const struct cost_prices cost_default_prices;

struct cost_input {
	size_t sessions;
	size_t new_load_balancers; /* made by the plan; others are paid already */
	size_t zones;		   /* of sources and target together */
};

struct cost_line {
	const char *text; /* "3 mirror sessions at $0.015 an hour" */
	double monthly;	  /* 0 for what depends on traffic */
};

struct cost {
	struct cost_line *items;
	size_t n;
	double monthly;	  /* of all lines */
	const char *note; /* which prices these are */
};

/* region is the one that the plan is for; texts live in the arena. */
void cost_estimate(struct arena *a, const struct cost_prices *p,
		   const char *region, const struct cost_input *in,
		   struct cost *out);

#endif
