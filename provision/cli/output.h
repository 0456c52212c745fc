/* SPDX-License-Identifier: MIT */
/* --output terraform|cloudformation. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/context.h"
#include "plan/plan.h"

/* Writes the plan as code to standard output, warnings to stderr. */
int output_code(struct context *ctx, struct plan *p);

#endif
