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

#endif
