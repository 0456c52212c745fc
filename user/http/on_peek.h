/* SPDX-License-Identifier: MIT */
/* Handlers of DIR_PEEK: is what follows a head its body? */
#ifndef HTTP_ON_PEEK_H
#define HTTP_ON_PEEK_H

#include "http/event.h"

handler on_peek;
handler on_peek_gap;
handler on_peek_end;
handler on_peek_resolved;

/* A response to the request m came first. True: the response is in
 * DIR_PEEK, and an event that resolves it was pushed. */
bool peek_resolve(struct conn *c, const struct msg *m, uint64_t ts_ns);

/* Does the server, whose first message begins, answer bytes that the capture has
 * not shown yet? */
bool peek_request_late(const struct conn *c, enum stream_dir dir);
/* A request has arrived: are bytes of the server held that may be the response
 * to it in HTTP/0.9? Then pushes them to be parsed again. */
bool peek_retry(struct conn *c, uint64_t ts_ns);

#endif
