/* SPDX-License-Identifier: MIT */
/*
 * From a complete head to the end of the message: finds the exchange, decides
 * the framing of the body (RFC 9112 section 6.3), consumes body and trailer
 * section, and hands the complete message over.
 */
#include "http/on_body.h"

#include <string.h>

#include "http/account.h"
#include "http/belief.h"
#include "http/conn.h"
#include "http/exchange.h"
#include "http/head.h"
#include "http/leave.h"
#include "http/message.h"
#include "http/on_head.h"
#include "http/on_peek.h"
#include "http/pair.h"
#include "http/pairing_rules.h"
#include "http/prefix.h"
#include "http/successor.h"
#include "http/times.h"
#include "http/tunnel.h"
#include "http/watch.h"

/* The message ends at this stream offset. */
static enum action complete(struct msg *m, uint64_t end, enum msg_after after)
{
	m->end = end;
	m->after = (uint8_t)after;
	return ACT_COMPLETE;
}

/* Body length without special cases (RFC 9112 section 6.3, items 3 to 8). */
static inline void set_framing(struct msg *m, bool request)
{
	uint32_t marks = m->h.marks;

	if (marks & (HEAD_TE_CHUNKED | HEAD_TE_MAYBE)) {
		m->framing = FRAMING_CHUNKED;
		chunked_init(&m->chunked);
	} else if (!request &&
		   (marks & HEAD_TE_UNKNOWN || (marks & HEAD_TE && m->h.n_te) ||
		    !(marks & HEAD_CL))) {
		m->framing = FRAMING_CLOSE;
	} else if (marks & HEAD_CL && m->h.content_length) {
		m->framing = FRAMING_LENGTH;
		m->left = m->h.content_length;
	} else {
		m->framing = FRAMING_NONE;
	}
}

static uint32_t conn_hash(const void *conn)
{
	return msg_flow_hash(((const struct conn *)conn)->flow);
}

enum action on_framed(struct conn *c, struct event *ev)
{
	struct msg *m = c->dir[ev->dir].msg;
	bool peek;

	/* a head that was cut does not tell what follows */
	if (m->h.marks & HEAD_CUT)
		return complete(m, m->body_start, AFTER_LOST);
	if (m->framing == FRAMING_NONE)
		return complete(m, m->body_start, AFTER_NEXT);
	msg_body_start(c->engine, m, conn_hash, c);
	conn_list(c);
	peek = dir_is_request(c, (enum stream_dir)ev->dir)
		       ? m->h.marks & HEAD_EXPECT
		       : !m->x->req;
	/* after a cut head nothing follows that could be looked at */
	return peek && !ev->head_cut ? ACT_PEEK : ACT_BODY;
}

/* Messages of HTTP/1 are seen: in one direction, or as a pair. */
static void note_pair(struct conn *c, const struct exchange *x)
{
	bool req = x->req && !(x->req->h.marks & HEAD_VERSIONLESS);

	c->asked |= req;
	c->proven |= req && x->rsp && !(x->rsp->h.marks & HEAD_SIMPLE);
}

static enum action pair_with_response(struct conn *c, struct event *ev,
				      struct msg *m)
{
	struct http_engine *e = c->engine;
	struct exchange *x;

	e->stats.requests++;
	msg_save_pending(e);
	x = pair_request(c, m);
	if (!x)
		return ACT_GIVE_UP;
	m->x = x;
	x->req = m;
	if (c->midstream && !c->asked)
		x->flags |= HTTP_F_MIDSTREAM;
	note_pair(c, x);
	if (!(m->h.marks & HEAD_METHOD_CONNECT))
		set_framing(m, true);
	if (x->rsp ? peek_resolve(c, m, ev->in.ts_ns)
		   : m->h.marks & HEAD_VERSIONLESS &&
			     peek_retry(c, ev->in.ts_ns))
		return ACT_DONE; /* that comes first */
	return on_framed(c, ev);
}

/* A 1xx response is kept with its exchange; more responses follow. */
static enum action interim(struct conn *c, struct dir *d, struct msg *m)
{
	struct http_engine *e = c->engine;
	struct exchange *x;

	e->stats.interim_responses++;
	x = pair_response(c, m, false);
	if (x && c->midstream && !c->spoken)
		x->flags |= HTTP_F_MIDSTREAM;
	c->spoken = true;
	d->msg = NULL;
	if (!x || !exchange_add_interim(x, m))
		msg_free(e, m);
	if (x && !x->list)
		exchange_free(e, x);
	return ACT_RESTART;
}

/* The response to an Upgrade or a CONNECT switches protocols. */
static enum action switch_protocol(struct conn *c, struct msg *m, bool connect)
{
	m->x->flags |= HTTP_F_UPGRADED;
	c->engine->stats.upgraded++;
	if (!connect && !watch_upgrade(c, m))
		return complete(m, m->body_start, AFTER_UPGRADE_BOTH);
	c->tunnel = true;
	if (tunnel_waits(c) && !watch_waits(c))
		leave_upgrade(c, (enum stream_dir)(client_dir(c) - c->dir));
	/* the client may have shown already that the tunnel is not HTTP */
	return complete(m, m->body_start,
			client_dir(c)->state == DIR_UPGRADED ? AFTER_UPGRADE
							     : AFTER_TUNNEL);
}

static enum action pair_with_request(struct conn *c, struct event *ev,
				     struct msg *m)
{
	struct http_engine *e = c->engine;
	uint16_t status = m->h.status;
	bool odd = m->h.marks & HEAD_STATUS_ODD, connect;
	const struct msg *req;
	struct exchange *x;

	if (status >= 100 && status < 200 && status != 101 && !odd)
		return interim(c, &c->dir[ev->dir], m);
	if (status == 101 && successor_upgrade_alone(c, m))
		return ACT_HAND_OVER;
	e->stats.responses++;
	x = pair_response(c, m, true);
	if (c->midstream && !c->spoken && x)
		x->flags |= HTTP_F_MIDSTREAM;
	c->spoken |= !(m->h.marks & HEAD_SIMPLE);
	if (!x)
		return ACT_GIVE_UP;
	m->x = x;
	x->rsp = m;
	req = x->req;
	note_pair(c, x);
	/* the server took the line for a request like others, and goes on */
	if (req && req->h.marks & HEAD_SIMPLE && !(m->h.marks & HEAD_SIMPLE))
		c->simple = c->more = false;
	connect =
		req && req->h.marks & HEAD_METHOD_CONNECT && status / 100 == 2;
	if (req && req->h.marks & (HEAD_METHOD_CONNECT | HEAD_UPGRADE) &&
	    status != 101 && !connect) {
		/* some servers discard requests that arrived together with an
		 * Upgrade that they refuse */
		c->assumed |= req->h.marks & HEAD_UPGRADE &&
			      (c->requests || tunnel_waits(c));
		tunnel_refused(c, ev->in.ts_ns);
	}
	if (connect || (status == 101 && req && req->h.marks & HEAD_UPGRADE))
		return !connect && successor_upgrade(c, m)
			       ? ACT_HAND_OVER
			       : switch_protocol(c, m, connect);
	if ((req && req->h.marks & HEAD_METHOD_HEAD) ||
	    ((status == 204 || status == 304) && !odd))
		m->framing = FRAMING_NONE;
	else if (m->h.marks & HEAD_SIMPLE)
		m->framing = FRAMING_CLOSE;
	else
		set_framing(m, false);
	return on_framed(c, ev);
}

enum action on_pair(struct conn *c, struct event *ev)
{
	struct msg *m = c->dir[ev->dir].msg;

	return dir_is_request(c, (enum stream_dir)ev->dir)
		       ? pair_with_response(c, ev, m)
		       : pair_with_request(c, ev, m);
}

/* Tells stream that no more bytes of the body are needed, once. */
static void skip_remainder(struct conn *c, struct event *ev, struct msg *m)
{
	uint64_t offset = ev->in.offset;
	uint64_t left =
		m->framing == FRAMING_CHUNKED ? m->chunked.left : m->left;

	if (m->skipping || !(left = msg_body_useless(c->engine, m, left)))
		return;
	m->skipping = true;
	stream_skip(c->flow, (enum stream_dir)ev->dir,
		    left > STREAM_UNKNOWN - 1 - offset ? STREAM_UNKNOWN
						       : offset + left);
}

/* Announced as chunked, but it is not: Content-Length counts, or the close. */
static void not_chunked(struct msg *m, bool request)
{
	m->h.flags |= HTTP_F_MALFORMED;
	m->h.marks |= HEAD_BENT;
	m->h.marks &=
		~(HEAD_TE | HEAD_TE_CHUNKED | HEAD_TE_MAYBE | HEAD_TE_UNKNOWN);
	m->h.n_te = 0;
	set_framing(m, request);
}

static enum action body_chunked(struct conn *c, struct event *ev, struct msg *m)
{
	struct http_engine *e = c->engine;
	struct input *in = &ev->in;
	const uint8_t *p = in->p;
	enum chunked_event found;
	size_t n;

	found = chunked_next(&m->chunked, &p, in->end, &n);
	input_consume(e, in, (size_t)(p - in->p), BYTES_FRAMING);
	switch (found) {
	case CHUNKED_MORE:
		break;
	case CHUNKED_BODY:
		msg_body(e, m, in->p, n);
		input_consume(e, in, n, BYTES_BODY);
		if (m->chunked.state == CHUNKED_DATA)
			skip_remainder(c, ev, m);
		break;
	case CHUNKED_LAST:
		m->held_len = 0;
		m->cur = (struct head_cursor){
			.first_done = 1, .prev = HEAD_EOL_LF, .lf_seen = 1};
		return ACT_DONE;
	case CHUNKED_NOT_USED:
		not_chunked(m, dir_is_request(c, (enum stream_dir)ev->dir));
		if (m->framing == FRAMING_NONE)
			return complete(m, in->offset, AFTER_NEXT);
		break;
	case CHUNKED_BAD:
		m->h.flags |= HTTP_F_MALFORMED;
		return complete(m, in->offset, AFTER_RESYNC);
	}
	return ACT_MORE;
}

/* A response without a length lasts until the server closes (RFC 9112 section
 * 6.3 item 8), but some servers forget the length and go on. Does a segment
 * begin the next response instead? If that cannot be told, the body goes on and
 * is flagged. */
static bool next_response(const struct conn *c, const struct input *in,
			  struct msg *m)
{
	/* may it answer a request, perhaps one that arrives late? */
	if (m->h.marks & HEAD_SIMPLE ||
	    (!c->requests && in->acked <= c->dir[STREAM_C2S ^ c->swap].pos))
		return false;
	c->engine->stats.resyncs++; /* what is found depends on segments */
	m->h.flags |= HTTP_F_MALFORMED;
	return head_status_sure(in->p, input_left(in)) &&
	       rule_ends_body(c, m, in->offset, in->acked);
}

/* The body that the close ends may contain the responses to requests that are
 * still unanswered. */
static void check_swallowed(const struct conn *c, struct msg *m)
{
	const uint8_t *p = m->body, *end;

	if (!m->body_len || !c->requests || c->requests->req->denied ||
	    m->h.marks & HEAD_SIMPLE)
		return;
	end = p + m->body_len;
	while (p < end &&
	       (p = memmem(p, (size_t)(end - p), "HTTP/1.", 7)) != NULL) {
		if (head_status_prefix(p, (size_t)(end - p)) == PREFIX_YES) {
			m->h.flags |= HTTP_F_MALFORMED;
			return;
		}
		p += 7;
	}
}

enum action on_body(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct msg *m = c->dir[ev->dir].msg;
	struct input *in = &ev->in;
	size_t n = input_left(in);

	if (m->framing == FRAMING_CHUNKED) {
		enum action action = body_chunked(c, ev, m);

		m->end_ns = times_of(c, ev, in->offset - 1);
		return action;
	}
	if (m->framing == FRAMING_LENGTH) {
		if (n > m->left)
			n = (size_t)m->left;
		/* before msg_body(), which sizes its memory by it */
		m->left -= n;
	}
	if (m->framing == FRAMING_CLOSE) {
		bool status = in->chunk_start &&
			      head_status_prefix(in->p, n) == PREFIX_YES;

		if (status && next_response(c, in, m))
			return complete(m, in->offset, AFTER_NEXT);
		pair_body(c, m, status, in->acked);
		m->end_acked = in->acked;
	}
	msg_body(e, m, in->p, n);
	input_consume(e, in, n, BYTES_BODY);
	m->end_ns = times_of(c, ev, in->offset - 1);
	if (m->framing != FRAMING_LENGTH)
		return ACT_MORE;
	if (!m->left)
		return complete(m, in->offset, AFTER_NEXT);
	skip_remainder(c, ev, m);
	return ACT_MORE;
}

/* Appends the fields of the trailer section, the first len held bytes, to those
 * of the head. */
static void trailer_parse(struct http_engine *e, struct msg *m, uint32_t len)
{
	uint32_t head_len = m->h.len;
	struct head_cursor cur = {.line = head_len,
				  .scanned = head_len,
				  .first_done = 1,
				  .prev = HEAD_EOL_LF,
				  .lf_seen = 1};
	size_t cap;
	uint8_t *b;

	if (m->no_memory || head_len + len > HEAD_MAX) {
		m->h.flags |= HTTP_F_HEAD_LIMIT;
		return;
	}
	b = store_alloc(&e->store, head_len + len, &cap);
	if (!b) {
		m->h.flags |= HTTP_F_HEAD_LIMIT;
		return;
	}
	memcpy(b, m->head, head_len);
	memcpy(b + head_len, m->held, len);
	memcpy(e->fields, m->fields, m->h.n_fields * sizeof(e->fields[0]));
	m->h.len = 0;
	head_parse(b, head_len + len, true, HEAD_TRAILER, &m->h, e->fields,
		   &cur);
	store_free(&e->store, m->block, m->block_cap);
	m->block = b;
	m->block_cap = cap;
	m->head = b;
	m->fields = e->fields;
	m->h.len = head_len + len;
	m->saved = false;
	e->unsaved = m;
	msg_save_pending(e);
}

/* Does the next message start where the trailer section should? */
static bool trailer_missing(const struct msg *m, bool request)
{
	return (request ? head_request_prefix(m->held, m->held_len)
			: head_status_prefix(m->held, m->held_len)) ==
	       PREFIX_YES;
}

enum action on_trailer(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct msg *m = c->dir[ev->dir].msg;
	struct input *in = &ev->in;
	size_t n = input_left(in), cap, len;
	uint64_t offset;
	uint32_t end;
	void *held;

	if (!m->held_len) { /* usually the section is empty */
		size_t k = n >= 2 && in->p[0] == '\r' && in->p[1] == '\n' ? 2
			   : in->p[0] == '\n'				  ? 1
									  : 0;

		if (k) {
			input_consume(e, in, k, BYTES_FRAMING);
			m->end_ns = times_of(c, ev, in->offset - 1);
			return complete(m, in->offset, AFTER_NEXT);
		}
	}
	if (e->unsaved == m)
		msg_save_pending(e);
	if (n > HEAD_MAX - m->held_len)
		n = HEAD_MAX - m->held_len;
	conn_list(c);
	times_hold(c, ev);
	if (!msg_hold(e, m, in->p, n))
		return ACT_GIVE_UP;
	input_consume(e, in, n, BYTES_HELD);
	len = m->held_len;
	if (trailer_missing(m, dir_is_request(c, (enum stream_dir)ev->dir))) {
		m->h.flags |= HTTP_F_MALFORMED;
		m->h.marks |= HEAD_BENT;
		held = msg_detach_held(m, &cap);
		offset = in->offset - len;
		event_replay(e, ev, held, cap, len, len, offset, in->acked);
		return complete(m, offset, AFTER_NEXT);
	}
	if (head_find_end(m->held, m->held_len, &m->cur, &end) == HEAD_OK) {
		offset = event_give_back(e, ev, n, m->held, len, end);
		account(e, end, BYTES_HELD, BYTES_HEAD);
		m->end_ns = times_of(c, ev, offset - 1);
		if (m->cur.malformed) {
			m->h.flags |= HTTP_F_MALFORMED;
			m->h.marks |= HEAD_BENT;
		}
		if (end > 2)
			trailer_parse(e, m, end);
		return complete(m, offset, AFTER_NEXT);
	}
	if (len < HEAD_MAX)
		return ACT_MORE;
	m->h.flags |= HTTP_F_HEAD_LIMIT;
	account(e, len, BYTES_HELD, BYTES_HEAD);
	m->held_len = 0;
	return ACT_OVERSIZE;
}

enum action on_trailer_skip(struct conn *c, struct event *ev)
{
	struct msg *m = c->dir[ev->dir].msg;
	const uint8_t *line;
	uint32_t len;

	if (!head_skip_line(c, ev, &line, &len) || len)
		return ACT_MORE;
	m->end_ns = times_of(c, ev, ev->in.offset - 1);
	return complete(m, ev->in.offset, AFTER_NEXT);
}

/* What is held of a trailer section that stays incomplete was part of it. */
static void release_trailer(struct http_engine *e, const struct dir *d)
{
	if (d->state == DIR_TRAILER)
		account(e, d->msg->held_len, BYTES_HELD, BYTES_HEAD);
}

enum action on_body_gap(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;
	uint64_t len = ev->gap_len;
	bool lost = ev->gap_kind != STREAM_GAP_SKIPPED, within;

	event_handled(ev);
	if (lost) {
		m->h.flags |= dir_is_request(c, (enum stream_dir)ev->dir)
				      ? HTTP_F_REQUEST_GAP
				      : HTTP_F_RESPONSE_GAP;
		if (ev->gap_kind == STREAM_GAP_TRUNCATED)
			m->h.flags |= HTTP_F_TRUNCATED;
	}
	within = d->state == DIR_BODY &&
		 (m->framing == FRAMING_CLOSE ||
		  (m->framing == FRAMING_LENGTH && len <= m->left) ||
		  (m->framing == FRAMING_CHUNKED &&
		   chunked_gap(&m->chunked, len)));
	msg_body_hole(e, m, within ? len : 0, lost);
	if (!within) {
		/* the gap contains the end of this message, if not more */
		release_trailer(e, d);
		return complete(m, d->pos, AFTER_LOST);
	}
	m->last_ns = ev->in.ts_ns;
	/* of a packet that carried the missing bytes, or of a later one */
	if (ev->gap_kind != STREAM_GAP_LOST)
		m->end_ns = ev->in.ts_ns;
	if (m->framing == FRAMING_CHUNKED)
		m->skipping = m->skipping && m->chunked.state == CHUNKED_DATA;
	if (m->framing != FRAMING_LENGTH)
		return ACT_MORE;
	m->left -= len;
	return m->left ? ACT_MORE : complete(m, d->pos + len, AFTER_NEXT);
}

enum action on_body_end(struct conn *c, struct event *ev)
{
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;

	event_handled(ev);
	ev->in.ts_ns = m->last_ns;
	if (d->state == DIR_TRAILER || d->state == DIR_TRAILER_SKIP ||
	    (m->framing == FRAMING_CHUNKED && chunked_at_last(&m->chunked)))
		m->h.flags |= HTTP_F_MALFORMED; /* but the body is complete */
	else if (m->framing != FRAMING_CLOSE || !ev->in_order)
		m->h.flags |= cut_flags(c);
	if (m->framing == FRAMING_CLOSE)
		check_swallowed(c, m);
	if (m->h.flags & cut_flags(c))
		m->hole = true;
	release_trailer(c->engine, d);
	return complete(m, d->pos, AFTER_NEXT);
}

/* Does what follows this request depend on an answer that is still to come, or
 * that agreed to switch? */
static bool may_switch(const struct msg *m)
{
	const struct msg *rsp = m->x ? m->x->rsp : NULL;

	if (m->h.marks & HEAD_METHOD_CONNECT)
		return !rsp || rsp->h.status / 100 == 2;
	return m->h.marks & HEAD_UPGRADE && (!rsp || rsp->h.status == 101);
}

enum action on_complete(struct conn *c, struct event *ev)
{
	enum stream_dir dir = (enum stream_dir)ev->dir;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	bool request = dir_is_request(c, dir);
	bool tunnel = request && may_switch(m);
	enum msg_after after = (enum msg_after)m->after;
	bool other;

	m->complete = true;
	m->last_ns = ev->in.ts_ns;
	/* without a body the event may be that of the next message */
	if (m->end > m->body_start)
		m->end_acked = ev->in.acked;
	if (after == AFTER_LOST ||
	    (m->framing == FRAMING_CHUNKED && m->h.flags & HTTP_F_MALFORMED))
		m->end_acked = STREAM_UNKNOWN;
	if (m->chunked.malformed)
		m->h.flags |= HTTP_F_MALFORMED;
	if (m->dec)
		msg_body_end(c->engine, m);
	d->msg = NULL;
	/* the server has shown already that the tunnel is not HTTP */
	if (tunnel && c->tunnel && server_dir(c)->state == DIR_UPGRADED)
		leave_upgrade(c, dir);
	other = request && belief_simple(c, dir, m);
	if (request) {
		c->bent = m->h.marks & (HEAD_BENT | HEAD_NO_VERSION) ||
			  m->h.flags & HTTP_F_SMUGGLING || m->chunked.malformed;
		pair_request_ended(c, m);
	} else {
		d->unwanted = m->framing == FRAMING_NONE &&
					      m->h.content_length <= UINT32_MAX
				      ? (uint32_t)m->h.content_length
				      : 0;
		pair_response_ended(c, m);
	}
	if (other)
		return ACT_NOT_HTTP;
	switch (after) {
	case AFTER_NEXT:
		break;
	case AFTER_TUNNEL:
		watch_release(c, ev->in.ts_ns);
		return ACT_TUNNEL;
	case AFTER_UPGRADE:
		return ACT_UPGRADE;
	case AFTER_UPGRADE_BOTH:
		return ACT_UPGRADE_BOTH;
	case AFTER_RESYNC:
		return ACT_RESYNC;
	case AFTER_LOST:
		return ACT_LOST;
	}
	if (d->state == DIR_UPGRADED)
		return ACT_MORE;
	return tunnel ? ACT_TUNNEL : ACT_DONE;
}
