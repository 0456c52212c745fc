/* SPDX-License-Identifier: MIT */
/* Warnings about connections that no single collector sees as a whole. */
#ifndef PLAN_PLAN_ADVISE_H
#define PLAN_PLAN_ADVISE_H

#include "plan/plan.h"

/* After the target and the sessions have been planned. */
void plan_advise(struct plan *p);

#endif
