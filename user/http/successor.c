/* SPDX-License-Identifier: MIT */
/*
 * Hands connections over: those joined midway in which frames of HTTP/2 are found,
 * and those that a 101 response upgrades to h2c (RFC 7540 section 3.2), whose
 * request is stream 1.
 */
#include "http/successor.h"

#include <string.h>
#include <strings.h>

#include "http/account.h"
#include "http/conn.h"
#include "http/exchange.h"
#include "http/message.h"
#include "http/on_proxy.h"

bool successor_claims(const struct conn *c, const struct input *in)
{
	const struct http_successor *s = &c->engine->successor;

	return s->claims && !c->requests && !c->responses && !c->dir[0].msg &&
	       !c->dir[1].msg && s->claims(in->p, input_left(in));
}

/* The client began with a PROXY header, and with nothing that is not the preface of
 * the successor. */
static bool is_proxied(const struct dir *d)
{
	switch (d->state) {
	case DIR_PROXY:
	case DIR_PROXY_SKIP:
		return true;
	case DIR_START:
		return d->pos;
	case DIR_HEAD:
		return d->msg->start && !d->msg->tentative &&
		       d->msg->have <= SUCCESSOR_LINE_LEN &&
		       !memcmp(d->msg->block, SUCCESSOR_LINE, d->msg->have);
	default:
		return false;
	}
}

bool successor_begins(struct conn *c, const struct input *in)
{
	const struct http_successor *s = &c->engine->successor;

	c->engine->proxied = s->begins && !c->seen && !c->midstream &&
			     is_proxied(client_dir(c)) &&
			     s->begins(in->p, input_left(in));
	return c->engine->proxied;
}

bool successor_prefaced(struct conn *c, const struct msg *m)
{
	c->engine->proxied =
		c->engine->successor.take && m->start && !c->midstream &&
		m->h.len == SUCCESSOR_LINE_LEN &&
		!memcmp(m->head, SUCCESSOR_LINE, SUCCESSOR_LINE_LEN);
	return c->engine->proxied;
}

/* Does a field Upgrade name h2c? */
static bool names_h2c(const struct msg *m)
{
	const struct head_field *f = m->fields;

	for (unsigned int i = 0; i < m->h.n_fields; i++)
		if (f[i].name.len == 7 && f[i].value.len == 3 &&
		    !strncasecmp((const char *)m->head + f[i].name.off,
				 "upgrade", 7) &&
		    !strncasecmp((const char *)m->head + f[i].value.off, "h2c",
				 3))
			return true;
	return false;
}

/* Nothing else is going on that HTTP/1 would have to finish. */
static bool may_leave(struct conn *c)
{
	return c->engine->successor.take && !c->requests && !c->responses &&
	       !client_dir(c)->msg;
}

/* m becomes an interim response of x, whose request is the first of the successor. */
static void upgrade(struct conn *c, struct exchange *x, struct msg *m)
{
	struct http_engine *e = c->engine;

	e->stats.interim_responses++;
	server_dir(c)->msg = NULL;
	x->rsp = NULL;
	msg_save_pending(e);
	if (!exchange_add_interim(x, m))
		msg_free(e, m);
	e->upgrade = x;
}

bool successor_upgrade(struct conn *c, struct msg *m)
{
	struct exchange *x = m->x;

	if (!may_leave(c) || !x->req->complete || x->started || !names_h2c(m))
		return false;
	c->engine->stats.responses--;
	upgrade(c, x, m);
	return true;
}

bool successor_upgrade_alone(struct conn *c, struct msg *m)
{
	struct exchange *x;

	if (!may_leave(c) || !names_h2c(m) ||
	    !(c->midstream || client_dir(c)->state == DIR_RESYNC))
		return false;
	x = exchange_new(c->engine);
	if (!x)
		return false;
	upgrade(c, x, m);
	return true;
}

/* What the client sent and HTTP/1 holds: part of a PROXY header, or of the preface. */
struct held_bytes {
	struct stream_chunk chunk;
	enum stream_dir dir;
	void *block;
	size_t cap;
};

static void take_held(struct conn *c, struct held_bytes *held)
{
	struct http_engine *e = c->engine;
	struct dir *d = client_dir(c);
	struct msg *m = d->msg;

	held->dir = (enum stream_dir)(d - c->dir);
	if (!m)
		return;
	held->chunk = (struct stream_chunk){
		.len = m->have,
		.offset = m->start,
		.ts_ns = m->first_ns,
		.acked = m->acked,
		.ambiguous = m->ambiguous,
	};
	held->block = msg_detach_head(m, &held->cap);
	held->chunk.data = held->block;
	msg_free(e, m);
	d->msg = NULL;
}

static void deliver_held(struct http_engine *e, void *proto,
			 struct held_bytes *held)
{
	if (!proto) {
		account(e, held->chunk.len, BYTES_HELD, BYTES_UPGRADED);
	} else if (held->chunk.len) {
		e->stats.bytes_buffered -= held->chunk.len;
		e->stats.bytes_in -= held->chunk.len; /* see below */
		e->successor.protocol->data(proto, held->dir, &held->chunk);
	}
	store_free(&e->store, held->block, held->cap);
}

static void set_proxied(struct http_takeover *t, struct conn *c)
{
	const struct dir *client = client_dir(c), *server = server_dir(c);

	t->roles_known = true;
	t->line = client->state == DIR_HEAD && !client->msg;
	t->server_known = server->state == DIR_START && !server->pos;
	if (client->state == DIR_PROXY_SKIP)
		t->proxy_left = client->scanned;
}

void successor_take(struct conn *c)
{
	struct http_engine *e = c->engine;
	struct exchange *x = e->upgrade;
	struct http_takeover t = {
		.flow = c->flow,
		.swap = c->swap,
		.roles_known = c->roles_known || x,
		.midstream = c->midstream,
		.proxied = c->proxied,
	};
	struct held_bytes held = {0};
	void *proto;

	e->upgrade = NULL;
	memcpy(t.id, c->id, sizeof(t.id));
	msg_save_pending(e);
	if (x) {
		t.reason = TAKEOVER_UPGRADED;
		t.request = x->req;
		t.interim = x->interim;
		x->req = x->interim = NULL;
		exchange_free(e, x);
	} else if (e->proxied) {
		t.reason = TAKEOVER_PROXIED;
		set_proxied(&t, c);
		take_held(c, &held);
	}
	c->dir[0].state = c->dir[1].state = DIR_UPGRADED;
	conn_unlist(c);
	conn_free(e, c);
	proto = e->successor.take(e->successor.ctx, &t);
	e->proxied = false;
	deliver_held(e, proto, &held);
	/* The innermost event has the earliest bytes. */
	for (unsigned int i = e->n_events; i-- > 0;) {
		struct input *in = &e->events[i].in;
		const struct stream_chunk chunk = {
			.data = in->p,
			.len = input_left(in),
			.offset = in->offset,
			.ts_ns = in->ts_ns,
			.acked = in->acked,
			.ambiguous = e->ambiguous,
		};

		if (e->events[i].type != EVENT_BYTES || !chunk.len)
			continue;
		in->p = in->end;
		if (!proto) {
			e->stats.bytes_upgraded += chunk.len;
			continue;
		}
		e->stats.bytes_in -= chunk.len; /* the successor counts them */
		e->successor.protocol->data(
			proto, (enum stream_dir)e->events[i].dir, &chunk);
	}
}
