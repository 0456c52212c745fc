/* SPDX-License-Identifier: MIT */
/* The regions of the account. */
#ifndef CLI_REGIONS_H
#define CLI_REGIONS_H

#include "cli/context.h"

/* The regions that are enabled for the account, by name. Without a configured
 * region the client is set to one that knows them. Returns an exit code. */
int regions_load(struct context *ctx, struct arena *a, struct str_list *out);

#endif
