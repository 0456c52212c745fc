/* SPDX-License-Identifier: MIT */
/*
 * One place that lines are written to, and what went wrong with it last. Used
 * by one thread.
 */
#ifndef REPORT_SINK_H
#define REPORT_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/log.h"

struct sink {
	int fd;
	const char *name; /* in messages; not owned */
	bool owned;	  /* fd is closed with the sink */
	bool sync;	  /* and synced before */
	bool may_block;	  /* a write could wait for its reader */
	/* For the caller: */
	bool failing; /* the last write failed; said so */
	bool gone;    /* for good: nobody reads any more */
	bool torn;    /* the last line lacks its end */
};

/* "ndjson:-" or "ndjson:PATH". A named pipe that nobody reads is waited for or
 * refused. Who waits can also do it again: such a file is not synced at the end,
 * as standard output is not. false after a message. */
bool sink_open(struct sink *s, const char *destination, bool wait_for_reader,
	       const struct log *log);

/* Closes, after a sync if so. false after a message. */
bool sink_close(struct sink *s, const struct log *log);

/*
 * Writes all and changes iov meanwhile. Returns how many bytes were written
 * before an error, which is in errno, or 0: ETIMEDOUT when stop_fd became
 * readable while the reader did not read.
 */
uint64_t sink_write(const struct sink *s, struct iovec *iov, int n,
		    int stop_fd);

#endif
