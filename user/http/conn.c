/* SPDX-License-Identifier: MIT */
/* One connection: what stream tells, and the list of those that wait. */
#include "base/pages.h"
#include "http/body.h"
#include "http/conn.h"
#include "http/message.h"
#include "http/pair.h"
#include "http/resync.h"

#include <string.h>

/* Connections lie in pages of their own, whole cache lines each. Only the
 * first of these is not a huge one: who has few connections has little. */
struct conn_slab {
	struct conn_slab *next;
	struct conn conns[] __attribute__((aligned(64)));
};
#define SLAB_CONNS \
	((PAGES_HUGE - sizeof(struct conn_slab)) / sizeof(struct conn))

/* What an idle connection costs; stream keeps one flow beside it. */
_Static_assert(sizeof(struct conn) <= 96, "idle connections are small");

/* Connections come from slabs: their number is capped by stream's flows. */
struct conn *conn_new(struct http_engine *e)
{
	struct conn *c = e->free_conns;

	if (c) {
		e->free_conns = c->next_free;
		memset(c, 0, sizeof(*c));
		return c;
	}
	if (!e->slabs || e->slab_used == SLAB_CONNS) {
		struct conn_slab *s = pages_new(PAGES_HUGE, e->slabs != NULL);

		if (!s)
			return NULL;
		s->next = e->slabs;
		e->slabs = s;
		e->slab_used = 0;
	}
	return &e->slabs->conns[e->slab_used++]; /* zeroed as it comes */
}

void conn_free(struct http_engine *e, struct conn *c)
{
	c->next_free = e->free_conns;
	e->free_conns = c;
}

void conn_free_all(struct http_engine *e)
{
	while (e->slabs) {
		struct conn_slab *s = e->slabs;

		e->slabs = s->next;
		pages_free(s, PAGES_HUGE);
	}
}

void conn_list(struct conn *c)
{
	struct http_engine *e = c->engine;
	struct waiting *w;
	size_t cap;

	if (c->waiting)
		return;
	w = store_alloc(&e->store, sizeof(*w), &cap);
	if (!w)
		return; /* stream's time-out will do */
	*w = (struct waiting){.older = e->newest,
			      .conn = c,
			      .since_ns = e->now_ns,
			      .cap = cap};
	*(e->newest ? &e->newest->newer : &e->oldest) = w;
	e->newest = w;
	c->waiting = w;
}

void conn_unlist(struct conn *c)
{
	struct http_engine *e = c->engine;
	struct waiting *w = c->waiting;

	if (!w)
		return;
	c->waiting = NULL;
	*(w->older ? &w->older->newer : &e->oldest) = w->newer;
	*(w->newer ? &w->newer->older : &e->newest) = w->older;
	store_free(&e->store, w, w->cap);
}

void conn_upgrade(struct conn *c, enum stream_dir dir)
{
	struct dir *d = &c->dir[dir];
	struct http_engine *e = c->engine;

	if (d->state == DIR_UPGRADED)
		return;
	if (d->msg && !d->msg->x) {
		/* what looked like a message was not HTTP any more */
		e->stats.bytes_buffered -= d->msg->have;
		e->stats.bytes_upgraded += d->msg->have;
		msg_free(e, d->msg);
		d->msg = NULL;
	} else if (d->msg) {
		exchange_finish(c, d->msg->x, HTTP_F_CLOSED_EARLY);
	}
	d->state = DIR_UPGRADED;
	stream_skip(c->flow, dir, STREAM_UNKNOWN);
	/* (a CONNECT that is not complete yet follows when it is) */
	if (c->tunnel && !c->dir[dir ^ 1].msg)
		conn_upgrade(c, (enum stream_dir)(dir ^ 1));
}

void conn_not_http(struct conn *c, const uint8_t *p, size_t n, bool h2)
{
	struct http_engine *e = c->engine;

	e->stats.not_http++;
	if (h2)
		e->stats.not_http_h2++;
	else if (n && p[0] >= 0x14 && p[0] <= 0x17 && (n < 2 || p[1] == 3))
		e->stats.not_http_tls++;
	for (int i = 0; i < 2; i++) {
		struct dir *d = &c->dir[i];

		if (d->msg) {
			e->stats.bytes_buffered -= d->msg->have;
			e->stats.bytes_not_http += d->msg->have;
			msg_free(e, d->msg);
			d->msg = NULL;
		}
		d->state = DIR_NOT_HTTP;
		stream_skip(c->flow, (enum stream_dir)i, STREAM_UNKNOWN);
	}
}

void conn_drop_held(struct conn *c, struct dir *d)
{
	struct http_engine *e = c->engine;
	struct msg *m = d->msg;
	size_t held;

	if (!m)
		return;
	held = d->state == DIR_HEAD				 ? m->have
	       : d->state == DIR_PEEK || d->state == DIR_TRAILER ? m->trail_len
								 : 0;
	e->stats.bytes_buffered -= held;
	e->stats.bytes_resync += held;
	m->have = m->trail_len = 0;
	d->state = DIR_BODY;
}

void conn_give_up(struct conn *c, uint32_t flags)
{
	struct http_engine *e = c->engine;

	for (int i = 0; i < 2; i++)
		conn_drop_held(c, &c->dir[i]);
	queue_give_up(c, flags);
	for (int i = 0; i < 2; i++) {
		struct dir *d = &c->dir[i];

		if (!d->msg)
			continue;
		if (d->msg->x) { /* outside the queue */
			exchange_finish(c, d->msg->x, flags);
			continue;
		}
		msg_free(e, d->msg);
		d->msg = NULL;
		parse_resync(c, (enum stream_dir)i, false);
	}
}
