/* SPDX-License-Identifier: MIT */
/*
 * DIR_PEEK. Two kinds of message may announce a body that never comes: a
 * response whose request is not known yet (it may answer HEAD, CONNECT or an
 * Upgrade), and a request with "Expect: 100-continue" that was answered before
 * its body. Their next bytes are held until those bytes, or the request, show
 * what they are.
 */
#include "http/on_peek.h"

#include <string.h>

#include "http/account.h"
#include "http/leave.h"
#include "http/message.h"
#include "http/pair.h"
#include "http/prefix.h"
#include "http/times.h"

/* Enough bytes to recognise a request: the longest registered method, SP and
 * the first octet of the target. */
#define PEEK_MAX 24u

/* Leaves DIR_PEEK. The held bytes are parsed again in the next state. */
static enum action peek_leave(struct conn *c, struct event *ev,
			      enum peek_verdict verdict)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;
	size_t n = m->held_len, cap;
	uint64_t offset = d->pos - n, acked = m->held_acked;
	void *held = msg_detach_held(m, &cap);

	if (verdict == PEEK_IS_LIKELY)
		verdict = !dir_is_request(c, (enum stream_dir)ev->dir) &&
					  m->h.status == 101
				  ? PEEK_IS_UPGRADE
				  : PEEK_IS_BODY;
	event_replay(e, ev, held, cap, n, n, offset, acked);
	if (verdict == PEEK_IS_BODY)
		return ACT_BODY;
	m->end = offset;
	m->bodiless = verdict == PEEK_IS_MESSAGE;
	if (verdict == PEEK_IS_LOST) {
		m->after = AFTER_LOST;
	} else if (verdict == PEEK_IS_UPGRADE) {
		m->x->flags |= HTTP_F_UPGRADED;
		e->stats.upgraded++;
		m->after = AFTER_UPGRADE;
	} else {
		m->after = c->tunnel ? AFTER_TUNNEL : AFTER_NEXT;
	}
	return ACT_COMPLETE;
}

/* Do the held bytes begin another message? */
static enum head_prefix held_prefix(const struct msg *m, bool request)
{
	static const uint8_t http[] = "HTTP/1.";
	const uint8_t *p = m->held;
	size_t n = m->held_len;
	enum head_prefix prefix;

	if (request) {
		/* Even if they would complete the body: the decision must not
		 * depend on where segments end. */
		prefix = head_request_prefix(p, n < PEEK_MAX ? n : PEEK_MAX);
		return prefix == PREFIX_MAYBE && n >= PEEK_MAX ? PREFIX_NO
							       : prefix;
	}
	if (n >= sizeof(http) - 1)
		return memcmp(p, http, sizeof(http) - 1) ? PREFIX_NO
							 : PREFIX_YES;
	return memcmp(p, http, n) ? PREFIX_NO : PREFIX_MAYBE;
}

/* May the response answer a CONNECT or an Upgrade that has not arrived? */
static bool may_tunnel(struct conn *c, const struct msg *m,
		       enum head_prefix prefix)
{
	return pair_may_arrive(c, m->x) && m->held_len < TUNNEL_HOLD_MAX &&
	       (m->h.status == 101 ||
		(prefix == PREFIX_NO && m->framing == FRAMING_CLOSE &&
		 m->h.status / 100 == 2));
}

enum action on_peek(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;
	struct input *in = &ev->in;
	bool request = dir_is_request(c, (enum stream_dir)ev->dir);
	size_t n = input_left(in), room = TUNNEL_HOLD_MAX - m->held_len;
	enum head_prefix prefix;

	/* no response yet: these bytes are the body */
	if (request && !m->held_len && !m->x->rsp)
		return ACT_BODY;
	if (n > room)
		n = room;
	times_hold(c, ev);
	if (!msg_hold(e, m, in->p, n))
		return ACT_GIVE_UP;
	input_consume(e, in, n, BYTES_HELD);
	d->pos = in->offset;
	if (m->held_len == n)
		m->held_acked = in->acked;
	else if (m->held_acked != in->acked)
		m->held_acked = STREAM_UNKNOWN;
	prefix = held_prefix(m, request);
	if (prefix == PREFIX_MAYBE || (!request && may_tunnel(c, m, prefix)))
		return ACT_MORE;
	return peek_leave(
		c, ev, prefix == PREFIX_NO ? PEEK_IS_LIKELY : PEEK_IS_MESSAGE);
}

enum action on_peek_gap(struct conn *c, struct event *ev)
{
	struct msg *m = c->dir[ev->dir].msg;

	if (dir_is_request(c, (enum stream_dir)ev->dir) || m->x->req)
		return peek_leave(c, ev, PEEK_IS_LIKELY);
	/* Without the method nobody knows whether the missing bytes are a body
	 * or the next responses: end the message before them. */
	m->h.flags |= HTTP_F_RESPONSE_GAP;
	if (ev->gap_kind == STREAM_GAP_TRUNCATED)
		m->h.flags |= HTTP_F_TRUNCATED;
	m->hole = true;
	return peek_leave(c, ev, PEEK_IS_LOST);
}

enum action on_peek_end(struct conn *c, struct event *ev)
{
	struct msg *m = c->dir[ev->dir].msg;

	if (ev->may_wait && !ev->cutting && pair_may_arrive(c, m->x)) {
		event_handled(ev); /* its request will resolve it */
		return ACT_MORE;
	}
	ev->cutting = true;
	ev->in.ts_ns = m->last_ns;
	return peek_leave(c, ev, PEEK_IS_LIKELY);
}

enum action on_peek_resolved(struct conn *c, struct event *ev)
{
	event_handled(ev);
	return peek_leave(c, ev, ev->verdict);
}

/* The end of the stream, if it was put off until the request is known. */
static void push_end(struct conn *c, enum stream_dir dir, bool cutting,
		     uint64_t ts_ns)
{
	struct event *ev;

	if (!c->dir[dir].fin)
		return;
	ev = event_push(c->engine, EVENT_END, dir, ts_ns);
	if (!ev)
		return;
	ev->in.acked = STREAM_UNKNOWN;
	ev->in_order = true;
	ev->cutting = cutting;
	ev->may_wait = false;
}

/* Pushes EVENT_RESOLVED and, below it, the end of the stream. */
static void push_resolved(struct conn *c, enum stream_dir dir,
			  enum peek_verdict verdict, uint64_t ts_ns)
{
	struct event *ev;

	push_end(c, dir, true, ts_ns);
	ev = event_push(c->engine, EVENT_RESOLVED, dir, ts_ns);
	if (ev)
		ev->verdict = verdict;
}

bool peek_resolve(struct conn *c, const struct msg *m, uint64_t ts_ns)
{
	struct dir *d = server_dir(c);
	enum stream_dir dir = (enum stream_dir)(d - c->dir);
	struct exchange *x = m->x;
	const struct msg *rsp = x->rsp;
	bool held, tunnel, upgrade;

	held = d->state == DIR_PEEK && d->msg == rsp;
	tunnel = m->h.marks & HEAD_METHOD_CONNECT && rsp->h.status / 100 == 2;
	upgrade = m->h.marks & HEAD_UPGRADE && rsp->h.status == 101;
	if (tunnel || (upgrade && !held)) {
		x->flags |= HTTP_F_UPGRADED;
		c->engine->stats.upgraded++;
	}
	if (upgrade && !held && rsp->complete)
		leave_upgrade(c, dir);
	if (!held)
		return false;
	c->tunnel |= tunnel;
	push_resolved(c, dir,
		      upgrade ? PEEK_IS_UPGRADE
		      : tunnel || m->h.marks & HEAD_METHOD_HEAD
			      ? PEEK_IS_MESSAGE
			      : PEEK_IS_BODY,
		      ts_ns);
	return true;
}

bool peek_request_late(const struct conn *c, enum stream_dir dir)
{
	const struct msg *m = c->dir[dir].msg;

	return !c->midstream && !c->requests && !m->start &&
	       m->acked != STREAM_UNKNOWN && m->acked > c->dir[dir ^ 1].pos;
}

bool peek_retry(struct conn *c, uint64_t ts_ns)
{
	struct http_engine *e = c->engine;
	struct dir *d = server_dir(c);
	enum stream_dir dir = (enum stream_dir)(d - c->dir);
	struct msg *m = d->msg;
	struct event *ev;
	size_t n, cap;
	void *block;

	if (d->state != DIR_HEAD || !m || !m->suspect)
		return false;
	push_end(c, dir, false, ts_ns);
	ev = event_push(e, EVENT_BYTES, dir, m->last_ns);
	if (!ev)
		return false;
	n = m->have;
	account(e, n, BYTES_HELD, BYTES_INPUT);
	block = msg_detach_head(m, &cap);
	ev->in = (struct input){.p = block,
				.end = (uint8_t *)block + n,
				.offset = m->start,
				.ts_ns = m->first_ns,
				.acked = m->acked};
	ev->replayed = true;
	ev->block = block;
	ev->block_cap = cap;
	msg_free(e, m);
	d->msg = NULL;
	d->state = DIR_START;
	return true;
}
