/* SPDX-License-Identifier: MIT */
/*
 * One place that lines are written to, and what went wrong with it last. Used
 * by one thread.
 */
#ifndef OUTPUT_OUTFILE_H
#define OUTPUT_OUTFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/log.h"
#include "output/logfile.h"

struct outfile {
	struct logfile *file; /* a regular file; NULL: something else */
	int fd;		      /* of that */
	const char *name;     /* in messages; not owned */
	bool owned;	      /* fd is closed with the sink */
	bool may_block;	      /* a write could wait for its reader */
	/* For the caller: */
	bool failing; /* the last write failed; said so */
	bool gone;    /* for good: the reader has closed it, or hangs */
	bool torn;    /* the last line lacks its end */
};

/*
 * Opens path, "-" for standard output. wait_for_reader: opening a named pipe
 * waits for its reader instead of failing, and a file is not synced at the end,
 * as its contents can be made again. rules are not copied. 0 or -errno, logged.
 */
int outfile_open(struct outfile *s, const char *path, bool wait_for_reader,
		 const struct logfile_rules *rules, const struct log *log);

/* See logfile_ask_reopen(), logfile_tend(); nothing is to be done for what is
 * no file. */
void outfile_request_reopen(struct outfile *s);
void outfile_tick(struct outfile *s);

/* Closes, after a sync if so. 0 or -errno, logged. */
int outfile_close(struct outfile *s, const struct log *log);

/*
 * Writes all, at most LOGFILE_VECTORS, and changes iov meanwhile. Returns how
 * many bytes were written before an error, which is in errno, or 0: ETIMEDOUT
 * when stop_fd became readable while the reader did not read.
 */
uint64_t outfile_write(struct outfile *s, struct iovec *iov, int n,
		       int stop_fd);

#endif
