/* SPDX-License-Identifier: MIT */
/*
 * One place that lines are written to, and what went wrong with it last. Used
 * by one thread.
 */
#ifndef OUTPUT_SINK_H
#define OUTPUT_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/log.h"
#include "output/logfile.h"

struct sink {
	struct logfile *file; /* a regular file; NULL: something else */
	int fd;		      /* of that */
	const char *name;     /* in messages; not owned */
	bool owned;	      /* fd is closed with the sink */
	bool may_block;	      /* a write could wait for its reader */
	/* For the caller: */
	bool failing; /* the last write failed; said so */
	bool gone;    /* for good: nobody reads any more */
	bool torn;    /* the last line lacks its end */
};

/* "ndjson:-" or "ndjson:PATH". A named pipe that nobody reads is waited for or
 * refused. Who waits can also do it again: such a file is not synced at the end,
 * as standard output is not. rules is not copied. false after a message. */
bool sink_open(struct sink *s, const char *destination, bool wait_for_reader,
	       const struct logfile_rules *rules, const struct log *log);

/* See logfile_ask_reopen(), logfile_tend(); nothing is to be done for what is
 * no file. */
void sink_ask_reopen(struct sink *s);
void sink_tend(struct sink *s);

/* Closes, after a sync if so. false after a message. */
bool sink_close(struct sink *s, const struct log *log);

/*
 * Writes all, at most LOGFILE_VECTORS, and changes iov meanwhile. Returns how
 * many bytes were written before an error, which is in errno, or 0: ETIMEDOUT
 * when stop_fd became readable while the reader did not read.
 */
uint64_t sink_write(struct sink *s, struct iovec *iov, int n, int stop_fd);

#endif
