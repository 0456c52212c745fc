/* SPDX-License-Identifier: MIT */
/* Bringing deployments up to date, once or again and again. */
#ifndef CLI_SYNC_H
#define CLI_SYNC_H

#include <cjson/cJSON.h>

#include "cli/context.h"
#include "apply/apply.h"

/* Since the start, for --metrics. */
struct sync_counts {
	size_t ok, failed;		/* looks at the account */
	int64_t last_ok;		/* Unix time, 0: none */
	size_t added, changed, removed; /* sessions */
	size_t rolled_back;
};

struct sync_gauge {
	const char *deployment;
	size_t wanted, sessions; /* interfaces of sources; what there is */
};

struct sync {
	struct context *ctx;
	bool watching;
	struct arena round; /* of one look at the account */
	cJSON *json;	    /* of the deployments; NULL: text */
	/* Interfaces that AWS has refused to mirror: they do not keep the
	 * others from it. In an arena of their own, which outlives the look. */
	struct str_list refused;
	struct arena refused_mem;
	struct sync_counts counts;
	struct {
		struct sync_gauge *items;
		size_t n;
	} gauges; /* of this round */
	bool stale; /* the inventory: something was changed since they were read */
};

/* One look at the account, and what follows from it for each deployment; an
 * exit code. EXIT_INTERRUPTED: what was begun has been taken back. */
int sync_round(struct sync *s);

/* Rounds until a signal comes. EXIT_DONE when that ended it cleanly. */
int sync_watch(struct sync *s);

/* Counts what has come out of a plan; carried_out: it was to change something,
 * and was agreed to. */
void sync_count(struct sync *s, const struct plan *p,
		const struct apply_result *result, bool carried_out);

/* Counts a round, and writes all counts to the file that is asked for; false
 * after a message. */
bool sync_metrics(struct sync *s, bool ok);

/* One line about a deployment: on standard output, or as a log when
 * watching. Texts may hold names that others have given. */
void sync_say(struct sync *s, const char *deployment, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
