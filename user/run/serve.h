/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP server for status pages: GET and HEAD only, one thread, bounded
 * memory. When connections run out, a new one evicts the oldest.
 */
#ifndef RUN_SERVE_H
#define RUN_SERVE_H

#include "base/buf.h"
#include "base/listen.h"
#include "base/log.h"

struct serve;

struct serve_response {
	unsigned int status; /* HTTP status, initially 200 */
	const char *type;    /* media type; static string */
	struct buf body;     /* initially empty; freed by the server */
};

/* Fills in the response to a request. Runs in the server's thread, one call at
 * a time. path excludes the query. */
typedef void serve_fn(void *ctx, const char *path, struct serve_response *a);

/* Opens a listening socket for serve_start(). Call with the privileges that the
 * port needs. option and text, such as "--health" and its value, are for error
 * messages. Returns -errno after logging the cause and a remedy. */
int serve_listen(const struct listen_address *at, const char *option,
		 const char *text, const struct log *log);

/* Starts the thread, named name (at most 15 bytes). Takes ownership of fd even
 * on failure. Returns NULL after logging why. */
struct serve *serve_start(int fd, const char *name, serve_fn *fn, void *ctx,
			  const struct log *log);

/* Closes every connection and joins the thread. s may be NULL. */
void serve_stop(struct serve *s);

#endif
