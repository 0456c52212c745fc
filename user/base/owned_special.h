/* SPDX-License-Identifier: MIT */
/* Sockets and FIFOs in directories that others may control, as owned_file.h has it for
 * files. */
#ifndef BASE_OWNED_SPECIAL_H
#define BASE_OWNED_SPECIAL_H

#include "base/owned_file.h"

/*
 * Binds a Unix socket to path, in place of one that is there, with the access of the
 * owner where others than root can change the directory. Its mode depends on the
 * umask. 0 or -errno.
 */
int owned_bind(const struct owner *owner, int fd, const char *path);

/*
 * Opens a FIFO, and nothing else: as root, through no link that others could have
 * made. flags are those of open(2): without O_NONBLOCK it waits for the other side. A
 * descriptor or -errno, for which regular_error() has texts.
 */
int fifo_open(const char *path, int flags);

#endif
