/* SPDX-License-Identifier: MIT */
/*
 * TLS that begins after something else: behind a PROXY header, in a tunnel, after an
 * upgrade (RFC 2817), or after commands such as STARTTLS. The connection leaves for
 * the engine of TLS, of which this one knows only how a hello begins.
 */
#ifndef HTTP_SECURE_H
#define HTTP_SECURE_H

#include "http/event.h"

/* What TLS gets. */
struct http_secure_start {
	struct stream_flow *flow;
	uint64_t base[2]; /* offsets where it begins, at the latest */
	const struct proxied *proxied; /* whom a PROXY header names; or NULL */
};

/* What is at hand is for TLS, and nothing else is left to do for the connection. */
void secure_leave(struct conn *c);
/* At the end of the callback, if engine->secured is set: c is gone afterwards. */
void secure_finish(struct conn *c);
/* The connection ended in the same callback. */
void secure_forget(struct http_engine *e);

#endif
