/* SPDX-License-Identifier: MIT */
#include "base/pages.h"
#include "http/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Connections looked at by one http_tick(). */
#define TICK_MAX 4096u

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

struct http_engine *http_new(const struct http_conf *conf)
{
	struct http_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->conf = *conf;
	store_init(&e->store, conf->memory_limit);
	e->decoders = decode_pool_new(&e->store);
	e->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!e->decoders || !e->sha256) {
		EVP_MD_free(e->sha256);
		decode_pool_free(e->decoders);
		free(e);
		errno = ENOMEM;
		return NULL;
	}
	return e;
}

void http_free(struct http_engine *e)
{
	if (!e)
		return;
	decode_pool_free(e->decoders);
	store_destroy(&e->store);
	while (e->n_free_md)
		EVP_MD_CTX_free(e->free_md[--e->n_free_md]);
	EVP_MD_free(e->sha256);
	while (e->slabs) {
		struct conn_slab *s = e->slabs;

		e->slabs = s->next;
		pages_free(s, PAGES_HUGE);
	}
	free(e);
}

void http_set(struct http_engine *e, uint64_t body_limit, bool body_hash)
{
	e->conf.body_limit = body_limit;
	e->conf.body_hash = body_hash;
}

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

/* Gives up what has waited too long at the front of the queue. */
static void expire(struct conn *c, uint64_t now_ns)
{
	uint64_t timeout = c->engine->conf.response_timeout_ns;
	struct exchange *x;

	while ((x = c->queue)) {
		const struct msg *m = x->rsp ? x->rsp : x->req;

		/* one half is still coming: stream's time-out is for that */
		if ((x->rsp && !x->rsp->complete) ||
		    (x->req && !x->req->complete))
			return;
		if (m && m->last_ns + timeout > now_ns)
			return;
		if (x->req) {
			/* its response may come late */
			if (x->next)
				x->next->after_hole = true;
			else
				c->req_hole = true;
		}
		exchange_finish(c, x, HTTP_F_TIMEOUT);
	}
}

void http_tick(struct http_engine *e, uint64_t now_ns)
{
	uint64_t timeout = e->conf.response_timeout_ns;

	if (now_ns > e->now_ns)
		e->now_ns = now_ns;
	for (unsigned int i = 0; i < TICK_MAX; i++) {
		struct waiting *w = e->oldest;
		struct conn *c;

		if (!w || w->since_ns + timeout > now_ns)
			break;
		c = w->conn;
		conn_unlist(c);
		expire(c, now_ns);
		if (conn_pending(c))
			conn_list(c);
	}
	e->stats.memory_used = e->store.used;
}

const struct http_stats *http_stats(const struct http_engine *e)
{
	return &e->stats;
}
