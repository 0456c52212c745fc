/* SPDX-License-Identifier: MIT */
/* The commands of metlo-xdp, one cmd_NAME.c each. Every function returns an
 * exit code of base/exit.h after logging what went wrong. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "config/options.h"

int cmd_attach(struct invocation *inv);
int cmd_detach(struct invocation *inv);
int cmd_status(struct invocation *inv);
int cmd_doctor(struct invocation *inv);
int cmd_replay(struct invocation *inv);

#endif
