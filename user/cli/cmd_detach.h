/* SPDX-License-Identifier: MIT */
/* metlo-xdp detach IFACE. */
#ifndef CLI_CMD_DETACH_H
#define CLI_CMD_DETACH_H

#include "config/options.h"

/* Removes the XDP program and its pins from an interface. Returns an exit code. */
int cmd_detach(struct invocation *inv);

#endif
