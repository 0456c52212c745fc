/* SPDX-License-Identifier: MIT */
/*
 * A request line without a version is HTTP/0.9, in which nothing follows it.
 * Some servers, such as those built on llhttp, expect a head nevertheless and
 * answer in HTTP/1.1. So what follows decides: fields, or something else. If
 * nothing does, the line waits until the server answers.
 */
#include "http/versionless.h"

#include "http/event.h"
#include "http/exchange.h"

static bool waits(const struct conn *c, const struct dir *d)
{
	return d->state == DIR_HEAD && d->msg && d->msg->versionless &&
	       !c->requests;
}

bool versionless_asked(struct conn *c, uint64_t acked)
{
	struct dir *d = client_dir(c);

	if (!waits(c, d) || (acked != STREAM_UNKNOWN &&
			     (acked <= d->msg->start || acked > d->pos)))
		return false;
	return event_push(c->engine, EVENT_RESOLVED,
			  (enum stream_dir)(d - c->dir), d->msg->last_ns);
}

void versionless_check(struct conn *c, const struct msg *m, uint64_t end)
{
	const struct dir *server = server_dir(c);
	uint64_t acked = STREAM_UNKNOWN;

	if (!m->versionless || c->requests)
		return;
	if (c->responses)
		acked = c->responses->rsp_acked;
	else if (server->state == DIR_HEAD && server->msg &&
		 server->msg->suspect)
		acked = server->msg->acked;
	if (acked != STREAM_UNKNOWN && acked > m->start && acked <= end)
		event_push(c->engine, EVENT_RESOLVED,
			   (enum stream_dir)(client_dir(c) - c->dir),
			   m->last_ns);
}
