/* SPDX-License-Identifier: MIT */
/* The names of rotated files: NAME.20261126T111508.123Z, the UTC time of the
 * rotation. Sorted by name, files are in the order in which they were written. */
#ifndef OUTPUT_ROTATED_H
#define OUTPUT_ROTATED_H

#include <stdbool.h>
#include <stdint.h>

#include <limits.h>

/* Renames the file name in the directory to the next free name, which is put
 * into to. *last_ms is the time in the name chosen last; updated, so that names
 * ascend even when the clock is set back. 0 or -errno. */
int rotated_rename(int dir_fd, const char *name, uint64_t now_ms,
		   uint64_t *last_ms, char to[NAME_MAX + 1]);

/* Added to the name of a rotated file that was compressed. */
#define ROTATED_COMPRESSED ".zst"

/* Calls fn for the rotated files of name that are not compressed, the oldest first,
 * until it returns false. 0 or -errno. */
int rotated_each_plain(int dir_fd, const char *name,
		       bool (*fn)(void *ctx, const char *name), void *ctx);

/* Removes the rotated files of name, compressed or not, except for the newest keep. Returns how many
 * were removed, or -errno. */
int rotated_prune(int dir_fd, const char *name, unsigned int keep);

#endif
