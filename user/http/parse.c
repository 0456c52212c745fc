/* SPDX-License-Identifier: MIT */
/* Message starts and heads. */
#include "http/body.h"
#include "http/conn.h"
#include "http/fields.h"
#include "http/head.h"
#include "http/message.h"
#include "http/parse.h"
#include "http/prefix.h"
#include "http/resync.h"
#include "http/scan.h"

#include <string.h>

/* How much of a first line that is none is waited for. */
#define BAD_LINE_MAX 256u
enum verdict { START_OK, START_WAIT, START_BAD };

static enum head_type type_of(const struct conn *c, enum stream_dir dir)
{
	return dir_is_request(c, dir) ? HEAD_REQUEST : HEAD_RESPONSE;
}

static bool starts_with_http(const uint8_t *p, size_t n)
{
	static const uint8_t http[] = {'h', 't', 't', 'p', '/'};

	for (size_t i = 0; i < n && i < sizeof(http); i++)
		if ((p[i] | 0x20) != http[i])
			return false;
	return true;
}

static bool awaits_first_answer(const struct conn *c)
{
	return !c->spoken && (!c->queue || (c->queue->req && !c->queue->rsp));
}

/* Nothing was seen on this connection so far: whose bytes are these? */
void parse_role(struct conn *c, enum stream_dir dir, const uint8_t *p, size_t n)
{
	bool status = n >= 5 && starts_with_http(p, n);

	if (c->seen)
		return;
	if (dir_is_request(c, dir) ? status
				   : head_request_prefix(p, n) == PREFIX_YES)
		c->swap ^= 1;
}

/* Do the first bytes at hand allow a start line? */
static enum verdict check_start(struct conn *c, enum stream_dir dir,
				const struct msg *m, const uint8_t *p, size_t n)
{
	enum head_prefix prefix;

	parse_role(c, dir, p, n);
	if (m->tentative) {
		prefix = dir_is_request(c, dir) ? head_request_prefix(p, n)
						: head_status_prefix(p, n);
		return prefix == PREFIX_NO    ? START_BAD
		       : prefix == PREFIX_YES ? START_OK
					      : START_WAIT;
	}
	if (dir_is_request(c, dir))
		return head_request_plausible(p, n) ? START_OK : START_BAD;
	if (starts_with_http(p, n))
		return n < 5 ? START_WAIT : START_OK;
	if (n < 4 ? !memcmp(p, "ICY ", n) : !memcmp(p, "ICY ", 4))
		return START_OK;
	if (starts_with_http(p, n < 4 ? n : 4))
		return START_OK;
	if (!c->seen && head_request_prefix(p, n) == PREFIX_MAYBE)
		return START_WAIT;
	return START_BAD;
}

void parse_replay(struct conn *c, enum stream_dir dir, const uint8_t *p,
		  size_t n, uint64_t offset, uint64_t ts_ns, uint64_t acked)
{
	struct input in = {.p = p,
			   .end = p + n,
			   .offset = offset,
			   .ts_ns = ts_ns,
			   .acked = acked};

	parse_input(c, dir, &in);
	/* p is not of the chunk: nothing may point to it afterwards */
	msg_save_pending(c->engine);
}

/* The reply to a request of HTTP/0.9 has no head. */
static void start_simple_reply(struct conn *c, enum stream_dir dir,
			       struct input *in)
{
	struct msg *m = c->dir[dir].msg;

	m->h = (struct head){.status = 200, .minor = 9, .marks = HEAD_SIMPLE};
	if (!(c->queue->req->h.marks & HEAD_SIMPLE))
		m->h.flags |= HTTP_F_MALFORMED;
	m->head = (const uint8_t *)"";
	m->saved = true;
	body_begin(c, dir, in);
}

/* RFC 8446 5.1: a handshake, or an alert, as the first record. */
static bool tls_start(const uint8_t *p, size_t n)
{
	return p[0] >= 0x14 && p[0] <= 0x17 && (n < 2 || p[1] == 3);
}

/* What stands where a message must start is none. *p, n: all of it that is at
 * hand, held or not. True: it has been dealt with, false: wait for more. */
static bool bad_start(struct conn *c, enum stream_dir dir, struct input *in,
		      const uint8_t *p, size_t n)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	void *block = m->block;
	size_t block_cap = m->block_cap, have = m->have, skip = 0;
	uint64_t start = m->start, acked = m->acked;
	bool simple = false, first_answer;
	const uint8_t *lf;

	first_answer = !m->tentative && !dir_is_request(c, dir) &&
		       awaits_first_answer(c);
	if (first_answer && !c->seen && scan_is_ctl(*p)) {
		/* not a line of text: not worth waiting for */
	} else if (first_answer && c->queue &&
		   c->queue->req->h.marks & HEAD_SIMPLE) {
		simple = true;
	} else if (first_answer) {
		lf = memchr(p, '\n', n < BAD_LINE_MAX ? n : BAD_LINE_MAX);
		if (lf ? n - (size_t)(lf + 1 - p) < 5 &&
				    starts_with_http(lf + 1,
						     n - (size_t)(lf + 1 - p))
		       : n < BAD_LINE_MAX) {
			m->suspect = true;
			return false;
		}
		if (lf && starts_with_http(lf + 1, 5))
			skip = (size_t)(lf + 1 - p);
	}
	m->block = NULL;
	m->block_cap = 0;
	m->have = 0;
	e->stats.bytes_buffered -= have;
	if (simple) {
		start_simple_reply(c, dir, in);
	} else if (skip) {
		/* one line of junk before the status line */
		e->stats.bytes_resync += skip;
		if (!have) {
			in->p += skip;
			in->offset += skip;
		}
		msg_free(e, m);
		d->msg = NULL;
		d->state = DIR_START;
	} else {
		uint8_t tentative = m->tentative;

		msg_free(e, m);
		d->msg = NULL;
		in->chunk_start = false;
		if (tentative == TENTATIVE_TUNNEL)
			conn_upgrade(c, dir);
		else if (!c->seen && tls_start(p, n))
			conn_not_http(c, p, n, false);
		else
			parse_resync(c, dir, false);
	}
	if (have)
		parse_replay(c, dir, (uint8_t *)block + skip, have - skip,
			     start + skip, in->ts_ns, acked);
	store_free(&e->store, block, block_cap);
	return true;
}

/* The head is complete in m->h; base is where it lies. */
static void head_done(struct conn *c, enum stream_dir dir, struct input *in,
		      const uint8_t *base)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;

	m->head = base;
	m->fields = e->fields;
	m->last_ns = in->ts_ns;
	fields_conclude(&m->h);
	if (m->h.marks & HEAD_FOLDED)
		msg_save_pending(e); /* only a copy can be unfolded */
	if (!c->seen && dir_is_request(c, dir) && m->h.major == 2 &&
	    m->h.method.len == 3 && !memcmp(m->head, "PRI", 3)) {
		/* RFC 9113 3.4, the client's preface */
		e->stats.bytes_head -= m->h.len;
		e->stats.bytes_not_http += m->h.len;
		d->msg = NULL;
		msg_free(e, m);
		conn_not_http(c, NULL, 0, true);
		return;
	}
	c->seen = true;
	body_begin(c, dir, in);
}

/* The head is longer than the limit: what is at hand counts, the rest is
 * searched for its end and for framing fields. m->block holds HEAD_MAX. */
static void head_overflow(struct conn *c, enum stream_dir dir, struct input *in)
{
	static const char cut[] = " HTTP/1.1\r\n";
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	uint8_t *b = m->block;
	uint32_t line = m->cur.line, at = m->cur.first_done ? line : HEAD_MAX;
	struct head_cursor cur;

	memset(&m->h, 0, sizeof(m->h));
	if (!m->cur.first_done && dir_is_request(c, dir)) {
		/* the target is cut long before: end the line here */
		memcpy(b + HEAD_MAX - (sizeof(cut) - 1), cut, sizeof(cut) - 1);
	}
	if (head_parse(b, at, true, type_of(c, dir), &m->h, e->fields, &cur) !=
	    HEAD_OK) {
		bad_start(c, dir, in, b, m->have);
		return;
	}
	m->h.flags |= HTTP_F_HEAD_LIMIT;
	m->h.len = at;
	e->stats.bytes_buffered -= m->have;
	e->stats.bytes_head += m->have;
	m->head = b;
	m->fields = e->fields;
	/* the line that the limit cuts in two */
	if (m->cur.first_done &&
	    !msg_hold_trailer(e, m, b + line, HEAD_MAX - line))
		m->no_memory = true;
	m->have = 0;
	e->unsaved = m;
	msg_save_pending(e);
	m->h.marks |= m->cur.first_done ? 0 : HEAD_LINE_CUT;
	d->state = DIR_HEAD_SKIP;
}

static void head_skip(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	const uint8_t *lf = memchr(in->p, '\n', input_left(in));
	size_t n = lf ? (size_t)(lf + 1 - in->p) : input_left(in);
	size_t room =
		TRAIL_LINE_MAX -
		(m->trail_len < TRAIL_LINE_MAX ? m->trail_len : TRAIL_LINE_MAX);
	const uint8_t *t;
	uint32_t len;

	if (!msg_hold_trailer(e, m, in->p, n < room ? n : room))
		m->no_memory = true;
	input_consume(in, n, &e->stats.bytes_head);
	if (!lf)
		return;
	t = m->trail;
	len = m->trail_len;
	m->trail_len = 0;
	while (len && (t[len - 1] == '\n' || t[len - 1] == '\r'))
		len--;
	if (m->h.marks & HEAD_LINE_CUT) { /* the rest of the start line */
		m->h.marks &= ~HEAD_LINE_CUT;
		return;
	}
	if (len) {
		if (!m->in_trailer)
			head_extra_line(t, len, type_of(c, dir), &m->h);
		return;
	}
	if (m->in_trailer) {
		msg_complete(c, dir, in->offset, in->ts_ns);
		return;
	}
	m->last_ns = in->ts_ns;
	fields_conclude(&m->h);
	c->seen = true;
	body_begin(c, dir, in);
}

static void head_no_memory(struct conn *c, struct input *in)
{
	struct http_engine *e = c->engine;

	e->stats.memory_limit++;
	conn_give_up(c, HTTP_F_EVICTED);
	input_consume(in, input_left(in), &e->stats.bytes_resync);
}

/* A candidate must be beyond doubt. */
static bool start_line_fits(const struct msg *m)
{
	return !m->tentative || !(m->h.marks & HEAD_SIMPLE);
}

/* The first bytes of a head: mostly the whole of it. */
static void head_first(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	size_t n = input_left(in);
	enum verdict v;
	enum head_result r = HEAD_MORE;
	const uint8_t *base = in->p;

	if (n > HEAD_MAX)
		n = HEAD_MAX;
	v = check_start(c, dir, m, in->p, n);
	if (v == START_OK)
		r = head_parse(in->p, (uint32_t)n, false, type_of(c, dir),
			       &m->h, e->fields, &m->cur);
	if (v == START_BAD || r == HEAD_BAD ||
	    (r == HEAD_OK && !start_line_fits(m))) {
		if (bad_start(c, dir, in, in->p, n))
			return;
		r = HEAD_MORE;
	}
	if (r == HEAD_OK) {
		e->unsaved = m;
		input_consume(in, m->h.len, &e->stats.bytes_head);
		head_done(c, dir, in, base);
		return;
	}
	memset(&m->h, 0, sizeof(m->h));
	if (!msg_hold(e, m, in->p, n)) {
		head_no_memory(c, in);
		return;
	}
	input_consume(in, n, &e->stats.bytes_buffered);
	conn_list(c);
	if (m->have == HEAD_MAX)
		head_overflow(c, dir, in);
}

struct input parse_give_back(struct input *in, size_t n, const uint8_t *held,
			     size_t have, size_t used,
			     uint8_t tail[HEAD_TAIL_MAX])
{
	struct input rest = *in;
	size_t over = have - used, old = over > n ? over - n : 0;

	if (old > HEAD_TAIL_MAX)
		old = HEAD_TAIL_MAX; /* cannot be, see head.h */
	memcpy(tail, held + used, old);
	rest.p = tail;
	rest.end = tail + old;
	rest.offset -= over;
	rest.chunk_start = false;
	in->p -= over - old;
	in->offset -= over - old;
	return rest;
}

/* More bytes of a head that is held. */
static void head_more(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	size_t n = input_left(in), before = m->have;
	bool first_done = m->cur.first_done;
	enum verdict v = START_OK;
	enum head_result r = HEAD_MORE;
	uint32_t end;

	if (n > HEAD_MAX - before)
		n = HEAD_MAX - before;
	if (!msg_hold(e, m, in->p, n)) {
		head_no_memory(c, in);
		return;
	}
	input_consume(in, n, &e->stats.bytes_buffered);
	if (!first_done || m->suspect)
		v = check_start(c, dir, m, m->block, m->have);
	if (v == START_OK)
		r = head_find_end(m->block, m->have, &m->cur, &end);
	/* whether the first line is one is looked at once, when it is there */
	if (r == HEAD_OK || (m->cur.first_done && !first_done) || m->suspect)
		r = head_parse(m->block, m->have, false, type_of(c, dir), &m->h,
			       e->fields, &(struct head_cursor){0});
	if (v == START_BAD || r == HEAD_BAD ||
	    (r == HEAD_OK && !start_line_fits(m))) {
		if (bad_start(c, dir, in, m->block, m->have))
			return;
		r = HEAD_MORE;
	}
	if (r == HEAD_OK) {
		struct input rest;
		uint8_t tail[HEAD_TAIL_MAX];

		rest = parse_give_back(in, n, m->block, m->have, m->h.len,
				       tail);
		e->stats.bytes_buffered -= m->have;
		e->stats.bytes_head += m->h.len;
		m->have = 0;
		e->unsaved = m;
		head_done(c, dir, &rest, m->block);
		if (rest.p < rest.end) {
			parse_input(c, dir, &rest);
			msg_save_pending(e);
		}
		return;
	}
	memset(&m->h, 0, sizeof(m->h));
	if (m->have == HEAD_MAX)
		head_overflow(c, dir, in);
}

void parse_begin(struct conn *c, enum stream_dir dir, struct input *in,
		 enum msg_tentative tentative)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];

	/* the scratch of fields is about to be used again */
	msg_save_pending(e);
	d->msg = msg_new(e, in->offset, in->ts_ns, in->acked);
	if (!d->msg) {
		head_no_memory(c, in);
		return;
	}
	d->msg->tentative = (uint8_t)tentative;
	d->state = DIR_HEAD;
	head_first(c, dir, in);
}

/* Line ends before a request line are skipped (RFC 9112 2.2); before a status
 * line there are senders of more than that. */
static void start(struct conn *c, enum stream_dir dir, struct input *in)
{
	const uint8_t *p = in->p;
	bool request = dir_is_request(c, dir);

	while (p < in->end && (*p == '\r' || *p == '\n' ||
			       (!request && (*p == ' ' || *p == '\t' || !*p))))
		p++;
	if (p != in->p)
		input_consume(in, (size_t)(p - in->p),
			      &c->engine->stats.bytes_framing);
	if (p < in->end)
		parse_begin(c, dir, in, TENTATIVE_NO);
}

void parse_head_cut(struct conn *c, enum stream_dir dir, uint64_t ts_ns,
		    uint32_t flags)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];
	struct msg *m = d->msg;
	struct input in = {.offset = d->pos, .ts_ns = ts_ns};
	bool whole = !(flags & (HTTP_F_REQUEST_GAP | HTTP_F_RESPONSE_GAP));
	struct head_cursor cur;
	enum head_result r = HEAD_BAD;

	if (d->state == DIR_HEAD_SKIP) { /* what is beyond the limit */
		m->h.flags |= flags;
		m->h.marks |= HEAD_CUT;
		fields_conclude(&m->h);
		c->seen = true;
		body_begin(c, dir, &in);
		return;
	}
	/* at a gap only lines that are complete are believed */
	if (whole && !m->tentative)
		m->cur.line = m->have;
	if (m->cur.line && (whole || m->cur.first_done)) {
		memset(&m->h, 0, sizeof(m->h));
		r = head_parse(m->block, m->cur.line, true, type_of(c, dir),
			       &m->h, e->fields, &cur);
	}
	if (r == HEAD_BAD && whole && !dir_is_request(c, dir) &&
	    !m->tentative && awaits_first_answer(c) && c->queue &&
	    c->queue->req->h.marks & HEAD_SIMPLE) {
		uint8_t *block = m->block;
		size_t cap = m->block_cap, have = m->have;

		m->block = NULL;
		m->block_cap = m->have = 0;
		e->stats.bytes_buffered -= have;
		start_simple_reply(c, dir, &in);
		parse_replay(c, dir, block, have, d->pos - have, ts_ns,
			     m->acked);
		store_free(&e->store, block, cap);
		return;
	}
	if (r != HEAD_OK || !start_line_fits(m)) {
		e->stats.bytes_buffered -= m->have;
		e->stats.bytes_resync += m->have;
		d->scanned += m->have;
		d->msg = NULL;
		msg_free(e, m);
		d->state = DIR_START;
		return;
	}
	e->stats.bytes_buffered -= m->have;
	e->stats.bytes_head += m->have;
	m->have = 0;
	m->h.flags |= flags;
	e->unsaved = m;
	if (!whole) /* it is not known what the rest says about it */
		m->h.marks |= HEAD_CUT;
	head_done(c, dir, &in, m->block);
}

void parse_input(struct conn *c, enum stream_dir dir, struct input *in)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[dir];

	while (in->p < in->end) {
		switch ((enum dir_state)d->state) {
		case DIR_START:
			start(c, dir, in);
			break;
		case DIR_TUNNEL:
			parse_begin(c, dir, in, TENTATIVE_TUNNEL);
			break;
		case DIR_HEAD:
			head_more(c, dir, in);
			break;
		case DIR_HEAD_SKIP:
			head_skip(c, dir, in);
			break;
		case DIR_PEEK:
			body_peek(c, dir, in);
			break;
		case DIR_BODY:
			body_input(c, dir, in);
			break;
		case DIR_TRAILER:
			body_trailer(c, dir, in);
			break;
		case DIR_RESYNC:
			parse_search(c, dir, in);
			break;
		case DIR_UPGRADED:
			input_consume(in, input_left(in),
				      &e->stats.bytes_upgraded);
			break;
		case DIR_NOT_HTTP:
			input_consume(in, input_left(in),
				      &e->stats.bytes_not_http);
			break;
		}
	}
}
