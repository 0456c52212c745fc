/* SPDX-License-Identifier: MIT */
/*
 * Exchanges and the lists of those that wait for their other half. Every
 * operation takes constant time, however long the lists are. Finishing
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
	struct exchange *x = store_new(&e->store, sizeof(*x));

	if (!x)
		return NULL;
	memset(x, 0, sizeof(*x));
	x->rsp_start = x->rsp_acked = x->turn = STREAM_UNKNOWN;
	return x;
}

bool exchange_add_interim(struct exchange *x, struct msg *m)
{
	struct msg **last = &x->interim;

	if (x->n_interim == HTTP_INTERIM_MAX)
		return false;
	while (*last)
		last = &(*last)->next;
	*last = m;
	x->n_interim++;
	return true;
}

void exchange_drop_interim(struct http_engine *e, struct exchange *x)
{
	struct msg *m, *next;

	for (m = x->interim; m; m = next) {
		next = m->next;
		msg_free(e, m);
	}
	x->interim = NULL;
	x->n_interim = 0;
}

void exchange_free(struct http_engine *e, struct exchange *x)
{
	msg_free(e, x->req);
	msg_free(e, x->rsp);
	if (x->interim)
		exchange_drop_interim(e, x);
	if (x->started)
		store_free(&e->store, x->started, x->started->cap);
	store_delete(&e->store, x, sizeof(*x));
}

static struct exchange **list_of(struct conn *c, unsigned int list)
{
	return list == LIST_REQUESTS ? &c->requests : &c->responses;
}

void queue_prepend(struct conn *c, struct exchange *x, enum exchange_list list)
{
	struct exchange **first = list_of(c, list), *f = *first;

	x->list = (uint8_t)list;
	if (f) {
		x->next = f;
		x->prev = f->prev;
		f->prev->next = x;
		f->prev = x;
	} else {
		x->next = x->prev = x;
	}
	*first = x;
	c->n_queue++;
	conn_list(c);
}

void queue_append(struct conn *c, struct exchange *x, enum exchange_list list)
{
	struct exchange *f;

	if (c->n_queue >= QUEUE_MAX) {
		c->engine->stats.queue_limit++;
		exchange_give_up(c, queue_oldest(c), HTTP_F_EVICTED);
	}
	f = *list_of(c, list);
	queue_prepend(c, x, list);
	if (f) /* in a ring, before the first is after the last */
		*list_of(c, list) = f;
}

void queue_remove(struct conn *c, struct exchange *x)
{
	struct exchange **first = list_of(c, x->list);

	if (!x->list)
		return;
	if (*first == x)
		*first = x->next == x ? NULL : x->next;
	x->prev->next = x->next;
	x->next->prev = x->prev;
	x->list = LIST_NONE;
	c->n_queue--;
}

static uint64_t time_of(const struct exchange *x)
{
	const struct msg *m = x->req ? x->req : x->rsp;

	return m ? m->first_ns : 0;
}

struct exchange *queue_oldest(const struct conn *c)
{
	if (!c->requests || !c->responses)
		return c->requests ? c->requests : c->responses;
	return time_of(c->requests) <= time_of(c->responses) ? c->requests
							     : c->responses;
}

void exchange_give_up(struct conn *c, struct exchange *x, uint32_t flags)
{
	if (x->list == LIST_REQUESTS) {
		if (x == queue_last(c->requests))
			c->req_hole = HOLE_SURE;
		else
			x->next->req->after_hole = HOLE_SURE;
	} else if (x->list == LIST_RESPONSES) {
		if (x == queue_last(c->responses))
			c->rsp_hole = true;
		else
			x->next->after_hole = true;
	}
	exchange_finish(c, x, flags);
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
	if (!x->list && x->rsp && x->rsp->complete &&
	    (!x->req || x->req->complete))
		exchange_finish(c, x, 0);
}

void queue_emit(struct conn *c, uint32_t flags)
{
	struct exchange *x;

	while ((x = queue_oldest(c)))
		exchange_finish(c, x, flags);
}

void queue_give_up(struct conn *c, uint32_t flags)
{
	struct exchange *x;

	while ((x = queue_oldest(c)))
		exchange_give_up(c, x, flags);
}
