/* SPDX-License-Identifier: MIT */
/* Pairs responses with requests: the queue of exchanges of a connection. */
#ifndef HTTP_PAIR_H
#define HTTP_PAIR_H

#include "http/types.h"

/* NULL: no memory. */
struct exchange *exchange_new(struct http_engine *e);
void exchange_free(struct http_engine *e, struct exchange *x);
/* Emits and frees x, complete or not. */
void exchange_finish(struct conn *c, struct exchange *x, uint32_t flags);
/* Emits and frees x if both its messages are complete. */
void exchange_check(struct conn *c, struct exchange *x);

/* A request's head is complete: its place in the queue. NULL: no memory. */
struct exchange *pair_request(struct conn *c, struct msg *m);
/* A response's head is complete. A response to a request that was not seen
 * gets an exchange of its own outside the queue. NULL: no memory. */
struct exchange *pair_response(struct conn *c, struct msg *m, bool final);
/* Requests after those in the queue are missing: lost, or unparsable. */
void pair_hole(struct conn *c, bool lost);
/* Learns from a complete response whether the client pipelines. */
void pair_observe(struct conn *c, const struct msg *rsp);
/* Emits every exchange in the queue as it is. */
void queue_give_up(struct conn *c, uint32_t flags);

#endif
