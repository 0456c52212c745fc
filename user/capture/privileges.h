/* SPDX-License-Identifier: MIT */
/* What loading and attaching needs, and giving it up afterwards. */
#ifndef CAPTURE_PRIVILEGES_H
#define CAPTURE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/log.h"

/* Bit of enum (CAP_*) numbers of <linux/capability.h>. */
uint64_t privileges_effective(void);

/* The names of the capabilities that attaching needs and the process lacks,
 * separated by ", "; false if it lacks none. */
bool privileges_missing(uint64_t effective, char *out, size_t size);

/* Who the daemon becomes. */
struct privileges_user {
	bool change; /* false: stays who it is */
	uid_t uid;
	gid_t gid;
	char name[64];
};

/* name as given by --user, NULL: metlo-xdp if there is such a user, else
 * nobody; someone who is not root stays who they are. 0 or -1, logged. */
int privileges_user(struct privileges_user *u, const char *name,
		    const struct log *log);

/* No program run from here on can gain privileges. For all threads that are
 * created afterwards. */
int privileges_no_new(const struct log *log);

/* Empties the capability sets of the calling thread, and of those it will
 * create. */
int privileges_drop_caps(const struct log *log);

/* Becomes the user, in all threads, and drops the capabilities; then looks
 * whether any thread has kept one. 0 or -1, logged. */
int privileges_drop(const struct privileges_user *u, const struct log *log);

#endif
