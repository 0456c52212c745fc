/* SPDX-License-Identifier: MIT */
/*
 * A PROXY header stands before the first byte of a connection, never elsewhere,
 * so it is looked for only where the handshake shows that byte. It is stepped
 * over by its length and never searched: TLVs may hold anything. What follows
 * begins like a connection without a header, and may be TLS or HTTP/2.
 *
 * Any client can send a header. A server that does not expect one takes it for
 * a broken request and says so; until the server has answered otherwise, the
 * header is one side's word and names nobody.
 */
#include "http/on_proxy.h"

#include <string.h>

#include "http/account.h"
#include "http/conn.h"
#include "http/message.h"
#include "http/proxy.h"
#include "http/times.h"

bool proxy_begins(const struct conn *c, const struct event *ev)
{
	const struct input *in = &ev->in;
	struct proxy_header h;

	return !c->midstream && !ev->replayed &&
	       proxy_parse(in->p, input_left(in), &h) != PREFIX_NO;
}

static void set_source(struct http_engine *e, const struct stream_origin *o,
		       struct proxied **to)
{
	struct proxied *p;
	size_t cap;

	p = store_alloc(&e->store, sizeof(*p), &cap);
	if (!p) {
		e->stats.memory_limit++;
		return;
	}
	*p = (struct proxied){.cap = cap, .port = o->port, .ipv6 = o->ipv6};
	memcpy(p->addr, o->addr, sizeof(p->addr));
	*to = p;
}

void proxy_learn(struct http_engine *e, const struct proxy_header *h,
		 struct proxied **to)
{
	struct stream_origin o = {.port = h->port, .ipv6 = h->ipv6};

	e->stats.proxy_headers++;
	if (!h->source || *to)
		return;
	memcpy(o.addr, h->addr, sizeof(o.addr));
	set_source(e, &o, to);
}

void proxy_carried(struct http_engine *e, const struct stream_origin *o,
		   struct proxied **to)
{
	set_source(e, o, to);
	if (*to)
		(*to)->confirmed = true;
}

void proxy_forget(struct http_engine *e, struct proxied **p)
{
	if (*p)
		store_free(&e->store, *p, (*p)->cap);
	*p = NULL;
}

void proxy_adopt(struct http_engine *e, struct conn *c, struct proxied **p)
{
	if (!c) {
		proxy_forget(e, p);
		return;
	}
	c->proxied = *p;
	*p = NULL;
}

/* The header began with have bytes that are consumed: skips the remainder. */
static enum action skip_rest(struct dir *d, uint32_t len, size_t have)
{
	d->scanned = len > have ? len - (uint32_t)have : 0;
	return d->scanned ? ACT_OVERSIZE : ACT_DONE;
}

static void drop_msg(struct conn *c, struct dir *d)
{
	msg_free(c->engine, d->msg);
	d->msg = NULL;
}

/* No memory for a header: its bytes, and where the first request begins, are
 * lost. */
static enum action no_memory(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];

	if (d->msg)
		account(e, d->msg->have, BYTES_HELD, BYTES_RESYNC);
	drop_msg(c, d);
	input_consume(e, &ev->in, input_left(&ev->in), BYTES_RESYNC);
	e->stats.memory_limit++;
	return ACT_RESYNC;
}

/* The whole header, or its first bytes. */
static enum action proxy_first(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct input *in = &ev->in;
	size_t n = input_left(in);
	struct proxy_header h;

	if (proxy_parse(in->p, n, &h) == PREFIX_YES) {
		proxy_learn(c->engine, &h, &c->proxied);
		n = n < h.len ? n : h.len;
		input_consume(e, in, n, BYTES_FRAMING);
		return skip_rest(d, h.len, n);
	}
	conn_list(c);
	times_hold(c, ev);
	d->msg = msg_new(e, in->offset, in->ts_ns, in->acked);
	if (!d->msg || !msg_hold_head(e, d->msg, in->p, n))
		return no_memory(c, ev);
	input_consume(e, in, n, BYTES_HELD);
	return ACT_MORE;
}

/* It is no header after all: the held bytes are parsed as a message. */
static enum action parse_again(struct conn *c, struct event *ev)
{
	struct dir *d = &c->dir[ev->dir];
	size_t have = d->msg->have, cap;
	uint64_t start = d->msg->start, acked = d->msg->acked;
	void *block = msg_detach_head(d->msg, &cap);

	drop_msg(c, d);
	event_replay(c->engine, ev, block, cap, have, have, start, acked);
	return ACT_RESTART;
}

enum action on_proxy(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;
	struct input *in = &ev->in;
	size_t n = input_left(in), used;
	struct proxy_header h;
	enum head_prefix r;

	if (!m)
		return proxy_first(c, ev);
	if (n > PROXY_PARSE_MAX - m->have)
		n = PROXY_PARSE_MAX - m->have;
	if (!msg_hold_head(e, m, in->p, n))
		return no_memory(c, ev);
	input_consume(e, in, n, BYTES_HELD);
	r = proxy_parse(m->block, m->have, &h);
	if (r == PREFIX_MAYBE)
		return ACT_MORE;
	if (r == PREFIX_NO)
		return parse_again(c, ev);
	proxy_learn(c->engine, &h, &c->proxied);
	used = m->have < h.len ? m->have : h.len;
	account(e, used, BYTES_HELD, BYTES_FRAMING);
	/* Before this call the header was incomplete: all that follows it came
	 * with ev. */
	if (used < m->have)
		event_give_back(e, ev, n, m->block, m->have, (uint32_t)used);
	drop_msg(c, d);
	return skip_rest(d, h.len, used);
}

enum action on_proxy_gap(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	uint32_t have = d->msg->have;
	uint32_t len = proxy_v2_len(d->msg->block, have);

	account(e, have, BYTES_HELD, len ? BYTES_FRAMING : BYTES_RESYNC);
	drop_msg(c, d);
	if (!len) {
		event_handled(ev);
		return ACT_LOST;
	}
	/* The addresses are missing, the end is known. */
	e->stats.proxy_headers++;
	return skip_rest(d, len, have);
}

enum action on_proxy_end(struct conn *c, struct event *ev)
{
	return parse_again(c, ev);
}

enum action on_proxy_skip(struct conn *c, struct event *ev)
{
	struct dir *d = &c->dir[ev->dir];
	struct input *in = &ev->in;
	size_t n = input_left(in) < d->scanned ? input_left(in) : d->scanned;

	input_consume(c->engine, in, n, BYTES_FRAMING);
	d->scanned -= (uint32_t)n;
	return d->scanned ? ACT_MORE : ACT_DONE;
}

enum action on_proxy_skip_gap(struct conn *c, struct event *ev)
{
	struct dir *d = &c->dir[ev->dir];
	uint64_t left = d->scanned;

	event_handled(ev);
	d->scanned = ev->gap_len < left ? (uint32_t)(left - ev->gap_len) : 0;
	return d->scanned	     ? ACT_MORE
	       : ev->gap_len == left ? ACT_DONE
				     : ACT_LOST;
}

enum action on_proxy_skip_end(struct conn *c, struct event *ev)
{
	c->dir[ev->dir].scanned = 0;
	event_handled(ev);
	return ACT_DONE;
}

/* Is this how servers answer what is not a request? */
static bool not_understood(const struct http_message *m)
{
	switch (m->status) {
	case 400: /* Bad Request */
	case 405: /* Method Not Allowed */
	case 408: /* Request Timeout */
	case 414: /* URI Too Long */
	case 431: /* Request Header Fields Too Large */
	case 501: /* Not Implemented */
	case 505: /* HTTP Version Not Supported */
		return true;
	default:
		return m->version_major == 0 || m->version_minor == 9;
	}
}

uint32_t proxy_source(struct conn *c, const struct exchange *x,
		      struct http_transaction *t)
{
	return proxy_name(c->proxied,
			  x->n_interim ||
				  (t->response && !not_understood(t->response)),
			  t);
}

uint32_t proxy_name(struct proxied *p, bool understood,
		    struct http_transaction *t)
{
	p->confirmed |= understood;
	if (!p->confirmed)
		return HTTP_F_PROXY_UNCONFIRMED;
	t->proxied = true;
	t->source_ipv6 = p->ipv6;
	t->source_port = p->port;
	memcpy(t->source_addr, p->addr, sizeof(t->source_addr));
	return 0;
}
