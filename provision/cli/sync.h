/* SPDX-License-Identifier: MIT */
/* One round of sync: loads the account and updates each deployment. */
#ifndef CLI_SYNC_H
#define CLI_SYNC_H

#include <cjson/cJSON.h>

#include "cli/context.h"
#include "cli/sync_metrics.h"

struct sync {
	struct context *ctx;
	bool watching;
	struct arena round; /* memory of the current round */
	cJSON *json;	    /* array of deployments; NULL: print text */
	/* Interfaces that AWS has refused to mirror. They are left out so that
	 * they do not block the others; own arena, as they outlive a round. */
	struct str_list refused;
	struct arena refused_mem;
	struct sync_metrics metrics;
	bool stale; /* something has changed since the inventory was loaded */
};

/* Runs one round and writes the metrics. Returns an exit code; with
 * EXIT_INTERRUPTED the change in progress has been rolled back. */
int sync_round(struct sync *s);

void sync_free(struct sync *s);

#endif
