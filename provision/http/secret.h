/* SPDX-License-Identifier: MIT */
/* Small files, buffers and strings that may contain secrets. */
#ifndef HTTP_FILE_H
#define HTTP_FILE_H

#include <stddef.h>

#include "base/buf.h"

/* Appends the whole file and a NUL, which len does not count. 0, -EMSGSIZE if it
 * exceeds max bytes, or the error of open() or read(). The caller frees to by
 * secret_free_buf(), also after an error. */
int secret_read_file(const char *path, size_t max, struct buf *to);
/* The same for an open descriptor, until end of file. */
int secret_read_fd(int fd, size_t max, struct buf *to);

/* Overwrites and frees a buffer. */
void secret_free_buf(struct buf *b);

/* Overwrites and frees a string and sets it to NULL, which is also allowed. */
void secret_free_string(char **text);

#endif
