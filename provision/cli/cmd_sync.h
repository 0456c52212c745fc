/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_SYNC_H
#define CLI_CMD_SYNC_H

#include "cli/context.h"

/* Updates deployments to match their sources, once or with --watch. Returns an exit
 * code. */
int cmd_sync(struct context *ctx);

#endif
