/* SPDX-License-Identifier: MIT */
/* Loads the XDP program that is built into this one. */
#ifndef CAPTURE_LOAD_H
#define CAPTURE_LOAD_H

#include <stdbool.h>

#include "base/log.h"
#include "capture/maps.h"

/* Creates the maps that are not open in m. 0, or a negative errno as
 * load_program() returns, logged. */
int load_maps(struct maps *m, const struct log *log);

/*
 * Loads the program; with frags for packets in several buffers. Maps that are
 * open in m are used, the others are created and opened in m. The program's
 * file descriptor; or a negative errno after having logged why: -EPERM not
 * permitted, -EOPNOTSUPP the kernel lacks a feature, -EEXIST the maps in m
 * are of another kind than this version's.
 */
int load_program(struct maps *m, bool frags, const struct log *log);

/* libbpf's own messages: nowhere; with verbose 1 on stderr; with 2 those for
 * debugging too, which are many. Concerns the whole process. */
void load_messages(unsigned int verbose);

#endif
