/* SPDX-License-Identifier: MIT */
/*
 * A regular file that whole lines are appended to. Rotated by size and time,
 * reopened on request, and repaired after a crash or a full disk, so that it
 * never keeps a torn line. Used by one thread except for
 * logfile_request_reopen().
 */
#ifndef OUTPUT_LOGFILE_H
#define OUTPUT_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/log.h"
#include "base/owned_file.h"

/* Zero-initialised: no rotation. */
struct logfile_rules {
	uint64_t rotate_size;	   /* bytes; 0: never */
	uint64_t rotate_interval;  /* seconds; 0: never */
	uint32_t rotate_keep;	   /* rotated files to keep; 0: all */
	bool compress;		   /* rotated files: compress.h */
	bool empty;		   /* refuse a file with contents */
	struct owner owner;	   /* of files that are created */
	struct file_access access; /* to the file and those it becomes */
};

struct logfile;

/* Most vectors that logfile_write() accepts. */
#define LOGFILE_VECTORS 128

/*
 * Opens or creates path. NULL with *regular false if it is not a regular file;
 * NULL with *regular true after having logged an error. Truncates a torn last
 * line. Fails if another process writes to the file, or if the owner in the
 * rules will not be able to rotate it. sync: logfile_close() waits for the disk.
 * path and rules are not copied.
 */
struct logfile *logfile_open(const char *path,
			     const struct logfile_rules *rules, bool sync,
			     bool *regular, const struct log *log);

/*
 * Writes all vectors, which hold whole lines; modifies iov. May rotate the file
 * between two lines. Returns how many bytes were written; errno is 0, or the
 * error that stopped it. A line that was written in part is truncated again, so
 * the result counts whole lines, unless truncating failed too.
 */
uint64_t logfile_write(struct logfile *f, struct iovec *iov, int n);

/* Reopens the file by its name before the next line, as something else has
 * renamed it. Any thread. */
void logfile_request_reopen(struct logfile *f);

/* Rotates by time and reopens if requested, for when no line arrives. */
void logfile_tick(struct logfile *f);

/* Closes and frees, after a sync if that was asked for; without it, waits until
 * rotated files are compressed. 0 or -errno, logged. */
int logfile_close(struct logfile *f);

#endif
