/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_REMOVE_H
#define CLI_CMD_REMOVE_H

#include "cli/context.h"

/* Removes deployments or single sessions. Returns an exit
 * code. */
int cmd_remove(struct context *ctx);

#endif
