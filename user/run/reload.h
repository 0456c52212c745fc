/* SPDX-License-Identifier: MIT */
/*
 * SIGHUP: reads the settings again and applies those marked OPT_LIVE without
 * stopping traffic. If the file has an error, nothing changes.
 */
#ifndef RUN_RELOAD_H
#define RUN_RELOAD_H

#include "capture/capture.h"
#include "config/options.h"
#include "run/rules.h"
#include "run/worker.h"

/* Used by the main thread only. */
struct reload {
	const struct invocation *inv;
	unsigned int workers;
	struct rules *rules;   /* current; workers are adopting or using them */
	struct rules *retired; /* previous; NULL once no worker uses them */
};

/* Creates the initial rules. Returns 0, or -errno after logging. */
int reload_init(struct reload *r, const struct invocation *inv,
		unsigned int workers);
/* Call after the workers have ended. */
void reload_free(struct reload *r);

/* Warns if the file cannot be read again as user. Call once privileges are
 * dropped. */
void reload_check(const struct reload *r, const char *user);

/* Reads the settings and applies them. On failure logs why, leaves the running
 * configuration unchanged and returns -errno. */
int reload_run(struct reload *r, struct capture *c, struct workers *w);

/* Frees the retired rules if every worker has adopted the new ones. Call
 * periodically. */
void reload_reclaim(struct reload *r, const struct workers *w);

#endif
