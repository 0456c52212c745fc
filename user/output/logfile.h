/* SPDX-License-Identifier: MIT */
/*
 * A regular file that whole lines are appended to: rotated by size and time,
 * opened anew on request, and without a torn line after anything that can be
 * survived. Used by one thread, but for logfile_ask_reopen().
 */
#ifndef OUTPUT_LOGFILE_H
#define OUTPUT_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/log.h"
#include "output/owner.h"

/* What holds for every file. Zero-initialised: nothing is rotated. */
struct logfile_rules {
	uint64_t rotate_size;	  /* bytes; 0: never */
	uint64_t rotate_interval; /* seconds; 0: never */
	uint32_t rotate_keep;	  /* rotated files that are kept; 0: all */
	struct owner owner;	  /* of the files that are created */
};

struct logfile;

/* Most vectors that are written at a time. */
#define LOGFILE_VECTORS 128

/*
 * Opens or creates path, if it is a regular file; else *regular is false and
 * the result NULL. A line that an earlier run did not finish is cut off. A file
 * that another process writes to is refused, and a folder where the rules will
 * not be able to do their work. sync: the end of it waits for the
 * disk. path and rules are not copied. NULL after having logged why.
 */
struct logfile *logfile_open(const char *path,
			     const struct logfile_rules *rules, bool sync,
			     bool *regular, const struct log *log);

/*
 * Writes all, which is whole lines, and changes iov meanwhile; between two of
 * them the file may be rotated. Returns how many bytes were written before an
 * error, which is in errno, or 0. Those are whole lines, and the file has no
 * piece of another; unless that could not be cut off: then it is among them.
 */
uint64_t logfile_write(struct logfile *f, struct iovec *iov, int n);

/* From any thread: the file is to be opened anew before the next line, because
 * somebody gave the old one another name. */
void logfile_ask_reopen(struct logfile *f);

/* What is due: rotation by time, and what was asked for. For quiet times. */
void logfile_tend(struct logfile *f);

/* Closes, after a sync if so. false after a message. */
bool logfile_close(struct logfile *f);

#endif
