/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_POLICY_H
#define CLI_CMD_POLICY_H

#include "cli/context.h"

/* Prints an IAM policy. Makes no AWS calls. Returns an exit
 * code. */
int cmd_policy(struct context *ctx);

#endif
