/* SPDX-License-Identifier: MIT */
/* metlo-xdp doctor [IFACE]. */
#ifndef CLI_CMD_DOCTOR_H
#define CLI_CMD_DOCTOR_H

#include "config/options.h"

/* Checks whether this machine can capture. Returns an exit code. */
int cmd_doctor(struct invocation *inv);

#endif
