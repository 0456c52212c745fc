/* SPDX-License-Identifier: MIT */
/*
 * From a command line to a plan, for setup and plan: options are checked, the
 * account is loaded, open questions are asked and the plan is made.
 */
#ifndef CLI_PREPARE_H
#define CLI_PREPARE_H

#include "cli/setup.h"

/* Initialises s and makes its plan, whose diagnostics may report failures. The
 * caller calls setup_free() in any case. Returns an exit code. */
int prepare_plan(struct setup *s, struct context *ctx, bool applies);

/* The user goes back: asks the last question again and makes a new plan. */
int prepare_again(struct setup *s);

#endif
