/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYNC_WATCH_H
#define CLI_SYNC_WATCH_H

#include "cli/sync.h"

/* Runs rounds until a signal arrives, with a back-off after errors. Always
 * returns EXIT_DONE: a signal is the normal end. */
int sync_watch(struct sync *s);

#endif
