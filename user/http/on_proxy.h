/* SPDX-License-Identifier: MIT */
/* DIR_PROXY and DIR_PROXY_SKIP: a PROXY header before the first message. */
#ifndef HTTP_ON_PROXY_H
#define HTTP_ON_PROXY_H

#include "http/event.h"
#include "http/proxy.h"
#include "http/transaction.h"

/* May the bytes of ev, the first of a connection, be a PROXY header? */
bool proxy_begins(const struct conn *c, const struct event *ev);

handler on_proxy, on_proxy_gap, on_proxy_end;
handler on_proxy_skip, on_proxy_skip_gap, on_proxy_skip_end;

/* Sets the client of t, which is that of x, to the one that the header names,
 * if the server has shown that it believes it. Returns flags, HTTP_F_*. The
 * connection has c->proxied. */
uint32_t proxy_source(struct conn *c, const struct exchange *x,
		      struct http_transaction *t);
/* TLS carries the connection, which has taken o from a header. */
void proxy_carried(struct http_engine *e, const struct stream_origin *o,
		   struct proxied **to);

/* The same for the successor. understood: an answer shows that the server read the
 * header. */
uint32_t proxy_name(struct proxied *p, bool understood,
		    struct http_transaction *t);
/* Counts a header and keeps the client that it names, unless *to is one. */
void proxy_learn(struct http_engine *e, const struct proxy_header *h,
		 struct proxied **to);
void proxy_forget(struct http_engine *e, struct proxied **p);
/* Gives what was learned to a connection, which owns it then; without one (NULL, as
 * its protocol's open() returns), forgets it. */
void proxy_adopt(struct http_engine *e, struct conn *c, struct proxied **p);

#endif
