/* SPDX-License-Identifier: MIT */
/*
 * SIGHUP: the settings are read again, and what can change while packets flow
 * does. A mistake in the file, and all stays as it was.
 */
#ifndef RUN_RELOAD_H
#define RUN_RELOAD_H

#include "capture/capture.h"
#include "config/options.h"
#include "run/rules.h"
#include "run/worker.h"

struct reload {
	const struct invocation *inv;
	unsigned int workers;
	struct rules *rules;   /* in force, or about to be */
	struct rules *retired; /* those of before: perhaps still in use */
};

/* Makes the rules of the start. 0 or -1, logged. */
int reload_init(struct reload *r, const struct invocation *inv,
		unsigned int workers);
/* After the workers have ended. */
void reload_free(struct reload *r);

/* To be called once privileges were given up: says it when the file could not
 * be read again. */
void reload_check(const struct reload *r, const char *user);

/* Reads the settings and applies them. false after having logged why not. */
bool reload_run(struct reload *r, struct capture *c, struct workers *w);

/* Frees rules that are not needed any more. To be called now and then. */
void reload_reclaim(struct reload *r, const struct workers *w);

#endif
