/* SPDX-License-Identifier: MIT */
/* Pairs responses with requests. */
#ifndef HTTP_PAIR_H
#define HTTP_PAIR_H

#include "http/types.h"

/* A request's head is complete: its place in the queue. NULL: no memory. */
struct exchange *pair_request(struct conn *c, struct msg *m);
/* A response's head is complete. A response to a request that was not seen
 * gets an exchange of its own outside the queue. NULL: no memory. */
struct exchange *pair_response(struct conn *c, struct msg *m, bool final);
/* Learns from a complete response whether the client pipelines. */
void pair_observe(struct conn *c, const struct msg *rsp);

#endif
