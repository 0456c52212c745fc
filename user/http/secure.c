/* SPDX-License-Identifier: MIT */
/*
 * The connection leaves at the end of the callback: what TLS carries may be HTTP/1
 * again, and must not run within the driver.
 */
#include "http/secure.h"

#include "http/account.h"
#include "http/conn.h"
#include "http/leave.h"
#include "http/message.h"
#include "http/on_proxy.h"
#include "http/tunnel.h"
#include "http/watch.h"

static void keep_rest(struct http_engine *e, enum stream_dir dir,
		      const struct input *in, void *block, size_t cap)
{
	struct secure_rest *r = &e->rest[e->n_rest++];

	*r = (struct secure_rest){.dir = (uint8_t)dir,
				  .in = *in,
				  .block = block,
				  .cap = cap,
				  .ambiguous = e->ambiguous};
}

/* What the client sent into the tunnel, before what made clear that it is one. */
static void keep_held(struct conn *c)
{
	struct dir *d = client_dir(c);
	struct msg *m = d->msg;
	struct input in;
	size_t cap;
	void *block;

	if (!watch_waits(c))
		return;
	in = tunnel_input(m, m->first_ns);
	block = msg_detach_head(m, &cap);
	account(c->engine, input_left(&in), BYTES_HELD, BYTES_INPUT);
	msg_free(c->engine, m);
	d->msg = NULL;
	keep_rest(c->engine, (enum stream_dir)(d - c->dir), &in, block, cap);
}

void secure_leave(struct conn *c)
{
	struct http_engine *e = c->engine;

	keep_held(c);
	/* The innermost event has the earliest bytes. */
	for (unsigned int i = e->n_events; i-- > 0;) {
		struct event *ev = &e->events[i];

		if (ev->type != EVENT_BYTES || event_done(ev))
			continue;
		keep_rest(e, (enum stream_dir)ev->dir, &ev->in,
			  ev->replayed ? ev->block : NULL, ev->block_cap);
		if (ev->replayed)
			ev->block = NULL;
		ev->in.p = ev->in.end;
	}
	leave_pending(c, 0);
	c->dir[0].state = c->dir[1].state = DIR_UPGRADED;
	e->secured = c;
}

static void free_rest(struct http_engine *e)
{
	while (e->n_rest) {
		struct secure_rest *r = &e->rest[--e->n_rest];

		if (r->block)
			store_free(&e->store, r->block, r->cap);
	}
	e->secured = NULL;
}

static void deliver(struct http_engine *e, void *proto,
		    const struct secure_rest *r)
{
	const struct stream_chunk chunk = {
		.data = r->in.p,
		.len = input_left(&r->in),
		.offset = r->in.offset,
		.ts_ns = r->in.ts_ns,
		.acked = r->in.acked,
		.ambiguous = r->ambiguous,
	};

	if (!proto) {
		e->stats.bytes_upgraded += chunk.len;
		return;
	}
	e->stats.bytes_in -= chunk.len; /* TLS counts them */
	e->secure.protocol->data(proto, (enum stream_dir)r->dir, &chunk);
}

void secure_finish(struct conn *c)
{
	struct http_engine *e = c->engine;
	struct http_secure_start s = {.flow = c->flow, .proxied = c->proxied};
	bool fin[2];
	void *proto;

	for (unsigned int i = 0; i < 2; i++) {
		s.base[i] = c->dir[i].pos;
		fin[i] = c->dir[i].fin;
	}
	for (unsigned int i = e->n_rest; i-- > 0;)
		s.base[e->rest[i].dir] = e->rest[i].in.offset;
	conn_unlist(c);
	proto = e->secure.take(e->secure.ctx, &s);
	proxy_forget(c->engine, &c->proxied);
	conn_free(e, c);
	for (unsigned int i = 0; i < e->n_rest; i++)
		deliver(e, proto, &e->rest[i]);
	for (unsigned int i = 0; proto && i < 2; i++)
		if (fin[i])
			e->secure.protocol->fin(proto, (enum stream_dir)i,
						e->now_ns);
	free_rest(e);
}

void secure_forget(struct http_engine *e)
{
	for (unsigned int i = 0; i < e->n_rest; i++)
		e->stats.bytes_upgraded += input_left(&e->rest[i].in);
	free_rest(e);
}
