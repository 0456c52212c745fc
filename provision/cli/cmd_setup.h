/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_SETUP_H
#define CLI_CMD_SETUP_H

#include "cli/context.h"

/* Creates or changes a deployment, asking for what the options leave open. Returns an exit
 * code. */
int cmd_setup(struct context *ctx);

#endif
