/* SPDX-License-Identifier: MIT */
/* Connections: their memory, and the list of those with something pending. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/types.h"

/* Zeroed. NULL: no memory. */
struct conn *conn_new(struct http_engine *e);
void conn_free(struct http_engine *e, struct conn *c);
/* Frees the memory of all connections. */
void conn_free_all(struct http_engine *e);

static inline bool conn_pending(const struct conn *c)
{
	return c->requests || c->responses || c->dir[0].msg || c->dir[1].msg;
}
/* A valid start line was seen: the roles are settled. */
static inline void conn_seen(struct conn *c)
{
	if (c->seen)
		return;
	c->seen = true;
	client_dir(c)->acked = ACKED_UNKNOWN;
	server_dir(c)->unwanted = 0;
}
/* Puts c on the list of pending connections / takes it off. Idempotent. */
void conn_list(struct conn *c);
void conn_unlist(struct conn *c);
/* Moves c, which is on the list, to its end. */
void conn_list_again(struct conn *c);

#endif
