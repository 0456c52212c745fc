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
#include "http/exchange.h"
#include "http/explain.h"
#include "http/pair.h"

#include <string.h>

/* A stray line end after a body is not another request. */
#define STRAY_MAX 2u

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

/* No request after x starts before this offset. */
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
 * request or, with *lone, stays without one. *reason explains the decision. */
static struct exchange *pair_find(struct conn *c, uint64_t start,
				  uint64_t acked, bool final, bool *lone,
				  const char **reason)
{
	struct exchange *first = c->queue, *x;

	*lone = false;
	while (first && first->rsp)
		first = first->next;
	*reason = "no request is pending: waits for its request";
	if (!first)
		return NULL;
	*reason = "answers the oldest pending request: no framing was lost";
	if (!c->rsp_lost && (!first->after_hole || !first->req))
		return first;
	*reason = "answers the request that acknowledges its start";
	x = pair_exact(c, start, acked);
	if (!x && first->req && known(acked) && acked > first->req->start &&
	    !first->after_hole && acked <= request_bound(c, first)) {
		*reason = "answers the only request the server had received";
		x = first;
	}
	if (!x && first->req && first->after_hole && !c->rsp_lost &&
	    c->midstream && !c->spoken && !known(first->req->acked)) {
		*reason =
			"answers the oldest request since we joined midstream";
		x = first;
	}
	if (x) {
		drop_before(c, x);
		c->rsp_lost = false;
		x->after_hole = false;
		return x;
	}
	*lone = true;
	*reason = "after a loss, no pending request fits: stays alone";
	/* not the answer to the first request: that answer was lost */
	if (final && c->rsp_lost && first->req && !first->after_hole &&
	    (!known(acked) || acked > first->req->start))
		exchange_finish(c, first, HTTP_F_RESPONSE_GAP);
	return NULL;
}

struct exchange *pair_response(struct conn *c, struct msg *m, bool final)
{
	const char *reason;
	struct exchange *x;
	bool lone;

	x = pair_find(c, m->start, m->acked, final, &lone, &reason);
	explain_pair(c, m, false, reason);
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
	    (x->next || c->req_hole == HOLE_LOST ||
	     m->acked > client_dir(c)->pos))
		c->pipelined = true; /* stray bytes do not count */
	if (!known(x->rsp_start)) {
		x->rsp_start = m->start;
		x->rsp_acked = m->acked;
	}
	return x;
}

enum pairing { PAIRING_NO, PAIRING_DOUBTFUL, PAIRING_YES };

/* Does the held response of x answer the request m? */
static enum pairing answers(const struct conn *c, const struct exchange *x,
			    const struct msg *m)
{
	bool doubt = x->uncertain || c->req_hole;

	if (!known(x->rsp_acked) || !known(m->acked))
		return doubt ? PAIRING_DOUBTFUL : PAIRING_YES;
	if (x->rsp_acked <= m->start || x->rsp_start < m->acked)
		return PAIRING_NO;
	if (!doubt || (!c->pipelined && x->rsp_start == m->acked))
		return PAIRING_YES;
	return PAIRING_DOUBTFUL;
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
	enum pairing match;

	/* The client sent this request without having received anything since
	 * an earlier one (pending, or lost): it pipelines. answers() depends
	 * on it. */
	for (; x; x = x->next)
		if (x->req)
			last = x;
	if (known(m->acked) &&
	    (last ? last->req->acked == m->acked
		  : c->req_hole == HOLE_LOST &&
			     (int32_t)((uint32_t)m->acked - c->hole_at) <= 0))
		c->pipelined = true;
	for (x = c->queue; x; x = next) {
		next = x->next;
		if (x->req)
			continue;
		match = answers(c, x, m);
		if (match == PAIRING_YES) {
			explain_pair(c, m, true,
				     "a response that was waiting answers it");
			c->req_hole = HOLE_NONE;
			if (x->uncertain)
				c->rsp_lost = false;
			confirm_order(x);
			if (x->rsp && x->rsp->complete)
				c->answered = x->rsp->end;
			return x;
		}
		/* If it was the answer, the next response is not. */
		if (match == PAIRING_DOUBTFUL)
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
	explain_pair(
		c, m, true,
		c->req_hole
			? "waits for its response; earlier requests may be missing"
			: "waits for its response");
	x->after_hole = c->req_hole;
	c->req_hole = HOLE_NONE;
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
