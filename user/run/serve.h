/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP server for people and programs that ask how the daemon is: GET
 * and HEAD, short answers, one thread of its own. What it holds is bounded;
 * where connections are at their limit, the oldest makes room.
 */
#ifndef RUN_SERVE_H
#define RUN_SERVE_H

#include "base/buf.h"
#include "base/listen.h"
#include "base/log.h"

struct serve;

struct serve_response {
	unsigned int status; /* HTTP; 200 unless changed */
	const char *type;    /* media type of the body; static */
	struct buf body;     /* empty at first; the server frees it */
};

/* Called in the server's thread, one call at a time. path is without the
 * query. */
typedef void serve_fn(void *ctx, const char *path, struct serve_response *a);

/* A listening socket for serve_start(); to be called with the privileges that
 * the port may need. option names it in messages ("--health"). -1 after having
 * logged why not and what to do. */
int serve_listen(const struct listen_address *at, const char *option,
		 const char *text, const struct log *log);

/* Takes over fd. name is that of the thread (at most 15 bytes). NULL after
 * having logged why; then fd is closed. */
struct serve *serve_start(int fd, const char *name, serve_fn *fn, void *ctx,
			  const struct log *log);

/* Closes every connection and waits for the thread. NULL is allowed. */
void serve_stop(struct serve *s);

#endif
