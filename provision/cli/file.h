/* SPDX-License-Identifier: MIT */
/* Writing of files. */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include "base/buf.h"

/* Replaces a file atomically. Returns 0 or -errno; -ENOMEM if b failed. */
int file_replace(const char *path, const struct buf *b);

#endif
