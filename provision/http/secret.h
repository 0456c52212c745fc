/* SPDX-License-Identifier: MIT */
/* Small files that may hold secrets. */
#ifndef HTTP_FILE_H
#define HTTP_FILE_H

#include <stddef.h>

#include "base/buf.h"

/* Appends the whole file and a NUL that len does not count. 0, -EMSGSIZE when
 * it has more than max bytes, or what open() and read() say. Whatever happens,
 * to is to be wiped. */
int secret_read_file(const char *path, size_t max, struct buf *to);
/* The same for an open descriptor, until its end. */
int secret_read_fd(int fd, size_t max, struct buf *to);

/* Overwrites what the buffer holds and frees it. */
void secret_free_buf(struct buf *b);

/* Overwrites and frees a text; NULL is fine. */
void secret_free_string(char **text);

#endif
