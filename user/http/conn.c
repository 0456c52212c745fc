/* SPDX-License-Identifier: MIT */
/* One connection: what stream tells, and the list of those that wait. */
#include "http/internal.h"

#include <string.h>

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

/* At the end of each call from stream. */
static void leave(struct conn *c)
{
	struct http_engine *e = c->engine;

	if (c->waiting && !conn_pending(c))
		conn_unlist(c);
	e->stats.memory_used = e->store.used;
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

static void *http_open(void *ctx, struct stream_flow *flow,
		       const struct stream_tuple *tuple)
{
	struct http_engine *e = ctx;
	struct conn *c = conn_new(e);

	if (!c)
		return NULL;
	c->flow = flow;
	c->engine = e;
	if (tuple->midstream) {
		c->midstream = true;
		c->dir[0].state = c->dir[1].state = DIR_RESYNC;
		c->req_hole = true;
	}
	return c;
}

/* Room for what the call may need: the oldest goes before it is short. */
static void make_room(struct http_engine *e)
{
	uint64_t high = e->conf.memory_limit - e->conf.memory_limit / 8;

	while (e->store.used > high && e->oldest) {
		struct conn *c = e->oldest->conn;

		e->stats.memory_limit++;
		conn_unlist(c);
		conn_give_up(c, HTTP_F_EVICTED);
	}
}

static void http_data(void *proto, enum stream_dir dir,
		      const struct stream_chunk *chunk)
{
	struct conn *c = proto;
	struct http_engine *e = c->engine;
	struct input in = {.p = chunk->data,
			   .end = chunk->data + chunk->len,
			   .offset = chunk->offset,
			   .ts_ns = chunk->ts_ns,
			   .acked = chunk->acked,
			   .chunk_start = true};

	if (chunk->ts_ns > e->now_ns)
		e->now_ns = chunk->ts_ns;
	e->stats.bytes_in += chunk->len;
	make_room(e);
	e->chunk = chunk->data;
	e->chunk_end = in.end;
	parse_input(c, dir, &in);
	c->dir[dir].pos = chunk->offset + chunk->len;
	msg_save_pending(e);
	e->chunk = e->chunk_end = NULL;
	leave(c);
}

/* Is the head of a message not complete yet? */
static bool in_head(const struct dir *d)
{
	return d->state == DIR_HEAD ||
	       (d->state == DIR_HEAD_SKIP && !d->msg->in_trailer);
}

static void http_gap(void *proto, enum stream_dir dir, uint64_t len,
		     enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct conn *c = proto;
	struct dir *d = &c->dir[dir];
	uint32_t flags = dir_is_request(c, dir) ? HTTP_F_REQUEST_GAP
						: HTTP_F_RESPONSE_GAP;

	if (kind == STREAM_GAP_TRUNCATED)
		flags |= HTTP_F_TRUNCATED;
	while (d->state == DIR_PEEK)
		body_unpeek(c, dir, UNPEEK_BLIND, ts_ns);
	if (in_head(d)) {
		parse_head_cut(c, dir, ts_ns, flags);
		parse_resync(c, dir, true);
	}
	switch ((enum dir_state)d->state) {
	case DIR_PEEK:
	case DIR_BODY:
	case DIR_TRAILER:
	case DIR_HEAD_SKIP:
		body_gap(c, dir, len, kind, ts_ns);
		break;
	case DIR_HEAD:
	case DIR_START:
	case DIR_TUNNEL:
	case DIR_RESYNC:
		parse_resync(c, dir, true);
		break;
	case DIR_UPGRADED:
	case DIR_NOT_HTTP:
		break;
	}
	d->pos += len;
	leave(c);
}

static void http_fin(void *proto, enum stream_dir dir, uint64_t ts_ns)
{
	struct conn *c = proto;
	struct dir *d = &c->dir[dir];

	d->fin = true;
	if (in_head(d))
		parse_head_cut(c, dir, ts_ns, HTTP_F_CLOSED_EARLY);
	/* a response that waits for its request is not settled by its end */
	if (d->msg &&
	    !(d->state == DIR_PEEK && d->msg->x->queued && !d->msg->x->req))
		body_cut(c, dir, true);
	leave(c);
}

static void http_close(void *proto, enum stream_end why, uint64_t ts_ns)
{
	struct conn *c = proto;
	struct http_engine *e = c->engine;
	uint32_t flags = why == STREAM_END_IDLE	     ? HTTP_F_TIMEOUT
			 : why == STREAM_END_EVICTED ? HTTP_F_EVICTED
						     : 0;

	for (int i = 0; i < 2; i++) {
		enum stream_dir dir = (enum stream_dir)i;
		struct dir *d = &c->dir[i];

		if (in_head(d))
			parse_head_cut(c, dir, ts_ns, HTTP_F_CLOSED_EARLY);
		if (d->msg)
			body_cut(c, dir, false);
	}
	while (c->queue)
		exchange_finish(c, c->queue, flags);
	if (!c->seen && c->dir[0].state != DIR_NOT_HTTP &&
	    (c->dir[0].scanned || c->dir[1].scanned))
		e->stats.not_http++; /* too short to be sure before */
	conn_unlist(c);
	conn_free(e, c);
	e->stats.memory_used = e->store.used;
}

static void http_prefetch(const void *proto)
{
	__builtin_prefetch(proto);
	__builtin_prefetch((const uint8_t *)proto + 64);
}

const struct stream_protocol http_protocol = {
	.open = http_open,
	.data = http_data,
	.gap = http_gap,
	.fin = http_fin,
	.close = http_close,
	.prefetch = http_prefetch,
};
