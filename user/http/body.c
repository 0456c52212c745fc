/* SPDX-License-Identifier: MIT */
/* From the complete head to the end of the message: RFC 9112 section 6. */
#include "http/body.h"
#include "http/conn.h"
#include "http/head.h"
#include "http/message.h"
#include "http/pair.h"
#include "http/parse.h"
#include "http/prefix.h"
#include "http/resync.h"

#include <string.h>

/* Held bytes needed to recognise a request: the longest registered method,
 * SP, and the first octet of the target. */
#define PEEK_MAX 24u

static uint64_t end_offset(uint64_t offset, uint64_t left)
{
	return left > STREAM_UNKNOWN - 1 - offset ? STREAM_UNKNOWN
						  : offset + left;
}

/* The rest of the body is not wanted: its bytes need not come up at all. */
static void skip_rest(struct conn *c, enum stream_dir dir, struct msg *m,
		      uint64_t offset)
{
	uint64_t left =
		m->framing == FRAMING_CHUNKED ? m->chunked.left : m->left;

	if (m->skipping || !msg_body_enough(c->engine, m))
		return;
	m->skipping = true;
	stream_skip(c->flow, dir, end_offset(offset, left));
}

void msg_complete(struct conn *c, enum stream_dir dir, uint64_t end,
		  uint64_t ts_ns)
{
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	bool request = dir_is_request(c, dir);

	m->complete = true;
	m->end = end;
	m->last_ns = ts_ns;
	if (m->chunked.malformed)
		m->h.flags |= HTTP_F_MALFORMED;
	msg_body_end(c->engine, m);
	d->msg = NULL;
	d->state =
		request && (m->h.marks & (HEAD_METHOD_CONNECT | HEAD_UPGRADE))
			? DIR_TUNNEL
			: DIR_START;
	if (d->state == DIR_TUNNEL && c->tunnel &&
	    server_dir(c)->state == DIR_UPGRADED)
		conn_upgrade(c, dir);
	if (!request)
		pair_observe(c, m);
	exchange_check(c, m->x);
}

/* Body length of what has no special rule (RFC 9112 6.3, 3 to 8). */
static void framing_of(struct msg *m, bool request)
{
	uint32_t marks = m->h.marks;

	if (marks & (HEAD_TE_CHUNKED | HEAD_TE_MAYBE)) {
		m->framing = FRAMING_CHUNKED;
		chunked_init(&m->chunked);
	} else if (!request &&
		   (marks & HEAD_TE_UNKNOWN || (marks & HEAD_TE && m->h.n_te) ||
		    !(marks & HEAD_CL))) {
		m->framing = FRAMING_CLOSE;
	} else if (marks & HEAD_CL) {
		m->framing = FRAMING_LENGTH;
		m->left = m->h.content_length;
	} else {
		m->framing = FRAMING_NONE;
	}
	if (m->framing == FRAMING_LENGTH && !m->left)
		m->framing = FRAMING_NONE;
}

/* The head is paired and saved as needed: the body comes next, if any. */
static void body_start(struct conn *c, enum stream_dir dir, struct input *in,
		       bool peek)
{
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;

	if (m->h.marks & HEAD_CUT) { /* nobody knows what follows */
		msg_complete(c, dir, in->offset, in->ts_ns);
		return;
	}
	if (m->framing == FRAMING_NONE) {
		msg_complete(c, dir, in->offset, in->ts_ns);
		return;
	}
	msg_body_start(c->engine, m);
	d->state = peek ? DIR_PEEK : DIR_BODY;
	conn_list(c);
}

/* A response that came before: now it is known what it answers. */
static void settle_held(struct conn *c, const struct msg *req, uint64_t ts_ns)
{
	struct dir *d = server_dir(c);
	enum stream_dir dir = (enum stream_dir)(d - c->dir);
	struct exchange *x = req->x;
	const struct msg *rsp = x->rsp;
	bool held, tunnel, upgrade;

	if (!rsp)
		return;
	held = d->state == DIR_PEEK && d->msg == rsp;
	tunnel = req->h.marks & HEAD_METHOD_CONNECT && rsp->h.status / 100 == 2;
	upgrade = req->h.marks & HEAD_UPGRADE && rsp->h.status == 101;
	if (tunnel || (upgrade && !held)) {
		x->flags |= HTTP_F_UPGRADED;
		c->engine->stats.upgraded++;
	}
	if (upgrade && !held && rsp->complete)
		conn_upgrade(c, dir);
	if (!held)
		return;
	c->tunnel |= tunnel;
	body_unpeek(c, dir,
		    upgrade					? UNPEEK_UPGRADE
		    : tunnel || req->h.marks & HEAD_METHOD_HEAD ? UNPEEK_MESSAGE
								: UNPEEK_BODY,
		    ts_ns);
	if (d->fin && d->msg)
		body_cut(c, dir, true);
}

static void request_begin(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	struct exchange *x;

	e->stats.requests++;
	msg_save_pending(e);
	x = pair_request(c, m);
	if (!x) {
		e->stats.memory_limit++;
		conn_give_up(c, HTTP_F_EVICTED);
		return;
	}
	m->x = x;
	x->req = m;
	if (!(m->h.marks & HEAD_METHOD_CONNECT))
		framing_of(m, true);
	settle_held(c, m, in->ts_ns);
	if (d->msg != m)
		return; /* given up: no memory for what was held back */
	body_start(c, dir, in, m->h.marks & HEAD_EXPECT);
}

static void interim(struct conn *c, enum stream_dir dir, uint64_t ts_ns)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	struct exchange *x;

	(void)ts_ns;
	e->stats.interim_responses++;
	x = pair_response(c, m, false);
	c->spoken = true;
	if (x && x->n_interim < INTERIM_MAX)
		x->interim[x->n_interim++] = m->h.status;
	if (x && !x->queued)
		exchange_free(e, x);
	d->msg = NULL;
	d->state = DIR_START;
	msg_free(e, m);
}

static void response_begin(struct conn *c, enum stream_dir dir,
			   struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	uint16_t status = m->h.status;
	const struct msg *req;
	struct exchange *x;

	if (status >= 100 && status < 200 && status != 101 &&
	    !(m->h.marks & HEAD_STATUS_ODD)) {
		interim(c, dir, in->ts_ns);
		return;
	}
	e->stats.responses++;
	x = pair_response(c, m, true);
	c->spoken = true;
	if (!x) {
		e->stats.memory_limit++;
		conn_give_up(c, HTTP_F_EVICTED);
		return;
	}
	m->x = x;
	x->rsp = m;
	req = x->req;
	if (client_dir(c)->state == DIR_TUNNEL && req && status != 101 &&
	    !(req->h.marks & HEAD_METHOD_CONNECT && status / 100 == 2))
		client_dir(c)->state = DIR_START; /* refused: HTTP goes on */
	if (status == 101 && req && req->h.marks & HEAD_UPGRADE) {
		x->flags |= HTTP_F_UPGRADED;
		msg_complete(c, dir, in->offset, in->ts_ns);
		e->stats.upgraded++;
		conn_upgrade(c, STREAM_C2S);
		conn_upgrade(c, STREAM_S2C);
		return;
	}
	if (req && req->h.marks & HEAD_METHOD_CONNECT && status / 100 == 2) {
		x->flags |= HTTP_F_UPGRADED;
		msg_complete(c, dir, in->offset, in->ts_ns);
		e->stats.upgraded++;
		c->tunnel = true;
		d->state = DIR_TUNNEL;
		if (client_dir(c)->state == DIR_UPGRADED)
			conn_upgrade(c, dir);
		return;
	}
	if ((req && req->h.marks & HEAD_METHOD_HEAD) ||
	    ((status == 204 || status == 304) &&
	     !(m->h.marks & HEAD_STATUS_ODD)))
		m->framing = FRAMING_NONE;
	else if (m->h.marks & HEAD_SIMPLE)
		m->framing = FRAMING_CLOSE;
	else
		framing_of(m, false);
	body_start(c, dir, in, !req);
}

void body_begin(struct conn *c, enum stream_dir dir, struct input *in)
{
	if (dir_is_request(c, dir))
		request_begin(c, dir, in);
	else
		response_begin(c, dir, in);
}

void body_unpeek(struct conn *c, enum stream_dir dir, enum unpeek what,
		 uint64_t ts_ns)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	uint8_t *held = m->trail;
	size_t cap = m->trail_cap, n = m->trail_len;
	uint64_t offset = d->pos - n, acked = m->trail_acked;

	m->trail = NULL;
	m->trail_cap = m->trail_len = 0;
	e->stats.bytes_buffered -= n;
	if (what == UNPEEK_BLIND)
		what = !dir_is_request(c, dir) && m->h.status == 101
			       ? UNPEEK_UPGRADE
			       : UNPEEK_BODY;
	if (what == UNPEEK_BODY) {
		d->state = DIR_BODY;
	} else if (what == UNPEEK_UPGRADE) {
		m->x->flags |= HTTP_F_UPGRADED;
		e->stats.upgraded++;
		msg_complete(c, dir, offset, ts_ns);
		conn_upgrade(c, dir);
	} else {
		msg_complete(c, dir, offset, ts_ns);
		if (c->tunnel)
			d->state = DIR_TUNNEL;
	}
	if (n)
		parse_replay(c, dir, held, n, offset, ts_ns, acked);
	store_free(&e->store, held, cap);
}

/* Do the held bytes begin another message? */
static enum head_prefix peek_prefix(const struct msg *m, bool request)
{
	static const uint8_t http[] = "HTTP/1.";
	const uint8_t *p = m->trail;
	size_t n = m->trail_len;
	enum head_prefix prefix;

	if (request) {
		/* also of a body that would be complete with them: what is
		 * decided must not depend on where packets end */
		prefix = head_request_prefix(p, n < PEEK_MAX ? n : PEEK_MAX);
		return prefix == PREFIX_MAYBE && n >= PEEK_MAX ? PREFIX_NO
							       : prefix;
	}
	if (n >= sizeof(http) - 1)
		return memcmp(p, http, sizeof(http) - 1) ? PREFIX_NO
							 : PREFIX_YES;
	return memcmp(p, http, n) ? PREFIX_NO : PREFIX_MAYBE;
}

void body_peek(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	bool request = dir_is_request(c, dir);
	size_t n = input_left(in), room = TUNNEL_HOLD_MAX - m->trail_len;
	enum head_prefix prefix;

	/* the client goes on with the body after all, or did not wait */
	if (request && !m->trail_len && !m->x->rsp) {
		d->state = DIR_BODY;
		return;
	}
	if (n > room)
		n = room;
	if (!msg_hold_trailer(e, m, in->p, n)) {
		e->stats.memory_limit++;
		conn_give_up(c, HTTP_F_EVICTED);
		return;
	}
	input_consume(in, n, &e->stats.bytes_buffered);
	d->pos = in->offset;
	if (m->trail_len == n)
		m->trail_acked = in->acked;
	else if (m->trail_acked != in->acked)
		m->trail_acked = STREAM_UNKNOWN;
	prefix = peek_prefix(m, request);
	if (prefix == PREFIX_MAYBE)
		return;
	/* it may answer a CONNECT or an Upgrade that is still to come */
	if (!request && !m->x->req && m->x->queued &&
	    m->trail_len < TUNNEL_HOLD_MAX &&
	    (m->h.status == 101 ||
	     (prefix == PREFIX_NO && m->framing == FRAMING_CLOSE &&
	      m->h.status / 100 == 2)))
		return;
	body_unpeek(c, dir, prefix == PREFIX_NO ? UNPEEK_BLIND : UNPEEK_MESSAGE,
		    in->ts_ns);
}

/* The head said chunked, the body is not: as its length says, or all. */
static void not_chunked(struct conn *c, enum stream_dir dir, struct msg *m)
{
	m->h.flags |= HTTP_F_MALFORMED;
	m->h.marks &=
		~(HEAD_TE | HEAD_TE_CHUNKED | HEAD_TE_MAYBE | HEAD_TE_UNKNOWN);
	m->h.n_te = 0;
	framing_of(m, dir_is_request(c, dir));
}

static void body_chunked(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	const uint8_t *p = in->p;
	enum chunked_event ev;
	size_t n;

	ev = chunked_next(&m->chunked, &p, in->end, &n);
	input_consume(in, (size_t)(p - in->p), &e->stats.bytes_framing);
	switch (ev) {
	case CHUNKED_MORE:
		break;
	case CHUNKED_BODY:
		msg_body(e, m, in->p, n);
		input_consume(in, n, &e->stats.bytes_body);
		if (m->chunked.state == CHUNKED_DATA)
			skip_rest(c, dir, m, in->offset);
		break;
	case CHUNKED_LAST:
		d->state = DIR_TRAILER;
		m->trail_len = 0;
		m->cur = (struct head_cursor){
			.first_done = 1, .prev = HEAD_EOL_LF, .lf_seen = 1};
		break;
	case CHUNKED_NOT_USED:
		not_chunked(c, dir, m);
		if (m->framing == FRAMING_NONE)
			msg_complete(c, dir, in->offset, in->ts_ns);
		break;
	case CHUNKED_BAD:
		m->h.flags |= HTTP_F_MALFORMED;
		msg_complete(c, dir, in->offset, in->ts_ns);
		parse_resync(c, dir, false);
		break;
	}
}

void body_input(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct msg *m = c->dir[dir].msg;
	size_t n = input_left(in);

	if (m->framing == FRAMING_CHUNKED) {
		body_chunked(c, dir, in);
		return;
	}
	if (m->framing == FRAMING_LENGTH && n > m->left)
		n = (size_t)m->left;
	/* before the bytes: what is left sizes the memory for them */
	if (m->framing == FRAMING_LENGTH)
		m->left -= n;
	msg_body(e, m, in->p, n);
	input_consume(in, n, &e->stats.bytes_body);
	if (m->framing != FRAMING_LENGTH)
		return;
	if (!m->left)
		msg_complete(c, dir, in->offset, in->ts_ns);
	else
		skip_rest(c, dir, m, in->offset);
}

/* The trailer section is complete in m->trail: its fields join the others. */
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
	memcpy(b + head_len, m->trail, len);
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

/* Does the section start with what is the start line of the next message? */
static bool trailer_missing(const struct conn *c, enum stream_dir dir,
			    const struct msg *m)
{
	return (dir_is_request(c, dir)
			? head_request_prefix(m->trail, m->trail_len)
			: head_status_prefix(m->trail, m->trail_len)) ==
	       PREFIX_YES;
}

void body_trailer(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	size_t n = input_left(in), before = m->trail_len;
	enum head_result r;
	uint32_t end;

	if (!before) { /* mostly there is none */
		size_t k = n >= 2 && in->p[0] == '\r' && in->p[1] == '\n' ? 2
			   : in->p[0] == '\n'				  ? 1
									  : 0;

		if (k) {
			input_consume(in, k, &e->stats.bytes_framing);
			msg_complete(c, dir, in->offset, in->ts_ns);
			return;
		}
	}
	if (e->unsaved == m)
		msg_save_pending(e);
	if (n > HEAD_MAX - before)
		n = HEAD_MAX - before;
	if (!msg_hold_trailer(e, m, in->p, n)) {
		e->stats.memory_limit++;
		conn_give_up(c, HTTP_F_EVICTED);
		return;
	}
	input_consume(in, n, &e->stats.bytes_buffered);
	conn_list(c);
	if (trailer_missing(c, dir, m)) {
		uint8_t *held = m->trail;
		size_t cap = m->trail_cap, len = m->trail_len;
		uint64_t acked = in->acked;

		m->trail = NULL;
		m->trail_cap = m->trail_len = 0;
		m->h.flags |= HTTP_F_MALFORMED;
		e->stats.bytes_buffered -= len;
		msg_complete(c, dir, in->offset - len, in->ts_ns);
		parse_replay(c, dir, held, len, in->offset - len, in->ts_ns,
			     acked);
		store_free(&e->store, held, cap);
		return;
	}
	r = head_find_end(m->trail, m->trail_len, &m->cur, &end);
	if (r == HEAD_OK) {
		struct input rest;
		uint8_t tail[HEAD_TAIL_MAX];

		rest = parse_give_back(in, n, m->trail, m->trail_len, end,
				       tail);
		e->stats.bytes_buffered -= m->trail_len;
		e->stats.bytes_head += end;
		if (end > 2)
			trailer_parse(e, m, end);
		msg_complete(c, dir, rest.offset, in->ts_ns);
		if (rest.p < rest.end) {
			parse_input(c, dir, &rest);
			msg_save_pending(e);
		}
	} else if (m->trail_len == HEAD_MAX) {
		m->h.flags |= HTTP_F_HEAD_LIMIT;
		e->stats.bytes_buffered -= m->trail_len;
		e->stats.bytes_head += m->trail_len;
		m->trail_len = 0;
		m->in_trailer = true;
		d->state = DIR_HEAD_SKIP;
	}
}

/* Ends a message of which more is missing than one can tell the end of. */
static void body_lost(struct conn *c, enum stream_dir dir, uint64_t ts_ns)
{
	struct dir *d = &c->dir[dir];

	if (d->state == DIR_TRAILER && d->msg->trail_len) {
		c->engine->stats.bytes_buffered -= d->msg->trail_len;
		c->engine->stats.bytes_head += d->msg->trail_len;
	}
	msg_complete(c, dir, d->pos, ts_ns);
}

void body_gap(struct conn *c, enum stream_dir dir, uint64_t len,
	      enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	bool lost = kind != STREAM_GAP_SKIPPED, within;

	if (lost) {
		m->h.flags |= dir_is_request(c, dir) ? HTTP_F_REQUEST_GAP
						     : HTTP_F_RESPONSE_GAP;
		if (kind == STREAM_GAP_TRUNCATED)
			m->h.flags |= HTTP_F_TRUNCATED;
	}
	within = d->state == DIR_BODY &&
		 (m->framing == FRAMING_CLOSE ||
		  (m->framing == FRAMING_LENGTH && len <= m->left) ||
		  (m->framing == FRAMING_CHUNKED &&
		   chunked_gap(&m->chunked, len)));
	msg_body_hole(e, m, within ? len : 0, lost);
	if (!within) {
		/* the end of this one is in the hole, and perhaps more */
		body_lost(c, dir, ts_ns);
		parse_resync(c, dir, true);
		return;
	}
	m->last_ns = ts_ns;
	if (m->framing == FRAMING_CHUNKED)
		m->skipping = m->skipping && m->chunked.state == CHUNKED_DATA;
	if (m->framing != FRAMING_LENGTH)
		return;
	m->left -= len;
	if (!m->left)
		msg_complete(c, dir, d->pos + len, ts_ns);
}

void body_cut(struct conn *c, enum stream_dir dir, bool in_order)
{
	struct dir *d = &c->dir[dir];
	struct msg *m;

	while (d->state == DIR_PEEK)
		body_unpeek(c, dir, UNPEEK_BLIND, d->msg->last_ns);
	if (d->state == DIR_HEAD)
		parse_head_cut(c, dir, d->msg->last_ns, HTTP_F_CLOSED_EARLY);
	m = d->msg;
	if (!m || !m->x)
		return;
	if (d->state == DIR_TRAILER ||
	    (d->state == DIR_HEAD_SKIP && m->in_trailer) ||
	    (m->framing == FRAMING_CHUNKED && chunked_at_last(&m->chunked)))
		m->h.flags |= HTTP_F_MALFORMED; /* all of the body was there */
	else if (m->framing != FRAMING_CLOSE || !in_order)
		m->h.flags |= HTTP_F_CLOSED_EARLY;
	if (m->h.flags & HTTP_F_CLOSED_EARLY)
		m->hole = true;
	body_lost(c, dir, m->last_ns);
}
