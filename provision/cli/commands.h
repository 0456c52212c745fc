/* SPDX-License-Identifier: MIT */
/*
 * The commands of metlo-mirror. Each returns an exit code of base/exit.h.
 *
 * A new one is a file cmd_NAME.c with cmd_NAME() in it, its declaration here, a
 * bit in enum command_id and a line in the table of main.c; its options are
 * lines in the table of options.c that name its bit, and members of struct
 * settings. Help and usage errors come from these tables.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/context.h"

int cmd_setup(struct context *ctx);
int cmd_plan(struct context *ctx);
int cmd_list(struct context *ctx);
int cmd_remove(struct context *ctx);
int cmd_policy(struct context *ctx);
int cmd_sync(struct context *ctx);
int cmd_verify(struct context *ctx);

#endif
