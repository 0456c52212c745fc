/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_DUMP_H
#define CLI_CMD_DUMP_H

#include "config/options.h"

int cmd_dump(struct invocation *inv);

#endif
