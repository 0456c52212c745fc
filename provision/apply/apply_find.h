/* SPDX-License-Identifier: MIT */
/* Finds what a create call without a response created. */
#ifndef APPLY_APPLY_FIND_H
#define APPLY_APPLY_FIND_H

#include "plan/plan.h"

/* See find in struct apply_ops; ctx is the struct aws_client. */
int apply_find(void *ctx, struct plan *p, struct step *s, const char **made,
	       struct aws_error *err);

#endif
