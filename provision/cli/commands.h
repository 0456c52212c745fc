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

#include "cli/mirror.h"

int cmd_setup(struct mirror *m);
int cmd_plan(struct mirror *m);
int cmd_list(struct mirror *m);
int cmd_remove(struct mirror *m);
int cmd_policy(struct mirror *m);
int cmd_sync(struct mirror *m);
int cmd_verify(struct mirror *m);

#endif
