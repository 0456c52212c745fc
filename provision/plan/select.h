/* SPDX-License-Identifier: MIT */
/* From what a source means to the network interfaces that are mirrored. */
#ifndef PLAN_SELECT_H
#define PLAN_SELECT_H

#include "model/inventory.h"
#include "plan/diagnostics.h"

struct candidate {
	const struct ec2_interface *eni;
	const struct ec2_instance *instance; /* NULL: none, or not ours */
	const struct source *source;	     /* the first that means it */
};
struct candidates {
	struct candidate *items;
	size_t n;
};

/*
 * Adds the interfaces that a source means and that can be mirrored, each only
 * once; diagnostics say what was left out and why, and what may not work. target_eni
 * is left out (NULL: none): what is a target cannot be a source.
 */
void select_source(struct arena *a, const struct inventory *inv,
		   const struct source *source, const char *target_eni,
		   struct candidates *out, struct diagnostics *diagnostics);

/* Why an interface cannot be mirrored, or NULL; *doubt is set to a text when
 * AWS may refuse it. */
const char *select_refusal(struct arena *a, const struct inventory *inv,
			   const struct ec2_interface *eni, const char **doubt);

/* The instances and addresses behind a network load balancer: what to mirror
 * in its place, as sources "i-..." and "eni-...". */
struct str_list select_behind(struct arena *a, const struct inventory *inv,
			      const struct elbv2_load_balancer *lb);

#endif
