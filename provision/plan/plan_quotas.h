/* SPDX-License-Identifier: MIT */
/* Whether the account may have what a plan creates. */
#ifndef PLAN_PLAN_QUOTAS_H
#define PLAN_PLAN_QUOTAS_H

#include "plan/plan.h"

/* Reports a failure for each quota that the plan would exceed; all steps that
 * create something must have been planned. */
void plan_quotas(struct plan *p);

#endif
