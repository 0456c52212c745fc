/* SPDX-License-Identifier: MIT */
/* metlo-mirror aws names. */
#ifndef CLI_CMD_NAMES_H
#define CLI_CMD_NAMES_H

#include "cli/context.h"

int cmd_names(struct context *ctx);

/* Replaces the file with the names of these deployments, from the inventory.
 * Returns an exit code. */
int names_replace(struct context *ctx, const struct str_list *deployments,
		  const char *path);

#endif
