/* SPDX-License-Identifier: MIT */
/*
 * Responses that stream for hours, such as server-sent events, would be invisible
 * until they end. Only a transaction that is certain is reported early: its two
 * halves are paired and its body is being read, so that nothing but its end can
 * follow, under the same id.
 */
#include "http/progress.h"

#include "http/belief.h"
#include "http/emit.h"

/* Its end decides whether HTTP/0.9 is believed at all. */
static bool is_certain(struct conn *c, const struct exchange *x)
{
	return x && !x->list && x->req && !(x->req->h.marks & HEAD_SIMPLE) &&
	       !(x->rsp->h.marks & HEAD_SIMPLE) && belief_exchange(c, x);
}

void progress_check(struct conn *c, uint64_t now_ns)
{
	struct http_engine *e = c->engine;
	const struct dir *d = server_dir(c);
	const struct msg *m = d->msg;
	struct started *s;
	size_t cap;

	if (!e->conf.progress_ns || !m || d->state != DIR_BODY ||
	    m->first_ns + e->conf.progress_ns > now_ns || !m->x ||
	    m->x->started || m->x->rsp != m || !is_certain(c, m->x))
		return;
	s = store_alloc(&e->store, sizeof(*s), &cap);
	if (!s)
		return; /* no memory: its end is reported all the same */
	*s = (struct started){.cap = cap};
	m->x->started = s;
	exchange_emit_started(c, m->x);
}
