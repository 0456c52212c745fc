/* SPDX-License-Identifier: MIT */
/*
 * Messages that were parsed from a segment which its receiver dropped were never
 * sent. Those that still wait for their other half leave their list, flagged
 * ambiguous, and leave no hole: if the segment began with a message, or within
 * a body of known length, parsing goes on there with what came instead.
 */
#include "http/withdraw.h"

#include "http/account.h"
#include "http/exchange.h"
#include "http/message.h"
#include "http/on_proxy.h"
#include "http/resync.h"

static struct msg *half(const struct exchange *x, bool request)
{
	return request ? x->req : x->rsp;
}

/* Takes x and those after it from their list. */
static void drop_from(struct conn *c, bool request, struct exchange *x,
		      bool silently)
{
	struct exchange *next;

	for (; x; x = next) {
		struct msg *m = half(x, request);

		next = queue_next(request ? c->requests : c->responses, x);
		if (!silently) {
			exchange_finish(c, x, HTTP_F_AMBIGUOUS);
			continue;
		}
		for (int i = 0; i < 2; i++)
			if (c->dir[i].msg == m) {
				held_drop(c->engine, &c->dir[i]);
				c->dir[i].msg = NULL;
			}
		queue_remove(c, x);
		exchange_free(c->engine, x);
	}
}

/* Does offset lie within the body of m, and is it known how much follows? */
static bool within_body(const struct msg *m, uint64_t offset)
{
	return m->framing == FRAMING_LENGTH && !(m->h.marks & HEAD_CUT) &&
	       m->body_start <= offset &&
	       offset - m->body_start < m->h.content_length;
}

/* The body of m goes on, after bytes from offset on that were none of it. */
static void resume_body(struct conn *c, struct dir *d, struct msg *m,
			uint64_t offset, bool request)
{
	m->left = m->h.content_length - (offset - m->body_start);
	m->body_start += d->pos - offset;
	m->complete = m->skipping = false;
	m->undecoded = true;
	m->h.flags |= request ? HTTP_F_REQUEST_GAP : HTTP_F_RESPONSE_GAP;
	msg_body_hole(c->engine, m, 0, true);
	d->msg = m;
	d->state = DIR_BODY;
}

/* What was learned from bytes of the client that are withdrawn. */
static void forget(struct conn *c, struct dir *d, uint64_t offset)
{
	if (c->seen)
		d->acked = ACKED_UNKNOWN;
	else
		d->scanned = 0;
	c->acked_exact = false;
	c->simple = c->more = false;
	if (!offset)
		proxy_forget(c->engine, &c->proxied);
}

/* Where parsing resumes. */
struct resume_point {
	struct exchange *first; /* of those that are withdrawn, or NULL */
	struct msg *body;	/* which offset lies within, or NULL */
	bool start;		/* no message was in progress there */
};

static struct resume_point find_place(const struct conn *c, enum stream_dir dir,
				      uint64_t offset, uint8_t mark)
{
	const struct dir *d = &c->dir[dir];
	bool request = dir_is_request(c, dir);
	struct exchange *list = request ? c->requests : c->responses;
	struct exchange *x = queue_last(list);
	struct resume_point p = {.start = mark == DIR_START ||
					  mark == DIR_TUNNEL ||
					  mark == DIR_RESYNC};
	struct msg *m = d->msg;

	while (x && half(x, request) && half(x, request)->start >= offset) {
		p.first = x;
		x = queue_prev(list, x);
	}
	if (mark != DIR_BODY)
		return p;
	if (!m || m->start >= offset) {
		m = x ? half(x, request) : NULL;
		if (m && !m->complete)
			m = NULL;
	}
	if (m && within_body(m, offset))
		p.body = m;
	return p;
}

/* A mark has the state in its low bits, and above them whether messages may be
 * missing before the next one. */
#define MARK_STATE 31u
#define MARK_SHIFT 5

uint8_t withdraw_mark(const struct conn *c, enum stream_dir dir)
{
	const struct msg *m = c->dir[dir].msg;
	uint8_t state = c->dir[dir].state;
	unsigned int hole = dir_is_request(c, dir) ? c->req_hole : c->rsp_hole;

	if (state == DIR_HEAD || state == DIR_HEAD_SKIP || state == DIR_PROXY)
		return STREAM_MARK_NONE;
	/* Nothing would be left of it at its end. */
	if (state == DIR_BODY && m->framing == FRAMING_LENGTH && !m->x->list)
		return STREAM_MARK_NONE;
	return (uint8_t)(state | hole << MARK_SHIFT);
}

/* Parsing resumes in the state of the mark, and what was withdrawn leaves no
 * hole. */
static void resume(struct conn *c, enum stream_dir dir,
		   const struct resume_point *p, uint64_t offset, uint8_t mark)
{
	struct dir *d = &c->dir[dir];

	if (p->body) {
		resume_body(c, d, p->body, offset, dir_is_request(c, dir));
	} else {
		d->state = mark & MARK_STATE;
		d->nl = 0;
	}
	if (dir_is_request(c, dir))
		c->req_hole = mark >> MARK_SHIFT & 3;
	else
		c->rsp_hole = mark >> MARK_SHIFT & 1;
}

enum stream_resume withdraw(struct conn *c, enum stream_dir dir,
			    uint64_t offset, uint8_t mark, bool repeated)
{
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	struct resume_point p;

	if (dir_left_http(d))
		return STREAM_RESUME_HERE;
	/* The other side took it up. */
	if (m && m->start >= offset && m->x && !m->x->list)
		return STREAM_RESUME_OLD;
	p = find_place(c, dir, offset, mark & MARK_STATE);
	if (repeated && !p.start && !p.body)
		return d->state == DIR_RESYNC ? STREAM_RESUME_LOST
					      : STREAM_RESUME_OLD;
	d->fin = false;
	if (m && m->start >= offset && !m->x) {
		held_drop(c->engine, d);
		msg_free(c->engine, m);
		d->msg = NULL;
	}
	drop_from(c, dir_is_request(c, dir), p.first, repeated);
	m = d->msg ? d->msg : p.body;
	if (m)
		m->ambiguous |= !repeated;
	if (dir_is_request(c, dir))
		forget(c, d, offset);
	if (p.start || p.body) {
		resume(c, dir, &p, offset, mark);
		return STREAM_RESUME_HERE;
	}
	if (!d->msg)
		resync_enter(c, dir, false);
	return STREAM_RESUME_LOST;
}
