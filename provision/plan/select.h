/* SPDX-License-Identifier: MIT */
/* From a source to the network interfaces to mirror. */
#ifndef PLAN_SELECT_H
#define PLAN_SELECT_H

#include "base/list.h"
#include "model/inventory.h"
#include "plan/diagnostics.h"

struct candidate {
	const struct ec2_interface *eni;
	const struct ec2_instance
		*instance;	     /* NULL: none, or in another account */
	const struct source *source; /* the first source that includes it */
};
struct candidates LIST_OF(struct candidate);

/*
 * Adds the mirrorable interfaces of a source, each only once. The diagnostics
 * report what was left out and why, and what may not work. target_eni (NULL:
 * none) is left out: a target cannot be a source. So is, without a diagnostic,
 * what is excluded (NULL: nothing).
 */
void select_source(struct arena *a, const struct inventory *inv,
		   const struct source *source, const char *target_eni,
		   const struct candidates *excluded, struct candidates *out,
		   struct diagnostics *diagnostics);

/* Adds the interfaces of a source to exclude, whether AWS can mirror them or
 * not. */
void select_excluded(struct arena *a, const struct inventory *inv,
		     const struct source *source, struct candidates *out);

/* Why AWS cannot mirror an interface, or NULL. *doubt is set to a text if AWS
 * may refuse it, else to NULL. */
const char *select_refusal(struct arena *a, const struct inventory *inv,
			   const struct ec2_interface *eni, const char **doubt);

/* What to mirror instead of a network load balancer: its targets, as sources
 * "i-..." and "eni-...". */
struct str_list select_lb_targets(struct arena *a, const struct inventory *inv,
				  const struct elbv2_load_balancer *lb);

#endif
