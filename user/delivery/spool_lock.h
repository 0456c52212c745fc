/* SPDX-License-Identifier: MIT */
/* Only one process uses a spool. */
#ifndef DELIVERY_SPOOL_LOCK_H
#define DELIVERY_SPOOL_LOCK_H

#include "base/log.h"
#include "delivery/segment.h"

/* Locks the directory, whose path is for messages, until d->fd and *fd, which may
 * be -1, are closed. 0, or a negative errno after logging it: -EBUSY if another
 * process uses it. */
int spool_lock(int *fd, const struct segment_dir *d, const char *path,
	       const struct log *log);

#endif
