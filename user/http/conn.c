/* SPDX-License-Identifier: MIT */
/*
 * Connections: slabs that live as long as the engine, and the list of those
 * with something pending, oldest first, by which timeouts and eviction find
 * them without a scan.
 */
#include "base/pages.h"
#include "http/conn.h"
#include "http/times.h"

#include <string.h>

/* A slab is a mapping of its own, aligned to cache lines. All but the first use
 * a huge page, so that a process with few connections stays small. */
struct conn_slab {
	struct conn_slab *next;
	struct conn conns[] __attribute__((aligned(64)));
};
#define SLAB_CONNS \
	((PAGES_HUGE - sizeof(struct conn_slab)) / sizeof(struct conn))

/* The cost of an idle connection here; stream adds its flow. */
_Static_assert(sizeof(struct conn) <= 128, "idle connections are small");

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
	return &e->slabs->conns[e->slab_used++]; /* fresh pages are zero */
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

static void unlink_waiting(struct http_engine *e, const struct waiting *w)
{
	*(w->older ? &w->older->newer : &e->oldest) = w->newer;
	*(w->newer ? &w->newer->older : &e->newest) = w->older;
}

static void append_waiting(struct http_engine *e, struct waiting *w)
{
	w->since_ns = e->now_ns;
	w->older = e->newest;
	w->newer = NULL;
	*(e->newest ? &e->newest->newer : &e->oldest) = w;
	e->newest = w;
}

void conn_list(struct conn *c)
{
	struct http_engine *e = c->engine;
	struct waiting *w;

	if (c->waiting)
		return;
	w = store_new(&e->store, sizeof(*w));
	if (!w)
		return; /* no memory: stream's idle timeout still applies */
	*w = (struct waiting){.conn = c};
	append_waiting(e, w);
	c->waiting = w;
}

void conn_list_again(struct conn *c)
{
	unlink_waiting(c->engine, c->waiting);
	append_waiting(c->engine, c->waiting);
}

void conn_unlist(struct conn *c)
{
	struct http_engine *e = c->engine;
	struct waiting *w = c->waiting;

	if (!w)
		return;
	if (w->times)
		times_forget(c);
	c->waiting = NULL;
	unlink_waiting(e, w);
	store_delete(&e->store, w, sizeof(*w));
}
