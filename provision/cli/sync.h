/* SPDX-License-Identifier: MIT */
/* Bringing deployments up to date, once or again and again. */
#ifndef CLI_SYNC_H
#define CLI_SYNC_H

#include <cjson/cJSON.h>

#include "cli/mirror.h"
#include "plan/apply.h"

struct sync {
	struct mirror *m;
	bool watching;
	struct arena round; /* of one look at the account */
	cJSON *json;	    /* of the deployments; NULL: text */
	/* Interfaces that AWS has refused to mirror: they do not keep the
	 * others from it. In an arena of their own, which outlives the look. */
	struct str_list refused;
	struct arena refused_mem;
	bool stale; /* the facts: something was changed since they were read */
};

/* One look at the account, and what follows from it for each deployment; an
 * exit code. EXIT_INTERRUPTED: what was begun has been taken back. */
int sync_round(struct sync *s);

/* Rounds until a signal comes. EXIT_DONE when that ended it cleanly. */
int sync_watch(struct sync *s);

/* One line about a deployment: on standard output, or as a log when
 * watching. Texts may hold names that others have given. */
void sync_say(struct sync *s, const char *deployment, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
