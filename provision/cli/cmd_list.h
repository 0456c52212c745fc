/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_LIST_H
#define CLI_CMD_LIST_H

#include "cli/context.h"

/* Lists deployments and sessions with their state. Returns an exit
 * code. */
int cmd_list(struct context *ctx);

#endif
