/* SPDX-License-Identifier: MIT */
/* Losing track: pairing must know what may be missing. */
#include "http/resync.h"

#include "http/account.h"
#include "http/explain.h"

void resync_enter(struct conn *c, enum stream_dir dir, bool lost)
{
	struct dir *d = &c->dir[dir];
	enum hole hole;

	if (dir_left_http(d))
		return;
	if (!lost)
		hole = HOLE_JUNK;
	else /* what is missing between two messages was one */
		hole = d->state == DIR_START ? HOLE_SURE : HOLE_MAYBE;
	if (d->state != DIR_RESYNC) {
		c->engine->stats.resyncs++;
		explain_resync(c, dir, lost);
	}
	d->state = DIR_RESYNC;
	d->nl = 0;
	c->lossy |= lost;
	/* Bytes that make no sense may have been requests, too. A server that
	 * sends them still answers in order, unless a loss was the cause. */
	if (dir_is_request(c, dir))
		c->req_hole = c->req_hole < hole ? hole : c->req_hole;
	else if (c->lossy)
		c->rsp_hole = true;
}

void held_drop(struct http_engine *e, struct dir *d)
{
	struct msg *m = d->msg;
	size_t held = 0;

	if (!m)
		return;
	if (d->state == DIR_HEAD || d->state == DIR_PROXY)
		held = m->have;
	else if (d->state == DIR_PEEK || d->state == DIR_TRAILER)
		held = m->held_len;
	account(e, held, BYTES_HELD, BYTES_RESYNC);
	m->have = m->held_len = 0;
}
