/* SPDX-License-Identifier: MIT */
/*
 * An open destination: a regular file, or a pipe, terminal, device or socket.
 * Used by one thread, except for outfile_request_reopen().
 */
#ifndef OUTPUT_OUTFILE_H
#define OUTPUT_OUTFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/log.h"
#include "output/logfile.h"

struct outfile {
	struct logfile *file; /* NULL: not a regular file, but fd */
	int fd;
	const char *name; /* in messages; not owned */
	bool owned;	  /* outfile_close() closes fd */
	bool may_block;	  /* O_NONBLOCK could not be set */
};

/*
 * Opens path, "-" for standard output. wait_for_reader: opening a named pipe
 * waits for its reader instead of failing, and a file is not synced at the end,
 * as its contents can be produced again. rules are not copied. 0 or -errno, logged.
 */
int outfile_open(struct outfile *s, const char *path, bool wait_for_reader,
		 const struct logfile_rules *rules, const struct log *log);

/* As logfile_request_reopen() and logfile_tick(); no effect on other types. */
void outfile_request_reopen(struct outfile *s);
void outfile_tick(struct outfile *s);

/* Closes; syncs a file unless wait_for_reader was set. 0 or -errno, logged. */
int outfile_close(struct outfile *s, const struct log *log);

/*
 * Writes n vectors, at most LOGFILE_VECTORS; modifies iov. Returns how many
 * bytes were written; errno is 0, or the error that stopped it. ETIMEDOUT:
 * stop_fd became readable while the reader did not read.
 */
uint64_t outfile_write(struct outfile *s, struct iovec *iov, int n,
		       int stop_fd);

#endif
