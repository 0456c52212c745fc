/* SPDX-License-Identifier: MIT */
/* Pairs responses with requests. */
#ifndef HTTP_PAIR_H
#define HTTP_PAIR_H

#include "http/types.h"

/* A request's head is complete: its exchange, perhaps with a response. NULL: no
 * memory. */
struct exchange *pair_request(struct conn *c, struct msg *m);
/* A response's head is complete: its exchange, perhaps with a request. NULL: no
 * memory. */
struct exchange *pair_response(struct conn *c, struct msg *m, bool final);
/* A request is complete. Emits its exchange if that waits for nothing. */
void pair_request_ended(struct conn *c, struct msg *m);
/* A response is complete. Emits its exchange if that waits for nothing. */
void pair_response_ended(struct conn *c, struct msg *m);
/* Nothing more will confirm the turnarounds that wait for that, or contradict
 * them: they count if the client was seen often enough to wait. */
void pair_settle(struct conn *c);
/* May the request that x, a response, answers still arrive? */
bool pair_may_arrive(struct conn *c, const struct exchange *x);
/* The connection has ended: no message will decide any more. */
void pair_last(struct conn *c);

/* Segment bytes of the body of rsp, which the close delimits, acknowledge acked:
 * they contradict requests that the server received and that nobody answers. */
void pair_body(struct conn *c, struct msg *rsp, bool status, uint64_t acked);

#endif
