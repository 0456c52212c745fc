/* SPDX-License-Identifier: MIT */
/* metlo-xdp attach IFACE. */
#ifndef CLI_CMD_ATTACH_H
#define CLI_CMD_ATTACH_H

#include "config/options.h"

/* Captures on an interface until SIGINT or SIGTERM. Returns an exit code. */
int cmd_attach(struct invocation *inv);

#endif
