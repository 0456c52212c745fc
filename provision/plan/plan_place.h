/* SPDX-License-Identifier: MIT */
/* Placement of sources onto the interfaces of the collectors (eni:auto). */
#ifndef PLAN_PLAN_PLACE_H
#define PLAN_PLAN_PLACE_H

#include "plan/plan.h"

/* Chooses a collector interface for each source and adds the steps that create the
 * mirror targets. Sets p->placed and p->kept_targets. */
void plan_place(struct plan *p);

/* The number of sessions of others that send to this interface. */
size_t plan_other_sources(const struct plan *p, const char *eni);

/* Says so if a target that the plan uses is not ours. */
void plan_report_shared(struct plan *p, const struct mirror_target *t);

#endif
