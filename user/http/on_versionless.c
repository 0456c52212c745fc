/* SPDX-License-Identifier: MIT */
/* The server answered a request line without a version: the head in progress is
 * that line alone, whatever was meant to follow. */
#include "http/on_versionless.h"

#include "http/account.h"
#include "http/head.h"
#include "http/on_head.h"

enum action on_versionless(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct msg *m = c->dir[ev->dir].msg;
	struct head_cursor cur;

	event_handled(ev);
	if (!m->versionless)
		return ACT_MORE;
	m->versionless = m->suspect = false;
	head_parse(m->block, m->have, true, HEAD_REQUEST, &m->h, e->fields,
		   &cur);
	/* the server did not wait for what the fields announce */
	m->h.marks &= HEAD_HOST | HEAD_METHOD_HEAD | HEAD_METHOD_CONNECT;
	m->h.marks |= HEAD_SIMPLE;
	account(e, m->have, BYTES_HELD, BYTES_HEAD);
	m->have = 0;
	return head_done(c, ev, m->block, m->start + m->h.len);
}
