/* SPDX-License-Identifier: MIT */
/*
 * Losing track. After a loss the order of messages no longer pairs them, so
 * that pairing must know what may be missing: requests (req_hole), or
 * responses (rsp_lost).
 */
#include "http/resync.h"

#include "http/account.h"
#include "http/explain.h"

void requests_missing(struct conn *c, bool lost)
{
	if (lost && c->req_hole != HOLE_LOST) {
		c->req_hole = HOLE_LOST;
		c->hole_at = (uint32_t)c->answered;
	} else if (c->req_hole == HOLE_NONE) {
		c->req_hole = HOLE_UNSEEN;
	}
}

void resync_enter(struct conn *c, enum stream_dir dir, bool lost)
{
	struct dir *d = &c->dir[dir];

	if (dir_left_http(d))
		return;
	if (d->state != DIR_RESYNC) {
		c->engine->stats.resyncs++;
		explain_resync(c, dir, lost);
	}
	d->state = DIR_RESYNC;
	d->nl = 0;
	if (!dir_is_request(c, dir)) {
		c->rsp_lost |= lost;
		return;
	}
	requests_missing(c, lost);
	/* held responses may answer the missing requests */
	for (struct exchange *x = c->queue; x; x = x->next)
		if (!x->req)
			x->uncertain = true;
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
