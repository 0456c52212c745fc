/* SPDX-License-Identifier: MIT */
/* Loads the XDP program that is embedded in this executable. */
#ifndef CAPTURE_LOAD_H
#define CAPTURE_LOAD_H

#include <stdbool.h>

#include "base/log.h"
#include "capture/maps.h"

/* Creates the maps that are not yet open in m. 0, or a negative errno as of
 * load_program(), after logging it. */
int load_maps(struct maps *m, const struct log *log);

/*
 * Loads the program; frags selects the build for multi-buffer packets. Uses the
 * maps that are open in m and creates the others there. Returns the program's
 * file descriptor, or a negative errno after logging why: -EPERM not permitted,
 * -EOPNOTSUPP the kernel lacks a feature, -EEXIST the maps in m have another
 * layout than this version's.
 */
int load_program(struct maps *m, bool frags, const struct log *log);

/* Directs libbpf's messages, for the whole process: verbose 0 discards them, 1
 * prints them on stderr, 2 includes debug messages. */
void load_messages(unsigned int verbose);

#endif
