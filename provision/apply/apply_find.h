/* SPDX-License-Identifier: MIT */
/* What a create call of which no answer came has made. */
#ifndef APPLY_APPLY_FIND_H
#define APPLY_APPLY_FIND_H

#include "plan/plan.h"

/* As find of struct apply_ops; ctx is the struct aws_client. */
int apply_find(void *ctx, struct plan *p, struct step *s, const char **made,
	       struct aws_error *err);

#endif
