/* SPDX-License-Identifier: MIT */
/* metlo-xdp status [IFACE]. */
#ifndef CLI_CMD_STATUS_H
#define CLI_CMD_STATUS_H

#include "config/options.h"

/* Prints what is attached, with counters and losses. Returns an exit code. */
int cmd_status(struct invocation *inv);

#endif
