/* SPDX-License-Identifier: MIT */
/* A client may use a tunnel before the server accepts it. Whether the server
 * reads that as HTTP is known only from its answer. */
#include "http/tunnel.h"

#include "http/event.h"
#include "http/exchange.h"
#include "http/message.h"
#include "http/pairing_rules.h"

bool tunnel_pending(const struct conn *c)
{
	const struct exchange *last = c->requests ? c->requests->prev : NULL;

	return last && last->req && !last->rsp &&
	       last->req->h.marks & (HEAD_METHOD_CONNECT | HEAD_UPGRADE);
}

bool tunnel_waits(struct conn *c)
{
	const struct dir *d = client_dir(c);

	return d->state == DIR_HEAD && d->msg &&
	       d->msg->tentative == TENTATIVE_TUNNEL && d->msg->suspect;
}

bool tunnel_accepted(struct conn *c)
{
	return c->tunnel || server_dir(c)->state == DIR_UPGRADED;
}

bool tunnel_undecided(struct conn *c, enum stream_dir dir)
{
	const struct exchange *x = queue_last(c->responses);

	if (!dir_is_request(c, dir) || !tunnel_waits(c) || tunnel_accepted(c))
		return false;
	for (unsigned int i = 0; x && i < PAIRING_SCAN; i++) {
		if (x->rsp && x->rsp->h.status == 101)
			return false;
		x = queue_prev(c->responses, x);
	}
	return true;
}

struct input tunnel_input(const struct msg *m, uint64_t ts_ns)
{
	return (struct input){.offset = m->start,
			      .ts_ns = ts_ns,
			      .acked = m->acked,
			      .p = m->block,
			      .end = (uint8_t *)m->block + m->have};
}

void tunnel_again(struct conn *c, enum dir_state state, uint64_t ts_ns)
{
	struct http_engine *e = c->engine;
	struct dir *d = client_dir(c);
	struct msg *m = d->msg;
	const struct input in = tunnel_input(m, ts_ns);
	size_t cap;
	void *block = msg_detach_head(m, &cap);

	msg_free(e, m);
	d->msg = NULL;
	d->state = (uint8_t)state;
	event_replay_other(e, (enum stream_dir)(d - c->dir), &in, block, cap);
}

void tunnel_refused(struct conn *c, uint64_t ts_ns)
{
	struct dir *d = client_dir(c);

	if (d->state == DIR_TUNNEL)
		d->state = DIR_START;
	if (tunnel_waits(c))
		tunnel_again(c, DIR_START, ts_ns);
}
