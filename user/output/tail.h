/* SPDX-License-Identifier: MIT */
/*
 * Finds the end of the last whole line of a file after a crash. A kill during a
 * write or a full disk leaves a torn line; a power loss can leave zeros where
 * data never reached the disk.
 */
#ifndef OUTPUT_TAIL_H
#define OUTPUT_TAIL_H

#include <stdbool.h>
#include <stdint.h>

struct tail {
	uint64_t keep; /* bytes; truncate the file to these */
	bool newline;  /* then append a newline */
};

/*
 * Examines the end of a readable file of that size. A last line that lacks only
 * its newline is kept. A file that does not begin like one of ours is never
 * truncated. 0 or -errno.
 */
int tail_find(int fd, uint64_t size, struct tail *t);

#endif
