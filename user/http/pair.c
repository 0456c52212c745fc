/* SPDX-License-Identifier: MIT */
/*
 * Which response belongs to which request.
 *
 * As long as no byte of message framing was lost it is first in, first out
 * (RFC 9112 9.3.2), whatever the TCP headers say. After a loss it is decided
 * by what the two directions acknowledge:
 *
 *  - a response cannot answer a request whose start the server had not
 *    received when it sent the response (acked <= start), nor start before
 *    the place in the stream up to which the client had received when it sent
 *    the request (response start < acked of the request);
 *  - a client that does not pipeline sends a request when it has received
 *    all of the response before: the answer starts exactly there. A client
 *    that does shows it: by two requests that acknowledge the same, by a
 *    response that acknowledges more than its request, by a request that
 *    acknowledges less than the response before. From then on this rule is
 *    not applied to it.
 *
 * What that does not decide comes out unpaired: no answer is better than a
 * wrong one. (One case cannot be told apart: always two requests on the way,
 * and all that would have shown it was lost or before the capture.)
 */
#include "http/internal.h"

#include <string.h>

/* A line end behind a body is not another request. */
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

void queue_remove(struct conn *c, struct exchange *x)
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
			/* given up in its midst */
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

/* Gives up the requests of the queue before stop: their responses are lost. */
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

/* The request that was sent when all before this response was received. */
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
		/* (the first answer seen of a connection that was joined
		 * midway is compared with nothing but the place) */
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

/* No request but this one starts before the offset that is returned. */
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

/* Where in the queue a response that starts here belongs; *lone: nowhere. */
static struct exchange *pair_find(struct conn *c, uint64_t start,
				  uint64_t acked, bool final, bool *lone)
{
	struct exchange *first = c->queue, *x;

	*lone = false;
	while (first && first->rsp)
		first = first->next;
	if (!first)
		return NULL; /* it has to wait for its request */
	if (!c->rsp_lost && (!first->after_hole || !first->req))
		return first;
	x = pair_exact(c, start, acked);
	if (!x && first->req && known(acked) && acked > first->req->start &&
	    !first->after_hole && acked <= request_bound(c, first))
		x = first; /* the server had received no other */
	if (!x && first->req && first->after_hole && !c->rsp_lost &&
	    c->midstream && !c->spoken && !known(first->req->acked))
		x = first; /* nothing is known of what was before */
	if (x) {
		drop_before(c, x);
		c->rsp_lost = false;
		x->after_hole = false;
		return x;
	}
	*lone = true;
	/* If it is not the answer to the first, then that one was lost. */
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
		c->pipelined = true; /* not for junk that was seen */
	if (!known(x->rsp_start)) {
		x->rsp_start = m->start;
		x->rsp_acked = m->acked;
	}
	return x;
}

enum answer { ANSWER_NO, ANSWER_DOUBTFUL, ANSWER_YES };

/* Is this request the one that the held response answers? */
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

/* It is known what x answers, so the held responses that follow it without a
 * hole answer the requests that follow. */
static void settle_order(struct exchange *x)
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

	/* Of lost requests or of one that waits nothing came back in between:
	 * to be known before a held response is asked whose answer it is. */
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
			settle_order(x);
			if (x->rsp && x->rsp->complete)
				c->answered = x->rsp->end;
			return x;
		}
		/* If it was, then the next response is not. */
		if (answer == ANSWER_DOUBTFUL)
			doubtful = true;
		/* It was there before the request, so it is not its answer,
		 * nor that of a later one. */
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
	/* sent before all of this response was there */
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
	/* The responses that are held may be to the requests in the hole. */
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
	/* their responses are still to come */
	c->req_hole = true;
}
