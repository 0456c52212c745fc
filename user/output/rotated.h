/* SPDX-License-Identifier: MIT */
/* The names of rotated files: NAME.20261126T111508.123Z, the UTC time of the
 * rotation, so that their order is that of the lines in them. */
#ifndef OUTPUT_ROTATED_H
#define OUTPUT_ROTATED_H

#include <stdbool.h>
#include <stdint.h>

#include <limits.h>

/* Gives name in the folder the next free name, which is put into to. *last_ms
 * is the time in the last name that was given, and is moved on. 0 or a negative
 * errno. */
int rotated_rename(int dir_fd, const char *name, uint64_t now_ms,
		   uint64_t *last_ms, char to[NAME_MAX + 1]);

/* Removes all but the newest keep of the rotated files of name. Returns how
 * many were removed, or a negative errno. */
int rotated_prune(int dir_fd, const char *name, unsigned int keep);

#endif
