/* SPDX-License-Identifier: MIT */
/* Writing of files. */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include "base/buf.h"

/* Replaces a file, or the target of a symbolic link, atomically; what is no file,
 * such as /dev/stdout, is written to. Returns 0 or -errno; -ENOMEM if b failed. */
int file_replace(const char *path, const struct buf *b);

#endif
