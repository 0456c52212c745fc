/* SPDX-License-Identifier: MIT */
/* The user who is to own the files that a sink creates: the daemon opens its
 * outputs as root and drops privileges afterwards. */
#ifndef OUTPUT_OWNER_H
#define OUTPUT_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

/* Zero-initialised: files keep the owner they are created with. */
struct owner {
	bool change;
	uid_t uid;
	gid_t gid;
};

#endif
