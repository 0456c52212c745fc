/* SPDX-License-Identifier: MIT */
/* metlo-xdp schema. */
#ifndef CLI_CMD_SCHEMA_H
#define CLI_CMD_SCHEMA_H

#include "config/options.h"

/* Prints packaging/line.schema.json. Returns an exit code. */
int cmd_schema(struct invocation *inv);

#endif
