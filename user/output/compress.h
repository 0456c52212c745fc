/* SPDX-License-Identifier: MIT */
/*
 * Compresses the rotated files of an output (rotated.h) with zstd, in a thread of the
 * lowest priority. A file is replaced by NAME.zst once that is on the disk, so a crash
 * at any time loses nothing; what is left uncompressed then, is compressed by the next
 * run.
 */
#ifndef OUTPUT_COMPRESS_H
#define OUTPUT_COMPRESS_H

#include <stdbool.h>

#include "base/log.h"
#include "base/owned_file.h"

struct compressor;

/* Starts with the rotated files of name that are there. dir_fd, name and owner must
 * stay valid. NULL after having logged why. */
struct compressor *compressor_new(int dir_fd, const char *name,
				  const struct owner *owner,
				  const struct log *log);

/* There is another rotated file. */
void compressor_wake(struct compressor *c);

/* finish: waits until all rotated files are compressed; else leaves the one that is
 * being compressed as it was. */
void compressor_free(struct compressor *c, bool finish);

#endif
