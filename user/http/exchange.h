/* SPDX-License-Identifier: MIT */
/* Exchanges, and the queue of those pending on a connection. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/types.h"

/* NULL: no memory. */
struct exchange *exchange_new(struct http_engine *e);
void exchange_free(struct http_engine *e, struct exchange *x);
/* Emits and frees x, complete or not. */
void exchange_finish(struct conn *c, struct exchange *x, uint32_t flags);
/* Emits and frees x if both its messages are complete. */
void exchange_try_finish(struct conn *c, struct exchange *x);

void queue_append(struct conn *c, struct exchange *x);
/* No-op if x is not queued. */
void queue_remove(struct conn *c, struct exchange *x);
/* Emits every exchange in the queue as it is. */
void queue_give_up(struct conn *c, uint32_t flags);

#endif
