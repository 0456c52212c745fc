/* SPDX-License-Identifier: MIT */
/*
 * Pairs responses with requests.
 *
 * While no byte of message framing was lost, responses answer requests in
 * order (RFC 9112 section 9.3.2), whatever the TCP headers say. After a loss
 * the acknowledgment numbers decide:
 *
 *  - A response cannot answer a request that the server had not begun to
 *    receive when it sent the response (acked <= request start), nor can it
 *    start before the point that the client had acknowledged when it sent the
 *    request (response start < acked of the request).
 *  - A client that does not pipeline sends a request once it has received the
 *    whole previous response, so the answer starts exactly at the point that
 *    the request acknowledges. A client that pipelines gives itself away: two
 *    requests acknowledge the same point, a response acknowledges more than
 *    its request, or a request acknowledges less than the previous response.
 *    From then on this rule does not apply to it.
 *
 * Messages that these rules do not pair are emitted unpaired: a missing
 * partner is better than a wrong one. One case is undecidable: a client that
 * always has two requests in flight, with everything that would have shown it
 * lost or sent before the capture.
 */
#include "http/conn.h"
#include "http/emit.h"
#include "http/message.h"
#include "http/pair.h"
#include "http/resync.h"

#include <string.h>

/* A stray line end after a body is not another request. */
#define STRAY_MAX 2u

struct exchange *exchange_new(struct http_engine *e)
{
	size_t cap;
	struct exchange *x = store_alloc(&e->store, sizeof(*x), &cap);

	if (!x)
		return NULL;
	memset(x, 0, sizeof(*x));
	x->cap = cap;
	x->rsp_start = x->rsp_acked = STREAM_UNKNOWN;
	return x;
}

void exchange_free(struct http_engine *e, struct exchange *x)
{
	msg_free(e, x->req);
	msg_free(e, x->rsp);
	store_free(&e->store, x, x->cap);
}

static void queue_append(struct conn *c, struct exchange *x)
{
	struct exchange **p = &c->queue;

	while (*p)
		p = &(*p)->next;
	*p = x;
	x->next = NULL;
	x->queued = true;
	c->n_queue++;
	conn_list(c);
}

static void queue_remove(struct conn *c, struct exchange *x)
{
	struct exchange **p = &c->queue;

	if (!x->queued)
		return;
	while (*p != x)
		p = &(*p)->next;
	*p = x->next;
	x->queued = false;
	c->n_queue--;
}

void exchange_finish(struct conn *c, struct exchange *x, uint32_t flags)
{
	queue_remove(c, x);
	for (int i = 0; i < 2; i++)
		if (c->dir[i].msg && c->dir[i].msg->x == x)
			conn_drop_held(c, &c->dir[i]);
	exchange_emit(c, x, flags);
	for (int i = 0; i < 2; i++) {
		struct dir *d = &c->dir[i];

		if (d->msg && d->msg->x == x) {
			/* abandoned before its end */
			d->msg = NULL;
			parse_resync(c, (enum stream_dir)i, false);
		}
	}
	exchange_free(c->engine, x);
}

void exchange_check(struct conn *c, struct exchange *x)
{
	if (x->rsp && x->rsp->complete &&
	    ((x->req && x->req->complete) || !x->queued))
		exchange_finish(c, x, 0);
}

/* Emits the requests queued before stop: their responses are lost. */
static void drop_before(struct conn *c, struct exchange *stop)
{
	struct exchange *x, *next;

	for (x = c->queue; x && x != stop; x = next) {
		next = x->next;
		if (!x->rsp)
			exchange_finish(c, x,
					c->rsp_lost ? HTTP_F_RESPONSE_GAP : 0);
	}
}

static bool known(uint64_t v)
{
	return v != STREAM_UNKNOWN;
}

/* The request that acknowledges exactly the start of this response. */
static struct exchange *pair_exact(struct conn *c, uint64_t start,
				   uint64_t acked)
{
	const struct exchange *before = NULL;
	struct exchange *x;

	if (c->pipelined)
		return NULL;
	for (x = c->queue; x; before = x, x = x->next) {
		const struct exchange *n = x->next;

		if (x->rsp || !x->req || !known(x->req->acked) ||
		    x->req->acked != start)
			continue;
		/* Not for the first response of a connection joined midway:
		 * its start is all there is to compare. */
		if (known(acked) && acked <= x->req->start &&
		    !(c->midstream && !c->spoken))
			continue;
		if (before && before->req && before->req->acked >= start)
			return NULL;
		if (n && n->req && n->req->acked <= start)
			return NULL;
		return x;
	}
	return NULL;
}

/* An offset before which no request other than x starts. */
static uint64_t request_bound(struct conn *c, const struct exchange *x)
{
	const struct exchange *n = x->next;

	if (n && n->req && !n->after_hole)
		return n->req->start;
	if (!n && !c->req_hole)
		return client_dir(c)->pos;
	return x->req->complete && !(x->req->h.marks & HEAD_CUT)
		       ? x->req->end
		       : x->req->start;
}

/* The exchange that a response starting here answers. NULL: it waits for its
 * request or, with *lone, stays without one. */
static struct exchange *pair_find(struct conn *c, uint64_t start,
				  uint64_t acked, bool final, bool *lone)
{
	struct exchange *first = c->queue, *x;

	*lone = false;
	while (first && first->rsp)
		first = first->next;
	if (!first)
		return NULL; /* its request is still to come */
	if (!c->rsp_lost && (!first->after_hole || !first->req))
		return first;
	x = pair_exact(c, start, acked);
	if (!x && first->req && known(acked) && acked > first->req->start &&
	    !first->after_hole && acked <= request_bound(c, first))
		x = first; /* the only request the server had received */
	if (!x && first->req && first->after_hole && !c->rsp_lost &&
	    c->midstream && !c->spoken && !known(first->req->acked))
		x = first; /* joined midway: the oldest we know of */
	if (x) {
		drop_before(c, x);
		c->rsp_lost = false;
		x->after_hole = false;
		return x;
	}
	*lone = true;
	/* not the answer to the first request: that answer was lost */
	if (final && c->rsp_lost && first->req && !first->after_hole &&
	    (!known(acked) || acked > first->req->start))
		exchange_finish(c, first, HTTP_F_RESPONSE_GAP);
	return NULL;
}

struct exchange *pair_response(struct conn *c, struct msg *m, bool final)
{
	struct exchange *x;
	bool lone;

	x = pair_find(c, m->start, m->acked, final, &lone);
	if (!x) {
		x = exchange_new(c->engine);
		if (!x)
			return NULL;
		if (!lone) {
			x->uncertain = c->rsp_lost || c->req_hole;
			queue_append(c, x);
		}
	}
	if (x->req && x->req->complete && known(m->acked) &&
	    !(x->req->h.marks & HEAD_CUT) &&
	    m->acked > x->req->end + STRAY_MAX &&
	    (x->next || c->hole_lost || m->acked > client_dir(c)->pos))
		c->pipelined = true; /* stray bytes do not count */
	if (!known(x->rsp_start)) {
		x->rsp_start = m->start;
		x->rsp_acked = m->acked;
	}
	return x;
}

enum answer { ANSWER_NO, ANSWER_DOUBTFUL, ANSWER_YES };

/* Does the held response of x answer the request m? */
static enum answer answers(const struct conn *c, const struct exchange *x,
			   const struct msg *m)
{
	bool doubt = x->uncertain || c->req_hole;

	if (!known(x->rsp_acked) || !known(m->acked))
		return doubt ? ANSWER_DOUBTFUL : ANSWER_YES;
	if (x->rsp_acked <= m->start || x->rsp_start < m->acked)
		return ANSWER_NO;
	if (!doubt || (!c->pipelined && x->rsp_start == m->acked))
		return ANSWER_YES;
	return ANSWER_DOUBTFUL;
}

/* The response of x was paired, so the held responses that follow it without a
 * hole answer the next requests. */
static void confirm_order(struct exchange *x)
{
	const struct exchange *before = x;

	x->uncertain = false;
	for (x = x->next; x && !x->req && before->rsp && before->rsp->complete;
	     before = x, x = x->next) {
		if (x->rsp_start - before->rsp->end > STRAY_MAX)
			return;
		x->uncertain = false;
	}
}

struct exchange *pair_request(struct conn *c, struct msg *m)
{
	struct exchange *x = c->queue, *last = NULL, *next;
	bool doubtful = false;
	enum answer answer;

	/* The client sent this request without having received anything since
	 * an earlier one (pending, or lost): it pipelines. answers() depends
	 * on it. */
	for (; x; x = x->next)
		if (x->req)
			last = x;
	if (known(m->acked) &&
	    (last ? last->req->acked == m->acked
		  : c->req_hole && c->hole_lost &&
			     (int32_t)((uint32_t)m->acked - c->hole_at) <= 0))
		c->pipelined = true;
	for (x = c->queue; x; x = next) {
		next = x->next;
		if (x->req)
			continue;
		answer = answers(c, x, m);
		if (answer == ANSWER_YES) {
			c->req_hole = c->hole_lost = false;
			if (x->uncertain)
				c->rsp_lost = false;
			confirm_order(x);
			if (x->rsp && x->rsp->complete)
				c->answered = x->rsp->end;
			return x;
		}
		/* If it was the answer, the next response is not. */
		if (answer == ANSWER_DOUBTFUL)
			doubtful = true;
		/* It precedes the request, so it answers neither this one nor
		 * a later one. */
		if (x->rsp && !x->rsp->complete)
			queue_remove(c, x);
		else
			exchange_finish(c, x, 0);
	}
	if (doubtful)
		c->rsp_lost = true;
	if (c->n_queue >= QUEUE_MAX && c->queue) {
		c->engine->stats.memory_limit++;
		queue_give_up(c, HTTP_F_EVICTED);
	}
	x = exchange_new(c->engine);
	if (!x)
		return NULL;
	x->after_hole = c->req_hole;
	c->req_hole = c->hole_lost = false;
	queue_append(c, x);
	return x;
}

void pair_observe(struct conn *c, const struct msg *rsp)
{
	const struct exchange *next = rsp->x->next;

	if (rsp->x->req)
		c->answered = rsp->end;
	/* the next request left before this response was complete */
	if (rsp->x->queued && next && next->req && known(next->req->acked) &&
	    next->req->acked < rsp->end)
		c->pipelined = true;
}

void pair_hole(struct conn *c, bool lost)
{
	if (lost && !c->hole_lost) {
		c->hole_lost = true;
		c->hole_at = (uint32_t)c->answered;
	}
	c->req_hole = true;
	/* held responses may answer the requests in the hole */
	for (struct exchange *x = c->queue; x; x = x->next)
		if (!x->req)
			x->uncertain = true;
}

void queue_give_up(struct conn *c, uint32_t flags)
{
	if (!c->queue)
		return;
	while (c->queue)
		exchange_finish(c, c->queue, flags);
	/* responses to them may still arrive */
	c->req_hole = true;
}
