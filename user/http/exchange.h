/* SPDX-License-Identifier: MIT */
/* Exchanges, and the lists of those that wait for their other half. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/types.h"

/* NULL: no memory. */
struct exchange *exchange_new(struct http_engine *e);
void exchange_free(struct http_engine *e, struct exchange *x);
/* Appends m, a 1xx response, which x owns from now on. False: it has enough. */
bool exchange_add_interim(struct exchange *x, struct msg *m);
void exchange_drop_interim(struct http_engine *e, struct exchange *x);
/* Emits and frees x, complete or not. */
void exchange_finish(struct conn *c, struct exchange *x, uint32_t flags);
/* Emits and frees x if it waits for nothing more. */
void exchange_try_finish(struct conn *c, struct exchange *x);
/* Emits and frees x, which waits for its other half in vain. That half may
 * still arrive, so the exchanges after x are behind a hole. */
void exchange_give_up(struct conn *c, struct exchange *x, uint32_t flags);

/* Appends x to the list of exchanges that wait for a response, or a request. At
 * QUEUE_MAX the oldest one is given up. */
void queue_append(struct conn *c, struct exchange *x, enum exchange_list list);
/* Inserts x at the front of that list. */
void queue_prepend(struct conn *c, struct exchange *x, enum exchange_list list);
/* No-op if x is in no list. */
void queue_remove(struct conn *c, struct exchange *x);
/* The one that has waited longest; NULL: none waits. */
struct exchange *queue_oldest(const struct conn *c);
/* Emits every exchange that waits as it is. */
void queue_emit(struct conn *c, uint32_t flags);
/* The same, on a connection that goes on. */
void queue_give_up(struct conn *c, uint32_t flags);

/* The exchange after x in the list that begins with first, or NULL. */
static inline struct exchange *queue_next(const struct exchange *first,
					  const struct exchange *x)
{
	return x->next == first ? NULL : x->next;
}

/* The exchange before x, or NULL. */
static inline struct exchange *queue_prev(const struct exchange *first,
					  const struct exchange *x)
{
	return x == first ? NULL : x->prev;
}

static inline struct exchange *queue_last(struct exchange *first)
{
	return first ? first->prev : NULL;
}

#endif
