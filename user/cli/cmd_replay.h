/* SPDX-License-Identifier: MIT */
/* metlo-xdp replay FILE. */
#ifndef CLI_CMD_REPLAY_H
#define CLI_CMD_REPLAY_H

#include "config/options.h"

/* Reports the transactions in a capture file. Returns an exit code. */
int cmd_replay(struct invocation *inv);

#endif
