/* SPDX-License-Identifier: MIT */
/* The privileges that loading and attaching need, and dropping them. */
#ifndef CAPTURE_PRIVILEGES_H
#define CAPTURE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"

/* The process's effective capabilities: bit n is capability n of
 * <linux/capability.h>. */
uint64_t privileges_effective(void);

/* Whether effective lacks capabilities that attaching needs; lists their names,
 * separated by ", ". */
bool privileges_missing(uint64_t effective, char *out, size_t size);

/* The user that the daemon becomes. */
struct privileges_user {
	bool change; /* false: it already is this user */
	uid_t uid;
	gid_t gid;
	bool has_extra; /* privileges_drop() keeps it in this group, too */
	gid_t extra;
	char name[64];
};

/* Looks up the user: name is the value of --user, or NULL for metlo-xdp if that
 * user exists, else an unused numeric ID. A process that is not root keeps its
 * user. 0, or a negative errno after logging it. */
int privileges_user(struct privileges_user *u, const char *name,
		    const struct log *log);

/* Sets no_new_privs and empties the capability bounding set of the calling thread
 * and those it creates later: no program they execute can gain privileges. 0, or a
 * negative errno after logging it. */
int privileges_no_new(const struct log *log);

/* Clears all capability sets of the calling thread, and so of those it creates
 * later. 0, or a negative errno after logging it. */
int privileges_drop_caps(const struct log *log);

/* Becomes the user in all threads and drops the capabilities, then verifies that
 * no thread has kept any. 0, or a negative errno after logging it. */
int privileges_drop(const struct privileges_user *u, const struct log *log);

#endif
