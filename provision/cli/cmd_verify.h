/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_VERIFY_H
#define CLI_CMD_VERIFY_H

#include "cli/context.h"

/* Checks that mirrored traffic can and does arrive. Returns an exit
 * code. */
int cmd_verify(struct context *ctx);

#endif
