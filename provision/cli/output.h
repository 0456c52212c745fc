/* SPDX-License-Identifier: MIT */
/* --output terraform and --output cloudformation */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/context.h"
#include "plan/plan.h"

/* Prints the plan as code on standard output and its diagnostics on standard
 * error. Returns an exit code. */
int output_code(struct context *ctx, const struct plan *p);

#endif
