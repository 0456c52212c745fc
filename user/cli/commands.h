/* SPDX-License-Identifier: MIT */
/* The commands of metlo-xdp. Each returns an exit code of base/exit.h. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "config/options.h"

int cmd_attach(struct invocation *cli);
int cmd_detach(struct invocation *cli);
int cmd_status(struct invocation *cli);
int cmd_doctor(struct invocation *cli);
int cmd_replay(struct invocation *cli);

#endif
