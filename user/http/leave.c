/* SPDX-License-Identifier: MIT */
/*
 * Leaving HTTP. stream_skip() makes stream drop, and the kernel no longer
 * deliver, what nobody parses: most of the traffic of a mirrored port may be
 * something else.
 */
#include "http/leave.h"

#include "http/account.h"
#include "http/exchange.h"
#include "http/message.h"
#include "http/resync.h"
#include "http/watch.h"

/* Frees a message that is still in its head. */
static void drop_head(struct http_engine *e, struct dir *d,
		      enum byte_class class)
{
	account(e, d->msg->have, BYTES_HELD, class);
	msg_free(e, d->msg);
	d->msg = NULL;
}

void leave_upgrade(struct conn *c, enum stream_dir dir)
{
	struct dir *d = &c->dir[dir];

	if (d->state == DIR_UPGRADED)
		return;
	if (d->msg && !d->msg->x) /* looked like a message, but was not */
		drop_head(c->engine, d, BYTES_UPGRADED);
	else if (d->msg)
		exchange_finish(c, d->msg->x, HTTP_F_CLOSED_EARLY);
	d->state = DIR_UPGRADED;
	watch_begin(c, dir);
	/* both ends of a tunnel, unless the CONNECT is still in progress: then
	 * its direction follows when it completes */
	if (c->tunnel && !c->dir[dir ^ 1].msg)
		leave_upgrade(c, (enum stream_dir)(dir ^ 1));
}

void leave_not_http(struct conn *c)
{
	c->engine->stats.not_http++;
	if (c->seen) { /* what was seen is part of the other protocol */
		c->other = true;
		leave_pending(c, 0);
	}
	for (int i = 0; i < 2; i++) {
		struct dir *d = &c->dir[i];

		if (d->msg)
			drop_head(c->engine, d, BYTES_NOT_HTTP);
		d->state = DIR_NOT_HTTP;
		watch_begin(c, (enum stream_dir)i);
	}
}

void leave_pending(struct conn *c, uint32_t flags)
{
	struct http_engine *e = c->engine;

	for (int i = 0; i < 2; i++)
		held_drop(e, &c->dir[i]);
	queue_give_up(c, flags);
	for (int i = 0; i < 2; i++) {
		struct dir *d = &c->dir[i];

		if (!d->msg)
			continue;
		if (d->msg->x) { /* its exchange is not in the queue */
			exchange_finish(c, d->msg->x, flags);
			continue;
		}
		msg_free(e, d->msg);
		d->msg = NULL;
		resync_enter(c, (enum stream_dir)i, false);
	}
}
