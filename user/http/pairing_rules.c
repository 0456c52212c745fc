/* SPDX-License-Identifier: MIT */
/*
 * The rules of pairing, as README.md states them. Each is a pure function of
 * what is known of the messages: where they start and end, what the segments of
 * their first and last byte acknowledge, and where messages may be missing.
 */
#include "http/pairing_rules.h"

#include "http/exchange.h"

/* No response is shorter: "HTTP/1.1 200", CRLF, CRLF. */
#define RESPONSE_MIN 16u

static bool known(uint64_t v)
{
	return v != STREAM_UNKNOWN;
}

bool rule_precedes(const struct exchange *rsp, const struct msg *req)
{
	/* the server had not begun to receive the request */
	if (known(rsp->rsp_acked) && rsp->rsp_acked <= req->start)
		return true;
	/* the client had received a part of it before it sent the request */
	return known(req->acked) && req->acked > rsp->rsp_start;
}

bool rule_contradicts(const struct msg *req, const struct exchange *rsp)
{
	if (rule_precedes(rsp, req))
		return true;
	if (!rsp->rsp || !rsp->rsp->complete)
		return false;
	if (req->h.marks & HEAD_METHOD_HEAD)
		return rsp->rsp->body_total != 0;
	return rsp->rsp->bodiless && !(req->h.marks & HEAD_METHOD_CONNECT);
}

bool rule_idle(const struct msg *rsp, const struct msg *req)
{
	return req->first_ns >= rsp->last_ns + PAIRING_IDLE_NS;
}

bool rule_silence(const struct conn *c, const struct msg *m)
{
	uint16_t now = (uint16_t)(m->first_ns >> HEARD_SHIFT);

	return c->spoken && (uint16_t)(now - c->heard) >= 2;
}

bool rule_turnaround(const struct msg *rsp, const struct msg *req)
{
	return rsp->complete && known(rsp->end_acked) &&
	       rsp->end == req->acked && rsp->end_acked == req->start;
}

/* Can the requests from q back to the oldest in the list be answered by
 * responses that ended before this offset? Each response starts after what its
 * request acknowledged, and takes some bytes. */
static bool fit_before(const struct conn *c, const struct exchange *q,
		       uint64_t offset)
{
	for (uint64_t n = 1; q && n <= PAIRING_SCAN; n++) {
		if (known(q->req->acked) &&
		    q->req->acked + n * RESPONSE_MIN > offset)
			return false;
		q = queue_prev(c->requests, q);
	}
	return true;
}

/* A request is missing before q. Can response p, the one before that to q,
 * answer it? */
static bool answers_missing(const struct conn *c, const struct exchange *q,
			    const struct exchange *p)
{
	const struct exchange *last = queue_prev(c->requests, q);

	return !last || !last->req->complete || !known(p->rsp_acked) ||
	       p->rsp_acked > last->req->end;
}

bool rule_consistent(const struct conn *c, const struct exchange *req,
		     const struct exchange *rsp, enum hole hole,
		     struct exchange **confirms)
{
	const struct exchange *q = req, *p = rsp, *prev_q;
	struct exchange *prev;
	unsigned int n_req = 0, n_rsp = 0;
	bool req_hole = hole, rsp_hole = false;

	*confirms = NULL;

	for (; q && p && n_req < PAIRING_SCAN; n_req++) {
		/* If requests are missing, an earlier response answers q, and a
		 * later request is answered by p, which contradict each other
		 * all the more. */
		if (!p->rsp || !p->rsp->complete ||
		    (req_hole ? rule_precedes(p, q->req)
			      : rule_contradicts(q->req, p)))
			return false;
		req_hole |= q->req->after_hole;
		prev_q = queue_prev(c->requests, q);
		if (p->after_hole) {
			if (!fit_before(c, prev_q, p->rsp_start))
				return false;
			break;
		}
		prev = queue_prev(c->responses, p);
		/* as many of either since the last turnaround */
		if (!req_hole && (q->req->turned ||
				  (prev && prev->turn != STREAM_UNKNOWN))) {
			if (prev && prev->turn == q->req->start)
				*confirms = prev;
			return *confirms;
		}
		if (prev && q->req->after_hole == HOLE_SURE &&
		    !answers_missing(c, q, prev))
			return false;
		q = prev_q;
		p = prev;
	}
	/* as many requests as responses, unless some are missing */
	req_hole = hole;
	n_req = hole == HOLE_SURE;
	for (q = req; q && n_req < PAIRING_SCAN; n_req++) {
		n_req += q->req->after_hole == HOLE_SURE;
		req_hole |= q->req->after_hole;
		q = queue_prev(c->requests, q);
	}
	for (p = rsp; p && n_rsp < PAIRING_SCAN; n_rsp++) {
		rsp_hole |= p->after_hole;
		p = queue_prev(c->responses, p);
	}
	return q || p ||
	       ((rsp_hole || n_req <= n_rsp) && (req_hole || n_rsp <= n_req));
}

bool rule_ends_body(const struct conn *c, const struct msg *rsp,
		    uint64_t offset, uint64_t acked)
{
	const struct msg *q = c->requests ? c->requests->req : NULL;

	return q && q->complete && !q->after_hole && rsp->x->req &&
	       /* what a search found may lie within a body */
	       !rsp->found && !rsp->hole &&
	       /* sent after the response began, and no later than its end */
	       known(q->acked) && q->acked > rsp->start && q->acked <= offset &&
	       /* the first that the server sends after it had received it */
	       known(acked) && acked >= q->end && known(rsp->end_acked) &&
	       rsp->end_acked <= q->start;
}

/* What the client had received at the end of the latest request. */
static bool latest_acked(struct conn *c, uint32_t *acked)
{
	*acked = client_dir(c)->acked;
	return *acked != ACKED_UNKNOWN;
}

bool rule_burst(struct conn *c, const struct msg *m)
{
	uint32_t last;

	return latest_acked(c, &last) && known(m->acked) &&
	       (uint32_t)m->acked == last;
}

/* Did the client receive something between the end of request a and the start
 * of request b, the next one? Then that was the answer to a. */
static bool answered_between(const struct conn *c, const struct msg *a,
			     const struct msg *b)
{
	return !c->doubt && !b->after_hole && a->complete &&
	       !(a->h.marks & HEAD_CUT) && known(a->end_acked) &&
	       known(b->acked) && b->acked > a->end_acked;
}

struct exchange *rule_only_request(struct conn *c, const struct exchange *rsp)
{
	uint64_t start = rsp->rsp_start, acked = rsp->rsp_acked;
	struct exchange *x = c->requests, *last = NULL, *first = NULL;
	bool bounded = false, alone = false;

	/* last: the latest request that it can answer; first: the earliest */
	for (unsigned int i = 0; x && !bounded; i++) {
		const struct msg *q = x->req;

		if (i == PAIRING_SCAN)
			return NULL;
		if ((known(acked) && acked <= q->start) ||
		    (known(q->acked) && q->acked > start)) {
			/* requests may be missing before it */
			bounded = !q->after_hole || (last && known(acked) &&
						     last->req->complete &&
						     acked <= last->req->end);
			break;
		}
		alone = last ? alone && answered_between(c, last->req, q)
			     : q->alone;
		if (last ? alone : !q->after_hole)
			first = x;
		else if (q->after_hole)
			first = NULL;
		/* the answer to it is the first one from there on */
		bounded = known(q->acked) && q->acked == start;
		last = x;
		x = queue_next(c->requests, x);
	}
	if (!x && last && !bounded)
		bounded = known(acked) && acked <= client_dir(c)->pos &&
			  !c->req_hole;
	return bounded && first == last ? last : NULL;
}

bool rule_unrequested(struct conn *c, const struct exchange *rsp)
{
	const struct dir *d = client_dir(c);

	return d->fin || dir_left_http(d) ||
	       (known(rsp->rsp_acked) && rsp->rsp_acked <= d->pos && !d->msg);
}

/* The latest response that is complete and ends at this offset, or NULL. */
static const struct msg *response_before(const struct conn *c, uint64_t end)
{
	const struct exchange *x = c->responses ? c->responses->prev : NULL;

	for (unsigned int i = 0; x && i < PAIRING_SCAN; i++) {
		if (x->rsp && x->rsp->complete && x->rsp->end == end)
			return x->rsp;
		x = queue_prev(c->responses, x);
	}
	return NULL;
}

/* Had the client received something between the end of the latest request and
 * the start of m? */
static bool received_since(struct conn *c, const struct msg *m)
{
	uint32_t acked;

	return c->acked_exact && latest_acked(c, &acked) && known(m->acked) &&
	       (int32_t)((uint32_t)m->acked - acked) > 0;
}

/* Did m cross a response that waits? */
static bool crosses(const struct conn *c, const struct msg *m)
{
	const struct exchange *x = c->responses;

	for (unsigned int i = 0; x && i < PAIRING_SCAN; i++) {
		if (x->rsp_start >= m->acked)
			return known(x->rsp_acked) && x->rsp_acked <= m->start;
		x = queue_next(c->responses, x);
	}
	return false;
}

/* Was m sent when the client had received a part of a response? */
static bool sent_within(struct conn *c, const struct msg *m)
{
	const struct exchange *x = queue_last(c->responses);
	const struct msg *rsp = server_dir(c)->msg;

	if (rsp && m->acked > rsp->start && m->acked < server_dir(c)->pos)
		return true;
	for (unsigned int i = 0; x && i < PAIRING_SCAN; i++) {
		if (x->rsp && x->rsp->complete && m->acked >= x->rsp->end)
			return false;
		if (x->rsp && x->rsp->complete && m->acked > x->rsp->start)
			return true;
		x = queue_prev(c->responses, x);
	}
	return false;
}

bool rule_async(struct conn *c, const struct msg *m)
{
	const struct exchange *last = c->requests ? c->requests->prev : NULL;
	const struct dir *server = server_dir(c);
	const struct msg *rsp;

	if (known(m->acked) && sent_within(c, m))
		return true;
	/* it crossed a response to the latest one, or to one before */
	if (!m->after_hole && received_since(c, m) && crosses(c, m))
		return true;
	/* the response to the latest one ends after what the client had */
	if (!last)
		return !c->responses && !c->rsp_hole && received_since(c, m) &&
		       m->acked < server->pos;
	if (!known(m->acked) || !last->req->complete ||
	    !known(last->req->end_acked) || m->acked <= last->req->end_acked)
		return false;
	/* every response that the client had is known, and none is to it */
	if (!c->responses && !c->rsp_hole && !c->requests->req->after_hole &&
	    m->acked <= server->pos)
		return true;
	/* the server had not received it when it sent what the client had */
	rsp = response_before(c, m->acked);
	return !m->after_hole && rsp && known(rsp->end_acked) &&
	       rsp->end_acked < m->start;
}

bool rule_async_ended(const struct conn *c, const struct msg *rsp)
{
	const struct exchange *x = c->requests;
	const struct msg *last = NULL;

	for (unsigned int i = 0; x && i < PAIRING_SCAN; i++) {
		const struct msg *q = x->req;

		/* the server had not begun to receive last when it sent all
		 * that the client had received */
		if (q->acked == rsp->end)
			return last && !q->after_hole && last->complete &&
			       known(last->end_acked) &&
			       q->acked > last->end_acked &&
			       known(rsp->end_acked) &&
			       rsp->end_acked <= last->start;
		if (known(q->acked) && q->acked > rsp->end)
			return false;
		if (known(q->acked) && q->acked > rsp->start)
			return true;
		last = q;
		x = queue_next(c->requests, x);
	}
	return false;
}

bool rule_async_response(struct conn *c, const struct exchange *rsp)
{
	const struct exchange *last = c->requests, *x;

	if (!last || !known(rsp->rsp_acked))
		return false;
	for (unsigned int i = 0; i < PAIRING_SCAN; i++, last = x) {
		const struct msg *q;

		x = queue_next(c->requests, last);
		if (!x)
			return false;
		q = x->req;
		/* the two crossed, so last was unanswered when q was sent */
		if (rsp->rsp_acked <= q->start)
			return !q->after_hole && last->req->complete &&
			       known(last->req->end_acked) && known(q->acked) &&
			       q->acked > last->req->end_acked &&
			       q->acked <= rsp->rsp_start;
	}
	return false;
}

bool rule_async_pair(const struct msg *req, const struct msg *rsp,
		     const struct msg *next)
{
	return req->complete && known(req->end_acked) && known(next->acked) &&
	       next->acked > req->end_acked && next->acked <= rsp->start;
}

bool rule_alone(struct conn *c, const struct msg *m)
{
	const struct dir *server = server_dir(c);

	return !c->requests && !c->responses && !c->rsp_hole &&
	       m->after_hole <= HOLE_JUNK && !server->msg &&
	       server->pos == m->acked;
}
