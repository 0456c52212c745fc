/* SPDX-License-Identifier: MIT */
/*
 * Connections that turn out to speak HTTP/2, or turn into it, leave for its engine.
 * This one does not know what that does.
 */
#ifndef HTTP_SUCCESSOR_H
#define HTTP_SUCCESSOR_H

#include "http/event.h"

/* Why the successor gets a connection. */
enum http_takeover_reason {
	TAKEOVER_JOINED,   /* midway */
	TAKEOVER_UPGRADED, /* by a 101 response */
	TAKEOVER_PROXIED,  /* it begins after a PROXY header */
};

/* Bytes of the client's preface that look like a head: its first line. */
#define SUCCESSOR_LINE	   "PRI * HTTP/2.0\r\n\r\n"
#define SUCCESSOR_LINE_LEN (sizeof(SUCCESSOR_LINE) - 1)

/* What the successor gets. It owns the messages, and what the header names, from now
 * on. */
struct http_takeover {
	struct stream_flow *flow;
	enum http_takeover_reason reason;
	struct msg
		*request; /* that is upgraded, complete; NULL: not captured */
	struct msg *interim; /* 1xx responses to it, the 101 included */
	uint64_t id[2];	     /* see identify() */
	bool swap, roles_known, midstream; /* as in struct conn */
	struct proxied *proxied;	   /* or NULL */
	/* TAKEOVER_PROXIED: */
	bool line;	     /* SUCCESSOR_LINE was read */
	bool server_known;   /* the first byte of the server is next */
	uint32_t proxy_left; /* bytes of the header still to come */
};

/* Does a chunk show that the connection belongs to the successor? */
bool successor_claims(const struct conn *c, const struct input *in);
/* Does the first chunk of a server, after the PROXY header of the client? */
bool successor_begins(struct conn *c, const struct input *in);
/* Is m, the first head of a client, that of the successor's preface after a PROXY
 * header? */
bool successor_prefaced(struct conn *c, const struct msg *m);
/* Does m, a 101 response, make its request the first of the successor? Then m is
 * an interim response. */
bool successor_upgrade(struct conn *c, struct msg *m);
/* The same for a 101 response whose request is not captured. */
bool successor_upgrade_alone(struct conn *c, struct msg *m);
/* Hands c over, with the bytes that are still to be handled, and frees it: nothing
 * may be done with it but to return to the driver. */
void successor_take(struct conn *c);

#endif
