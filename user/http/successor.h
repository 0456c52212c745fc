/* SPDX-License-Identifier: MIT */
/*
 * Connections that turn out to speak HTTP/2, or turn into it, leave for its engine.
 * This one does not know what that does.
 */
#ifndef HTTP_SUCCESSOR_H
#define HTTP_SUCCESSOR_H

#include "http/event.h"

/* What the successor gets. It owns the messages from now on. */
struct http_takeover {
	struct stream_flow *flow;
	bool upgraded; /* else joined midway */
	struct msg
		*request; /* that is upgraded, complete; NULL: not captured */
	struct msg *interim; /* 1xx responses to it, the 101 included */
	uint64_t id[2];	     /* see identify() */
	bool swap, roles_known, midstream; /* as in struct conn */
};

/* Does a chunk show that the connection belongs to the successor? */
bool successor_claims(const struct conn *c, const struct input *in);
/* Does m, a 101 response, make its request the first of the successor? Then m is
 * an interim response. */
bool successor_upgrade(struct conn *c, struct msg *m);
/* The same for a 101 response whose request is not captured. */
bool successor_upgrade_alone(struct conn *c, struct msg *m);
/* Hands c over, with the bytes that are still to be handled, and frees it: nothing
 * may be done with it but to return to the driver. */
void successor_take(struct conn *c);

#endif
