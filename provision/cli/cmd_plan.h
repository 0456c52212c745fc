/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_PLAN_H
#define CLI_CMD_PLAN_H

#include "cli/context.h"

/* Shows what setup would do, or prints it as code; changes nothing. Returns an exit
 * code. */
int cmd_plan(struct context *ctx);

#endif
