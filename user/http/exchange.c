/* SPDX-License-Identifier: MIT */
/*
 * Exchanges and the queue of those that wait for their other half. Finishing
 * one that is still in progress abandons its messages: the bytes that follow
 * have no message, so the direction must find the next one.
 */
#include "http/exchange.h"

#include <string.h>

#include "http/conn.h"
#include "http/emit.h"
#include "http/explain.h"
#include "http/message.h"
#include "http/resync.h"

struct exchange *exchange_new(struct http_engine *e)
{
	size_t cap;
	struct exchange *x = store_alloc(&e->store, sizeof(*x), &cap);

	if (!x)
		return NULL;
	memset(x, 0, sizeof(*x));
	x->cap = cap;
	x->rsp_start = x->rsp_acked = STREAM_UNKNOWN;
	return x;
}

void exchange_free(struct http_engine *e, struct exchange *x)
{
	msg_free(e, x->req);
	msg_free(e, x->rsp);
	store_free(&e->store, x, x->cap);
}

void queue_append(struct conn *c, struct exchange *x)
{
	struct exchange **p = &c->queue;

	while (*p)
		p = &(*p)->next;
	*p = x;
	x->next = NULL;
	x->queued = true;
	c->n_queue++;
	conn_list(c);
}

void queue_remove(struct conn *c, struct exchange *x)
{
	struct exchange **p = &c->queue;

	if (!x->queued)
		return;
	while (*p != x)
		p = &(*p)->next;
	*p = x->next;
	x->queued = false;
	c->n_queue--;
}

void exchange_finish(struct conn *c, struct exchange *x, uint32_t flags)
{
	queue_remove(c, x);
	for (int i = 0; i < 2; i++)
		if (c->dir[i].msg && c->dir[i].msg->x == x)
			held_drop(c->engine, &c->dir[i]);
	explain_unpaired(c, x, flags);
	exchange_emit(c, x, flags);
	for (int i = 0; i < 2; i++) {
		struct dir *d = &c->dir[i];

		if (d->msg && d->msg->x == x) {
			/* abandoned before its end */
			d->msg = NULL;
			resync_enter(c, (enum stream_dir)i, false);
		}
	}
	exchange_free(c->engine, x);
}

void exchange_try_finish(struct conn *c, struct exchange *x)
{
	if (x->rsp && x->rsp->complete &&
	    ((x->req && x->req->complete) || !x->queued))
		exchange_finish(c, x, 0);
}

void queue_give_up(struct conn *c, uint32_t flags)
{
	if (!c->queue)
		return;
	while (c->queue)
		exchange_finish(c, c->queue, flags);
	/* responses to them may still arrive */
	requests_missing(c, false);
}
