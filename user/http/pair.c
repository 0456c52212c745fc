/* SPDX-License-Identifier: MIT */
/*
 * Pairs responses with requests, by the rules in pairing_rules.c.
 *
 * Two lists hold what is not paired: requests and responses, each in stream
 * order. All requests before the first of them are answered, by the responses
 * before the first of those, so as long as neither list is behind a hole the
 * two firsts belong together. A response or request that a hole separates from
 * the others waits until a rule identifies a pair, or a moment at which nothing
 * was outstanding: from there, pairs are counted backwards.
 */
#include "http/pair.h"

#include <string.h>

#include "http/exchange.h"
#include "http/explain.h"
#include "http/message.h"
#include "http/pairing_rules.h"

static void mark(struct conn *c, struct exchange *x)
{
	if (c->assumed)
		x->flags |= HTTP_F_PAIR_ASSUMED;
}

/* The client does not wait for responses before it sends requests. */
static void distrust(struct conn *c)
{
	c->doubt = PAIRING_ASYNC;
	c->turns = 0;
	c->waited = false;
}

/* The client has waited for all responses, it seems. */
static void trust(struct conn *c, unsigned int n)
{
	n += c->turns;
	c->turns = (n < 15 ? n : 15) & 15;
}

/* A message arrives, after a hole or not. */
static void count_hole(struct conn *c, bool hole)
{
	unsigned int n = c->sparse + PAIRING_SPARSE;

	if (hole)
		c->sparse = (n < 15 ? n : 15) & 15;
	else if (c->sparse)
		c->sparse--;
}

/* Gives the response of from, which goes, to x. */
static void join(struct conn *c, struct exchange *x, struct exchange *from)
{
	queue_remove(c, from);
	x->rsp = from->rsp;
	x->rsp->x = x;
	from->rsp = NULL;
	x->flags |= from->flags;
	x->rsp_start = from->rsp_start;
	x->rsp_acked = from->rsp_acked;
	exchange_drop_interim(c->engine, x);
	x->n_interim = from->n_interim;
	x->interim = from->interim;
	from->interim = NULL;
	exchange_free(c->engine, from);
	mark(c, x);
	explain_pair(c, x->rsp, false,
		     "counted back from the next moment that was decided");
}

/* Nothing was outstanding between request req and the one after it, nor between
 * the response rsp and the one after it: pairs them and those before them as far
 * as nothing is missing. Either may be NULL: then it is missing. */
static void count_back(struct conn *c, struct exchange *req,
		       struct exchange *rsp)
{
	while (req && rsp && rsp->rsp && rsp->rsp->complete &&
	       !rule_contradicts(req->req, rsp)) {
		struct exchange *q = req, *p = rsp;
		bool hole = q->req->after_hole || p->after_hole;

		req = queue_prev(c->requests, q);
		rsp = queue_prev(c->responses, p);
		join(c, q, p);
		if (hole)
			return;
	}
}

/* Emits the requests and responses before (these are the first that stay): they
 * are not paired, unless count_back() has done it. */
static void drop_before(struct conn *c, const struct exchange *req,
			const struct exchange *rsp)
{
	struct exchange *x;

	while ((c->requests && c->requests != req) ||
	       (c->responses && c->responses != rsp)) {
		if (!c->requests || c->requests == req)
			x = c->responses;
		else if (!c->responses || c->responses == rsp)
			x = c->requests;
		else
			x = queue_oldest(c);
		queue_remove(c, x);
		if (x->req && x->rsp)
			exchange_try_finish(c, x);
		else
			exchange_finish(c, x, x->req ? HTTP_F_RESPONSE_GAP : 0);
	}
}

/* Nothing will soon identify what came before a turnaround that is not
 * believed: emits it. */
static void let_go(struct conn *c, struct exchange *req, struct msg *m,
		   struct exchange *next)
{
	drop_before(c, req, next);
	m->after_hole = HOLE_MAYBE;
	if (next)
		next->after_hole = true;
	else
		c->rsp_hole = true;
}

/* A turnaround that others must confirm. */
static void note(struct exchange *rsp, struct msg *m)
{
	rsp->turn = m->start;
	m->turned = true;
}

/* Nothing was outstanding between the response rsp and req, the next request,
 * or NULL if that is the one that arrives; hole: requests before it are missing.
 * Everything before is decided. */
static void anchor(struct conn *c, struct exchange *req, bool hole,
		   struct exchange *rsp)
{
	struct exchange *next = queue_next(c->responses, rsp);
	struct exchange *last =
		req ? queue_prev(c->requests, req) : queue_last(c->requests);

	count_back(c, hole ? NULL : last, rsp);
	drop_before(c, req, next);
}

/* Nothing is missing since the last moment that is decided: pairs what follows
 * it, up to response until and request keep. */
static void count_on(struct conn *c, const struct exchange *until,
		     const struct exchange *keep)
{
	struct exchange *q, *p;

	for (unsigned int i = 0; i < PAIRING_SCAN; i++) {
		q = c->requests;
		p = c->responses;
		if (!q || !p || q == keep || p == until || q->req->after_hole ||
		    p->after_hole || !p->rsp || !p->rsp->complete ||
		    rule_contradicts(q->req, p))
			return;
		join(c, q, p);
		queue_remove(c, q);
		exchange_try_finish(c, q);
	}
}

/* The turnarounds that were not believed are now, oldest first, up to the one
 * after response until (NULL: all), and not beyond request keep, or NULL. If the
 * client sends requests together, the next one must have confirmed them. */
static void believe(struct conn *c, const struct exchange *until,
		    const struct exchange *keep)
{
	struct exchange *p = c->responses, *next, *q;
	bool anchored = false;

	for (unsigned int i = 0; p && p != until && i < PAIRING_SCAN; i++) {
		next = queue_next(c->responses, p);
		q = p->turn != STREAM_UNKNOWN && (!c->batches || p->confirmed)
			    ? c->requests
			    : NULL;
		for (unsigned int k = 0; q && q->req->start != p->turn; k++)
			q = k < PAIRING_SCAN && q != keep
				    ? queue_next(c->requests, q)
				    : NULL;
		if (q) {
			anchor(c, q, q->req->after_hole, p);
			q->req->after_hole = HOLE_NONE;
			anchored = true;
		}
		p = next;
	}
	if (anchored)
		count_on(c, until, keep);
}

static bool trusted(const struct conn *c)
{
	return !c->doubt && c->sparse <= PAIRING_SPARSE_MAX &&
	       (c->waited || !c->batches || c->turns >= PAIRING_UNWAITED) &&
	       c->turns >= (c->batches ? PAIRING_TURNS : PAIRING_SINGLE);
}

void pair_settle(struct conn *c)
{
	if (!c->doubt && c->sparse <= PAIRING_SPARSE_MAX &&
	    (c->waited || !c->batches || c->turns >= PAIRING_UNWAITED) &&
	    c->turns >= (c->batches ? PAIRING_TURNS : PAIRING_LAST))
		believe(c, NULL, NULL);
}

/* The client has sent request x, which is in its list, after it had received
 * all responses up to rsp, and nothing is outstanding. */
static void turn_around(struct conn *c, struct exchange *req, struct msg *m,
			struct exchange *rsp)
{
	struct exchange *last =
		req ? queue_prev(c->requests, req) : queue_last(c->requests);
	struct exchange *confirms;
	bool idle = rule_idle(rsp->rsp, m);

	if (!rule_consistent(c, last, rsp, (enum hole)m->after_hole,
			     &confirms)) {
		distrust(c);
		return;
	}
	if (c->doubt)
		c->doubt--;
	trust(c, confirms ? 2 : 1);
	if (confirms)
		confirms->confirmed = true;
	if (!(trusted(c) && confirms) && !idle) {
		if (c->doubt > PAIRING_BURST)
			let_go(c, req, m, queue_next(c->responses, rsp));
		else
			note(rsp, m);
		return;
	}
	if (trusted(c))
		believe(c, rsp, req);
	c->burst = false;
	anchor(c, req, m->after_hole, rsp);
	m->after_hole = HOLE_NONE;
	m->alone = true;
	if (idle)
		c->assumed = false;
}

/* Is m, which follows the requests in the list, sent at a turnaround? */
static void find_turnaround(struct conn *c, struct msg *m)
{
	struct exchange *x = queue_last(c->responses);

	for (unsigned int i = 0; x && i < PAIRING_SCAN; i++) {
		if (x->rsp && rule_turnaround(x->rsp, m)) {
			turn_around(c, NULL, m, x);
			return;
		}
		x = queue_prev(c->responses, x);
	}
}

/* The first response x, which waited for its request, gets it. */
static struct exchange *take_response(struct conn *c, struct exchange *x)
{
	queue_remove(c, x);
	x->after_hole = false;
	mark(c, x);
	if (!x->rsp) /* interim ones only */
		queue_prepend(c, x, LIST_REQUESTS);
	return x;
}

/* Response x precedes every request that is pending. */
static void drop_early(struct conn *c, struct exchange *x)
{
	struct exchange *next = queue_next(c->responses, x);

	if (x->after_hole && next)
		next->after_hole = true;
	c->rsp_hole |= x->after_hole && !next;
	if (x->rsp && !x->rsp->complete)
		queue_remove(c, x);
	else
		exchange_finish(c, x, 0);
}

struct exchange *pair_request(struct conn *c, struct msg *m)
{
	struct exchange *x;
	bool alone;

	count_hole(c, c->req_hole > HOLE_JUNK);
	m->after_hole = c->req_hole;
	c->req_hole = HOLE_NONE;
	if (c->handshake && !m->start)
		m->after_hole = HOLE_NONE;
	if (rule_async(c, m))
		distrust(c);
	if (c->turns < PAIRING_TURNS && !c->burst && rule_burst(c, m)) {
		c->burst = c->batches = true;
		if (c->doubt < PAIRING_BURST)
			c->doubt = PAIRING_BURST;
	}
	if (c->responses)
		find_turnaround(c, m);
	alone = rule_alone(c, m);
	/* the server may have read other requests than these, even if it has
	 * answered: it need not wait for the end of a request */
	c->assumed |= c->bent;
	if (alone) {
		m->alone = true;
		m->after_hole = HOLE_NONE;
		c->waited |= c->spoken;
		if (c->spoken)
			trust(c, 1);
		/* of a connection seen from its start, no request is unknown */
		if (rule_silence(c, m) ||
		    (!c->bent && (!c->midstream || c->handshake)))
			c->assumed = false;
		if (c->doubt <= PAIRING_BURST && c->turns >= PAIRING_TURNS)
			c->doubt = 0;
		else if (c->doubt)
			c->doubt--;
	}
	while (!c->requests && (x = c->responses)) {
		if (!rule_precedes(x, m)) {
			if (m->after_hole || x->after_hole)
				break;
			explain_pair(c, m, true,
				     "a response that was waiting answers it");
			return take_response(c, x);
		}
		if (x->turn != STREAM_UNKNOWN)
			break; /* the turnaround may be confirmed */
		/* It precedes the request, so it answers neither this one nor
		 * a later one. */
		drop_early(c, x);
		if (m->after_hole) /* the missing request may be its own */
			m->after_hole = HOLE_MAYBE;
	}
	x = exchange_new(c->engine);
	if (!x)
		return NULL;
	explain_pair(
		c, m, true,
		m->after_hole
			? "waits for its response; earlier requests may be missing"
			: "waits for its response");
	x->req = m;
	queue_append(c, x, LIST_REQUESTS);
	return x;
}

/* x, a request in the list, gets the response that begins. */
static void found(struct conn *c, struct exchange *x, const struct msg *m,
		  bool final)
{
	const struct exchange *next;

	if (c->requests != x || c->responses) {
		if (trusted(c))
			believe(c, NULL, x);
		count_back(c, queue_prev(c->requests, x),
			   c->rsp_hole || x->req->after_hole
				   ? NULL
				   : queue_last(c->responses));
		drop_before(c, x, NULL);
	}
	x->req->after_hole = HOLE_NONE;
	c->rsp_hole = false;
	next = queue_next(c->requests, x);
	if (final && next && rule_async_pair(x->req, m, next->req))
		distrust(c);
	mark(c, x);
	if (final)
		queue_remove(c, x);
}

/* A response that no rule pairs with a request. Keeps the last one of those
 * that answer nothing, because it may show a turnaround. */
static void hold(struct conn *c, struct exchange *x)
{
	struct exchange *first = c->responses;

	x->after_hole = c->rsp_hole;
	c->rsp_hole = false;
	if (first && !c->requests && first->rsp && first->rsp->complete &&
	    rule_unrequested(c, first))
		exchange_give_up(c, first, 0);
	queue_append(c, x, LIST_RESPONSES);
}

struct exchange *pair_response(struct conn *c, struct msg *m, bool final)
{
	struct exchange *x = queue_last(c->responses), *q = c->requests;
	struct exchange begun = {.rsp_start = m->start, .rsp_acked = m->acked};
	const char *reason = "waits for its request, or for what identifies it";

	if (x && !x->rsp && !c->rsp_hole) {
		explain_pair(c, m, false, "follows its interim response");
		return x;
	}
	if (x && !x->rsp) {
		/* its final response may be lost: this one is not its own */
		queue_remove(c, x);
		exchange_free(c->engine, x);
		x = queue_last(c->responses);
	}
	count_hole(c, c->rsp_hole);
	if (rule_async_response(c, &begun))
		distrust(c);
	if (q && !x && !q->req->after_hole && !c->rsp_hole) {
		reason =
			"answers the oldest pending request: no framing was lost";
	} else if (q) {
		q = rule_only_request(c, &begun);
		if (q)
			reason = "answers the only request that it can answer";
	}
	explain_pair(c, m, false, reason);
	if (q) {
		found(c, q, m, final);
		x = q;
	} else {
		x = exchange_new(c->engine);
		if (!x)
			return NULL;
	}
	if (x->rsp_start == STREAM_UNKNOWN) {
		x->rsp_start = m->start;
		x->rsp_acked = m->acked;
	}
	if (!q)
		hold(c, x);
	return x;
}

void pair_request_ended(struct conn *c, struct msg *m)
{
	/* at least what its start acknowledged */
	c->acked_exact = m->end_acked != STREAM_UNKNOWN;
	client_dir(c)->acked = c->acked_exact ? (uint32_t)m->end_acked
			       : m->acked != STREAM_UNKNOWN ? (uint32_t)m->acked
							    : ACKED_UNKNOWN;
	exchange_try_finish(c, m->x);
}

void pair_response_ended(struct conn *c, struct msg *m)
{
	struct exchange *x = m->x, *q = c->requests;

	c->heard = (uint16_t)(m->last_ns >> HEARD_SHIFT);
	if (q && m->complete && rule_async_ended(c, m))
		distrust(c);
	if (x->list != LIST_RESPONSES) {
		exchange_try_finish(c, x);
		return;
	}
	/* the capture may be ahead in the direction of the client */
	for (unsigned int i = 0; q && i < PAIRING_SCAN; i++) {
		if (rule_turnaround(m, q->req)) {
			turn_around(c, q, q->req, x);
			return;
		}
		q = queue_next(c->requests, q);
	}
}

bool pair_may_arrive(struct conn *c, const struct exchange *x)
{
	return x->list == LIST_RESPONSES && !c->requests &&
	       !rule_unrequested(c, x);
}

void pair_last(struct conn *c)
{
	struct exchange *q, *p, *confirms;

	pair_settle(c);
	/* responses that only waited for their turnaround to be confirmed */
	while (c->requests && c->responses &&
	       c->responses->turn != STREAM_UNKNOWN &&
	       rule_precedes(c->responses, c->requests->req))
		drop_early(c, c->responses);
	q = queue_last(c->requests);
	p = queue_last(c->responses);

	if (p && !p->rsp) { /* interim responses only */
		queue_remove(c, p);
		exchange_free(c->engine, p);
		p = queue_last(c->responses);
	}
	if (!c->assumed || c->lossy || !q || !p)
		return;
	if (c->req_hole || c->rsp_hole) {
		/* what ends them is unknown, but they began together */
		q = c->requests;
		p = c->responses;
		if (q->req->acked != p->rsp_start)
			return;
	}
	/* where a single response begins is all there is to compare */
	if (q == c->requests && p == c->responses &&
	    q->req->acked == p->rsp_start) {
		join(c, q, p);
	} else {
		while (q && rule_contradicts(q->req, p))
			q = queue_prev(c->requests, q);
		/* a request may be missing at the end, too */
		if (!rule_consistent(c, q, p, HOLE_NONE, &confirms))
			return;
		count_back(c, q, p);
	}
	drop_before(c, NULL, NULL);
}

void pair_body(struct conn *c, struct msg *rsp, bool status, uint64_t acked)
{
	struct exchange *x;

	if (acked == STREAM_UNKNOWN)
		return;
	/* A server that speaks HTTP/0.9 closes instead of conversing. */
	if (rsp->h.marks & HEAD_SIMPLE) {
		rsp->denied |= c->more && rsp->acked != STREAM_UNKNOWN &&
			       acked > rsp->acked;
		return;
	}
	x = queue_last(c->requests);
	for (unsigned int i = 0; x && i < PAIRING_SCAN; i++) {
		struct msg *q = x->req;

		if (q->tentative != TENTATIVE_VAIN || (q->denied && !status))
			return;
		q->denied = !status && acked > q->start;
		if (status) /* perhaps somebody did answer */
			q->tentative = TENTATIVE_NO;
		x = queue_prev(c->requests, x);
	}
}
