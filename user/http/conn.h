/* SPDX-License-Identifier: MIT */
/* Connections: their memory, the list of those with something pending, and
 * the ways in which one leaves HTTP. */
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
	return c->queue || c->dir[0].msg || c->dir[1].msg;
}
/* Puts c on the list of pending connections / takes it off. Idempotent. */
void conn_list(struct conn *c);
void conn_unlist(struct conn *c);

/* Emits everything pending and resynchronises both directions. */
void conn_give_up(struct conn *c, uint32_t flags);
/* Counts the bytes that the message in progress holds as skipped. */
void conn_drop_held(struct conn *c, struct dir *d);
/* dir has switched to another protocol. */
void conn_upgrade(struct conn *c, enum stream_dir dir);
/* The connection is not HTTP/1; p, n: the bytes that show it. */
void conn_not_http(struct conn *c, const uint8_t *p, size_t n, bool h2);

#endif
