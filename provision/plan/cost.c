/* SPDX-License-Identifier: MIT */
/* Hourly prices times hours per month; lines that depend on traffic have no
 * sum. */
#include <string.h>

#include "plan/cost.h"

const struct cost_prices cost_default_prices = {
	.region = "us-east-1",
	.session_hour = 0.015,
	.nlb_hour = 0.0225,
	.nlb_capacity_hour = 0.006,
	.cross_zone_gb = 0.01,
	.endpoint_hour = 0.01,
	.endpoint_gb = 0.0035,
};

static void line(struct arena *a, struct cost *c, double monthly,
		 const char *text)
{
	struct cost_line *l = ARENA_ADD(a, c);

	if (!l)
		return;
	l->text = text;
	l->monthly = monthly;
	c->monthly += monthly;
}

static void form(struct arena *a, struct cost *c, const char *target,
		 double hourly, const char *traffic)
{
	struct cost_form *f = ARENA_ADD(a, &c->forms);

	if (f)
		*f = (struct cost_form){target, hourly * COST_HOURS_PER_MONTH,
					traffic};
}

static void add_forms(struct arena *a, const struct cost_prices *p,
		      const struct cost_input *in, struct cost *c)
{
	double sessions = (double)in->sessions * p->session_hour;
	size_t zones = in->zones ? in->zones : 1;

	form(a, c, "eni:auto", sessions, "");
	form(a, c, "nlb:new", sessions + p->nlb_hour,
	     arena_printf(a, "about $%.3f per GB", p->nlb_capacity_hour));
	form(a, c, "vpce-...", sessions + (double)zones * p->endpoint_hour,
	     arena_printf(a, "$%.4f per GB, and the Gateway Load Balancer",
			  p->endpoint_gb));
}

void cost_estimate(struct arena *a, const struct cost_prices *p,
		   const char *region, const struct cost_input *in,
		   struct cost *out)
{
	*out = (struct cost){.note = ""};
	if (in->sessions)
		line(a, out,
		     (double)in->sessions * p->session_hour *
			     COST_HOURS_PER_MONTH,
		     arena_printf(
			     a,
			     "%zu mirror session%s at $%.3f an hour each, even while the instance is stopped",
			     in->sessions, in->sessions == 1 ? "" : "s",
			     p->session_hour));
	if (in->new_load_balancers) {
		line(a, out,
		     (double)in->new_load_balancers * p->nlb_hour *
			     COST_HOURS_PER_MONTH,
		     arena_printf(
			     a, "%zu network load balancer%s at $%.4f an hour",
			     in->new_load_balancers,
			     in->new_load_balancers == 1 ? "" : "s",
			     p->nlb_hour));
		line(a, out, 0,
		     arena_printf(
			     a,
			     "plus its capacity units (NLCU): about $%.3f per GB of mirrored traffic",
			     p->nlb_capacity_hour));
	}
	if (in->zones > 1)
		line(a, out, 0,
		     arena_printf(
			     a,
			     "mirrored traffic between the %zu availability zones: $%.2f per GB in each direction",
			     in->zones, p->cross_zone_gb));
	add_forms(a, p, in, out);
	out->note =
		region && !strcmp(region, p->region)
			? arena_printf(a, "list prices of %s, excluding tax",
				       p->region)
			: arena_printf(
				  a,
				  "list prices of %s; those of %s may differ",
				  p->region,
				  region && *region ? region : "your region");
}
