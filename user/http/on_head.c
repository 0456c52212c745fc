/* SPDX-License-Identifier: MIT */
/*
 * Message starts and heads. Most heads lie within one chunk and are parsed in
 * place (head_first()); one that does not is held until its end is found. What
 * cannot be a start line is handled by bad_start(), which knows what an
 * endpoint that speaks something like HTTP may send instead.
 */
#include "http/on_head.h"

#include <string.h>

#include "http/account.h"
#include "http/bad_start.h"
#include "http/belief.h"
#include "http/conn.h"
#include "http/fields.h"
#include "http/head.h"
#include "http/message.h"
#include "http/on_peek.h"
#include "http/on_proxy.h"
#include "http/prefix.h"
#include "http/scan.h"
#include "http/successor.h"
#include "http/times.h"
#include "http/tunnel.h"
#include "http/versionless.h"
#include "http/watch.h"

enum start_verdict { START_OK, START_WAIT, START_BAD };

static enum head_type type_of(const struct conn *c, const struct event *ev)
{
	return dir_is_request(c, (enum stream_dir)ev->dir) ? HEAD_REQUEST
							   : HEAD_RESPONSE;
}

void head_role(struct conn *c, enum stream_dir dir, const uint8_t *p, size_t n)
{
	/* Whoever sent the SYN is the client, whatever it sends; only its peer
	 * can show that the roles are reversed. */
	if (c->seen || (c->roles_known && dir_is_request(c, dir)))
		return;
	if (dir_is_request(c, dir) ? n >= 5 && head_http_prefix(p, n)
				   : head_request_prefix(p, n) == PREFIX_YES)
		c->swap ^= 1;
}

bool tls_agreed(struct conn *c, unsigned int dir)
{
	c->tls |= 1 << dir;
	return c->tls == 3;
}

/* May these bytes begin a start line? */
static enum start_verdict check_start(struct conn *c, enum stream_dir dir,
				      const uint8_t *p, size_t n)
{
	enum head_prefix prefix;

	head_role(c, dir, p, n);
	if (c->dir[dir].msg->tentative) {
		prefix = dir_is_request(c, dir) ? head_request_prefix(p, n)
						: head_status_prefix(p, n);
		return prefix == PREFIX_NO    ? START_BAD
		       : prefix == PREFIX_YES ? START_OK
					      : START_WAIT;
	}
	if (dir_is_request(c, dir))
		return head_request_plausible(p, n) ? START_OK : START_BAD;
	if (head_http_prefix(p, n))
		return n < 5 ? START_WAIT : START_OK;
	if (!memcmp(p, "ICY ", n < 4 ? n : 4)) /* SHOUTcast */
		return START_OK;
	if (head_http_prefix(p, n < 4 ? n : 4))
		return START_OK;
	if (!c->seen && head_request_prefix(p, n) == PREFIX_MAYBE)
		return START_WAIT;
	return START_BAD;
}

/* A tentative message must be beyond doubt. */
static bool start_line_fits(const struct msg *m)
{
	return !m->tentative || !(m->h.marks & HEAD_VERSIONLESS);
}

/* The head is not complete. What is there, after its first line was parsed? */
static void note_versionless(struct msg *m)
{
	uint32_t marks = m->h.marks & HEAD_VERSIONLESS;

	m->versionless = marks && marks != HEAD_VERSIONLESS;
	/* not decided yet: parse the line again with the bytes that follow */
	m->suspect = marks & HEAD_SIMPLE;
}

/* No memory for a head: its bytes are lost, so skip all that is at hand. */
static enum action no_memory(struct conn *c, struct event *ev)
{
	input_consume(c->engine, &ev->in, input_left(&ev->in), BYTES_RESYNC);
	return ACT_GIVE_UP;
}

enum action head_begin(struct conn *c, struct event *ev,
		       enum msg_tentative tentative)
{
	struct http_engine *e = c->engine;
	struct msg *m;

	msg_save_pending(e); /* e->fields is about to be overwritten */
	m = msg_new(e, ev->in.offset, times_of(c, ev, ev->in.offset),
		    ev->in.acked);
	c->dir[ev->dir].msg = m;
	if (!m)
		return no_memory(c, ev);
	m->tentative = (uint8_t)tentative;
	m->found = tentative == TENTATIVE_RESYNC;
	/* Senders begin segments with messages. What follows an empty line may
	 * be text in a body whose head is missing. */
	m->ambiguous |=
		m->found && !ev->in.chunk_start && (c->lossy || c->midstream);
	return ACT_DONE;
}

/* What follows an HTTP/0.9 request, or is sent while a response without a
 * length goes on, is answered by nothing: the connection may have become
 * something else, as those to the terminal of a container do. */
static bool in_vain(struct conn *c, const struct event *ev)
{
	const struct dir *d = server_dir(c);

	if (!dir_is_request(c, (enum stream_dir)ev->dir))
		return false;
	c->more |= c->simple;
	return c->simple ||
	       (d->state == DIR_BODY && d->msg->framing == FRAMING_CLOSE &&
		ev->in.acked != STREAM_UNKNOWN && ev->in.acked > d->msg->start);
}

/* Skips empty lines before a request line (RFC 9112 section 2.2). Servers send
 * blanks and NULs before a status line, too. */
enum action on_start(struct conn *c, struct event *ev)
{
	struct input *in = &ev->in;
	const uint8_t *p = in->p;
	bool request = dir_is_request(c, (enum stream_dir)ev->dir);

	if (!request && client_dir(c)->state == DIR_HEAD &&
	    versionless_asked(c, in->acked))
		return ACT_MORE; /* the request comes first */
	if (!in->offset && request && (*p == 'P' || *p == '\r') &&
	    proxy_begins(c, ev))
		return ACT_PROXY;
	if (!in->offset && !request && successor_begins(c, in))
		return ACT_HAND_OVER;
	/* The reply of SOCKS4: NUL, code, six bytes. */
	if (!request && !c->seen && input_left(in) >= 8 && !p[0] &&
	    p[1] >= 0x5a && p[1] <= 0x5d)
		p += 8;
	while (p < in->end && (*p == '\r' || *p == '\n' ||
			       (!request && (scan_is_blank(*p) || !*p))))
		p++;
	if (p != in->p)
		input_consume(c->engine, in, (size_t)(p - in->p),
			      BYTES_FRAMING);
	if (p == in->end)
		return ACT_MORE;
	return head_begin(c, ev,
			  in_vain(c, ev) ? TENTATIVE_VAIN : TENTATIVE_NO);
}

enum action on_tunnel(struct conn *c, struct event *ev)
{
	return head_begin(c, ev, TENTATIVE_TUNNEL);
}

/* The response to a HTTP/0.9 request is a body without a head. */
static void simple_response(struct msg *m, uint64_t body_start)
{
	m->h = (struct head){.status = 200, .minor = 9, .marks = HEAD_SIMPLE};
	m->head = (const uint8_t *)"";
	m->saved = true;
	m->body_start = body_start;
}

/* There is no start line where one must be. p, n: all bytes at hand, held or
 * (if none are held) still in ev->in. Held bytes are parsed again in the new
 * state. False: wait for more bytes. */
static bool bad_start(struct conn *c, struct event *ev, const uint8_t *p,
		      size_t n, enum action *action)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;
	uint64_t start = m->start, acked = m->acked;
	uint8_t tentative = m->tentative;
	size_t have = m->have, line = 0, cap;
	enum head_prefix tls = PREFIX_NO, secure;
	enum bad_start bad;
	void *block;

	secure = watch_begins(c, start, p, n);
	bad = bad_start_classify(c, (enum stream_dir)ev->dir, p, n, &line);
	if (!c->seen)
		tls = tls_record_prefix(p, n);
	/* Only the server's answer tells whether it reads this as HTTP. */
	if (bad == BAD_WAIT || tls == PREFIX_MAYBE || secure == PREFIX_MAYBE ||
	    (tentative == TENTATIVE_TUNNEL && n < TUNNEL_HOLD_MAX &&
	     dir_is_request(c, (enum stream_dir)ev->dir) &&
	     tunnel_pending(c))) {
		m->suspect = true;
		return false;
	}
	block = msg_detach_head(m, &cap);
	if (bad == BAD_SIMPLE && secure == PREFIX_NO) {
		simple_response(m, ev->in.offset);
		*action = ACT_DONE;
	} else {
		msg_free(e, m);
		d->msg = NULL;
		if (secure == PREFIX_YES) {
			*action = ACT_SECURE;
			line = 0;
		} else if (bad == BAD_JUNK) {
			*action = ACT_RESTART;
			start += line;
			if (have)
				account(e, line, BYTES_HELD, BYTES_RESYNC);
			else
				input_consume(e, &ev->in, line, BYTES_RESYNC);
		} else if (tentative == TENTATIVE_TUNNEL) {
			*action = tunnel_accepted(c) ? ACT_UPGRADE : ACT_RESYNC;
		} else if (tls == PREFIX_YES && tls_agreed(c, ev->dir)) {
			e->stats.not_http_tls++;
			*action = ACT_NOT_HTTP;
		} else if (belief_bad_start(c, (enum stream_dir)ev->dir, start,
					    p, n)) {
			*action = ACT_NOT_HTTP;
		} else {
			*action = ACT_RESYNC;
		}
		ev->in.chunk_start = false;
	}
	if (have)
		event_replay(e, ev, block, cap, have,
			     have - (*action == ACT_RESTART ? line : 0), start,
			     acked);
	return true;
}

enum action head_done(struct conn *c, struct event *ev, const uint8_t *base,
		      uint64_t body_start)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;

	m->head = base;
	m->fields = e->fields;
	m->last_ns = ev->in.ts_ns;
	m->end_ns = times_of(c, ev, body_start - 1);
	m->end_acked = ev->in.acked;
	m->body_start = body_start;
	e->unsaved = m;
	fields_conclude(&m->h);
	/* perhaps bytes of the request before it, or the end of its first line */
	if (c->bent && dir_is_request(c, (enum stream_dir)ev->dir) &&
	    !head_method_known(base + m->h.method.off, m->h.method.len))
		m->h.flags |= HTTP_F_MALFORMED;
	if (m->h.marks & HEAD_FOLDED)
		msg_save_pending(e); /* only a copy can be unfolded */
	if (!c->seen && dir_is_request(c, (enum stream_dir)ev->dir) &&
	    m->h.major == 2 && m->h.method.len == 3 &&
	    !memcmp(m->head, "PRI", 3)) {
		/* the client preface of HTTP/2 (RFC 9113 section 3.4) */
		const bool proxied = successor_prefaced(c, m);

		account(e, m->h.len, BYTES_HEAD,
			proxied ? BYTES_FRAMING : BYTES_NOT_HTTP);
		d->msg = NULL;
		msg_free(e, m);
		if (proxied)
			return ACT_HAND_OVER;
		e->stats.not_http_h2++;
		return ACT_NOT_HTTP;
	}
	conn_seen(c);
	return ACT_DONE;
}

/* m->block holds HEAD_MAX bytes and no end of the head: keeps what they say
 * and skips the remainder, reading framing fields only. */
static enum action head_overflow(struct conn *c, struct event *ev)
{
	static const char cut[] = " HTTP/1.1\r\n";
	struct http_engine *e = c->engine;
	struct msg *m = c->dir[ev->dir].msg;
	uint8_t *b = m->block;
	uint32_t line = m->cur.line, at = m->cur.first_done ? line : HEAD_MAX;
	struct head_cursor cur;
	enum action action = ACT_OVERSIZE;

	memset(&m->h, 0, sizeof(m->h));
	if (!m->cur.first_done && type_of(c, ev) == HEAD_REQUEST) {
		/* end the request line here: the target is cut long before */
		memcpy(b + HEAD_MAX - (sizeof(cut) - 1), cut, sizeof(cut) - 1);
	}
	if (head_parse(b, at, true, type_of(c, ev), &m->h, e->fields, &cur) !=
	    HEAD_OK) {
		/* never waits: there are more than BAD_LINE_MAX bytes */
		bad_start(c, ev, b, m->have, &action);
		return action;
	}
	m->h.flags |= HTTP_F_HEAD_LIMIT;
	m->h.len = at;
	account(e, m->have, BYTES_HELD, BYTES_HEAD);
	m->head = b;
	m->fields = e->fields;
	/* the line that the limit cuts in two */
	if (m->cur.first_done && !msg_hold(e, m, b + line, HEAD_MAX - line))
		m->no_memory = true;
	m->have = 0;
	e->unsaved = m;
	msg_save_pending(e);
	m->h.marks |= HEAD_PARTIAL | (m->cur.first_done ? 0 : HEAD_LINE_CUT);
	return ACT_OVERSIZE;
}

/* The first bytes of a head, usually all of it. */
static enum action head_first(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct input *in = &ev->in;
	struct msg *m = c->dir[ev->dir].msg;
	const uint8_t *base = in->p;
	size_t n = input_left(in);
	enum start_verdict v;
	enum head_result r = HEAD_MORE;
	enum action action;

	if (n > HEAD_MAX)
		n = HEAD_MAX;
	v = check_start(c, (enum stream_dir)ev->dir, base, n);
	if (v == START_OK)
		r = head_parse(base, (uint32_t)n, false, type_of(c, ev), &m->h,
			       e->fields, &m->cur);
	if (v == START_BAD || r == HEAD_BAD || !start_line_fits(m)) {
		if (bad_start(c, ev, base, n, &action))
			return action;
		r = HEAD_MORE;
	} else if (r == HEAD_MORE) {
		note_versionless(m);
	}
	if (r == HEAD_OK) {
		input_consume(e, in, m->h.len, BYTES_HEAD);
		return head_done(c, ev, base, in->offset);
	}
	memset(&m->h, 0, sizeof(m->h));
	conn_list(c);
	times_hold(c, ev);
	if (!msg_hold_head(e, m, base, n))
		return no_memory(c, ev);
	input_consume(e, in, n, BYTES_HELD);
	versionless_check(c, m, in->offset);
	return m->have == HEAD_MAX ? head_overflow(c, ev) : ACT_MORE;
}

/* More bytes of a head that is held. */
static enum action head_more(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct input *in = &ev->in;
	struct msg *m = c->dir[ev->dir].msg;
	size_t n = input_left(in);
	bool first_done = m->cur.first_done;
	enum start_verdict v = START_OK;
	enum head_result r = HEAD_MORE;
	enum action action;
	uint64_t body_start;
	uint32_t end;

	if (n > HEAD_MAX - m->have)
		n = HEAD_MAX - m->have;
	if (!msg_hold_head(e, m, in->p, n))
		return no_memory(c, ev);
	input_consume(e, in, n, BYTES_HELD);
	if (!first_done || m->suspect)
		v = check_start(c, (enum stream_dir)ev->dir, m->block, m->have);
	if (v == START_OK)
		r = head_find_end(m->block, m->have, &m->cur, &end);
	/* check the start line once, when it is complete */
	if (r == HEAD_OK || (m->cur.first_done && !first_done) || m->suspect) {
		r = head_parse(m->block, m->have, false, type_of(c, ev), &m->h,
			       e->fields, &(struct head_cursor){0});
		if (r == HEAD_MORE)
			note_versionless(m);
	}
	if (v == START_BAD || r == HEAD_BAD || !start_line_fits(m)) {
		if (bad_start(c, ev, m->block, m->have, &action))
			return action;
		r = HEAD_MORE;
	}
	if (r == HEAD_OK) {
		account(e, m->h.len, BYTES_HELD, BYTES_HEAD);
		body_start =
			event_give_back(e, ev, n, m->block, m->have, m->h.len);
		m->have = 0;
		return head_done(c, ev, m->block, body_start);
	}
	memset(&m->h, 0, sizeof(m->h));
	versionless_check(c, m, in->offset);
	return m->have == HEAD_MAX ? head_overflow(c, ev) : ACT_MORE;
}

enum action on_head(struct conn *c, struct event *ev)
{
	return c->dir[ev->dir].msg->have ? head_more(c, ev) : head_first(c, ev);
}

bool head_skip_line(struct conn *c, struct event *ev, const uint8_t **line,
		    uint32_t *len)
{
	struct http_engine *e = c->engine;
	struct input *in = &ev->in;
	struct msg *m = c->dir[ev->dir].msg;
	const uint8_t *lf = memchr(in->p, '\n', input_left(in));
	size_t n = lf ? (size_t)(lf + 1 - in->p) : input_left(in);
	size_t room =
		m->held_len < TRAIL_LINE_MAX ? TRAIL_LINE_MAX - m->held_len : 0;
	const uint8_t *held;
	uint32_t k;

	if (!msg_hold(e, m, in->p, n < room ? n : room))
		m->no_memory = true;
	input_consume(e, in, n, BYTES_HEAD);
	if (!lf)
		return false;
	held = m->held;
	k = m->held_len;
	m->held_len = 0;
	while (k && (held[k - 1] == '\n' || held[k - 1] == '\r'))
		k--;
	*line = held;
	*len = k;
	return true;
}

enum action on_head_skip(struct conn *c, struct event *ev)
{
	struct msg *m = c->dir[ev->dir].msg;
	const uint8_t *line;
	uint32_t len;

	if (!head_skip_line(c, ev, &line, &len))
		return ACT_MORE;
	if (m->h.marks & HEAD_LINE_CUT) { /* the rest of the start line */
		m->h.marks &= ~HEAD_LINE_CUT;
		return ACT_MORE;
	}
	if (len) {
		head_extra_line(line, len, type_of(c, ev), &m->h);
		return ACT_MORE;
	}
	m->last_ns = ev->in.ts_ns;
	m->end_ns = times_of(c, ev, ev->in.offset - 1);
	m->end_acked = ev->in.acked;
	m->body_start = ev->in.offset;
	fields_conclude(&m->h);
	conn_seen(c);
	return ACT_DONE;
}

/* Not enough of a start line: the bytes are skipped. */
static enum action drop_head(struct conn *c, struct event *ev)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;
	bool other;

	other = m->have && !m->tentative &&
		belief_bad_start(c, (enum stream_dir)ev->dir, m->start,
				 m->block, m->have);
	account(e, m->have, BYTES_HELD, BYTES_RESYNC);
	if (!c->seen)
		d->scanned += m->have;
	d->msg = NULL;
	msg_free(e, m);
	return other ? ACT_NOT_HTTP : ACT_RESTART;
}

/* Completes a request line that ends within its version, to parse it. */
static bool complete_version(struct http_engine *e, struct msg *m)
{
	const char *rest = head_version_rest(m->block, m->have);

	return rest && msg_hold_head(e, m, (const uint8_t *)rest, strlen(rest));
}

/* The bytes end within a head, at a gap or at the end of the stream (whole):
 * makes a message of them if the start line is complete. */
static enum action head_cut(struct conn *c, struct event *ev, uint32_t flags,
			    bool whole)
{
	struct http_engine *e = c->engine;
	struct dir *d = &c->dir[ev->dir];
	struct msg *m = d->msg;
	struct head_cursor cur;
	enum head_result r = HEAD_BAD;
	size_t have = m->have, cap;
	void *block;
	bool fin;

	if (d->state == DIR_HEAD_SKIP) {
		m->h.flags |= flags;
		m->h.marks |= HEAD_CUT;
		m->hole = true;
		m->body_start = d->pos;
		fields_conclude(&m->h);
		conn_seen(c);
		return ACT_DONE;
	}
	/* A FIN is the sender's end of the last line; else only complete lines
	 * are sure to be whole. */
	fin = whole && ev->in_order;
	if ((fin && !m->tentative) ||
	    (!fin && !m->cur.first_done && type_of(c, ev) == HEAD_REQUEST &&
	     complete_version(e, m))) {
		m->cur.line = m->have;
		m->cur.first_done = true;
	}
	if (m->cur.line && (fin || m->cur.first_done)) {
		memset(&m->h, 0, sizeof(m->h));
		r = head_parse(m->block, m->cur.line, true, type_of(c, ev),
			       &m->h, e->fields, &cur);
	}
	if (r == HEAD_BAD && whole && type_of(c, ev) == HEAD_RESPONSE &&
	    !m->tentative && awaits_first_response(c) &&
	    answers_simple_request(c)) {
		block = msg_detach_head(m, &cap);
		simple_response(m, d->pos);
		event_replay(e, ev, block, cap, have, have, d->pos - have,
			     m->acked);
		return ACT_DONE;
	}
	if (r != HEAD_OK || !start_line_fits(m) ||
	    (whole && m->tentative == TENTATIVE_VAIN)) {
		m->have = (uint32_t)have;
		if (c->seen || !have ||
		    tls_record_prefix(m->block, have) == PREFIX_NO ||
		    !tls_agreed(c, ev->dir))
			return drop_head(c, ev);
		e->stats.not_http_tls++;
		return ACT_NOT_HTTP;
	}
	account(e, have, BYTES_HELD, BYTES_HEAD);
	m->have = 0;
	m->h.flags |= flags;
	/* what body would have followed is unknown: no hash */
	m->hole = !(m->h.marks & HEAD_SIMPLE);
	m->h.marks |= HEAD_PARTIAL;
	if (!whole) /* fields that frame the body may be missing */
		m->h.marks |= HEAD_CUT;
	return head_done(c, ev, m->block, d->pos);
}

enum action on_head_gap(struct conn *c, struct event *ev)
{
	uint32_t flags = type_of(c, ev) == HEAD_REQUEST ? HTTP_F_REQUEST_GAP
							: HTTP_F_RESPONSE_GAP;

	if (ev->gap_kind == STREAM_GAP_TRUNCATED)
		flags |= HTTP_F_TRUNCATED;
	return head_cut(c, ev, flags, false);
}

enum action on_head_end(struct conn *c, struct event *ev)
{
	if (ev->may_wait && !ev->cutting && c->dir[ev->dir].msg->suspect &&
	    !dir_is_request(c, (enum stream_dir)ev->dir) &&
	    peek_request_late(c, (enum stream_dir)ev->dir)) {
		event_handled(ev); /* peek_retry() comes back to it */
		return ACT_MORE;
	}
	/* Nobody will say whether the server reads these bytes as HTTP. */
	if (!ev->may_wait && tunnel_undecided(c, (enum stream_dir)ev->dir)) {
		tunnel_refused(c, c->dir[ev->dir].msg->last_ns);
		return ACT_MORE;
	}
	if (ev->cutting) {
		ev->head_cut = true;
		ev->in.ts_ns = c->dir[ev->dir].msg->last_ns;
	}
	return head_cut(c, ev, cut_flags(c), true);
}
