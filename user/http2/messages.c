/* SPDX-License-Identifier: MIT */
/*
 * Which message of which stream a header block or DATA belongs to (RFC 9113
 * section 8.1). Nothing is guessed: a block that may be a head or trailers, or a
 * response that may be an interim one, is left out unless what follows tells. Every
 * block is decoded, also those of streams that are not reported, since it changes
 * the dynamic table (RFC 9113 section 4.3).
 */
#include "http2/messages.h"

#include "http/message.h"
#include "http2/emit.h"
#include "http2/head.h"
#include "http2/streams.h"

/* A body whose Content-Length is at most this is allocated in one go. */
#define BODY_AT_ONCE 16384u

void h2_finish(struct h2_stream *s, uint32_t flags)
{
	h2_emit(s, flags);
	h2_stream_close(s);
}

/* At the limit, the oldest one is given up. */
static struct h2_stream *open_stream(struct h2_conn *c, uint32_t id)
{
	if (c->n_streams >= H2_STREAMS_MAX) {
		bool reset = c->first->reset;

		c->engine->stats.stream_limit += !reset;
		h2_finish(c->first, reset ? 0 : HTTP_F_EVICTED);
	}
	return h2_stream_open(c, id);
}

/* May the request of this stream still arrive? */
static bool request_may_come(const struct h2_conn *c, uint32_t id)
{
	return id & 1 && id > c->dir[h2_dir_of(c, H2_REQUEST)].highest;
}

/* Must DATA add up to the Content-Length? Not in an answer to HEAD, or to what may
 * have been HEAD. */
static bool length_binds(const struct h2_stream *s, enum h2_half half)
{
	const struct msg *request = s->half[H2_REQUEST].msg;
	const struct msg *m = s->half[half].msg;

	if (!(m->h.marks & HEAD_CL) || m->hole || s->half[half].doubt)
		return false;
	if (half == H2_REQUEST)
		return true;
	return request && !H2_IS_UNKNOWN(request->h.method) &&
	       !(request->h.marks & HEAD_METHOD_HEAD) && m->h.status >= 200 &&
	       m->h.status != 204 && m->h.status != 304;
}

/* A message whose DATA contradicts its Content-Length is malformed (RFC 9113
 * section 8.1.1). If bytes are missing, they may come late: Jetty sends trailers
 * with END_STREAM, and then the body that precedes them. */
static void check_length(struct h2_stream *s, enum h2_half half)
{
	struct h2_half_state *h = &s->half[half];
	struct msg *m = h->msg;

	h->late = false;
	if (!length_binds(s, half) || m->body_wire == m->h.content_length)
		return;
	m->h.flags |= HTTP_F_MALFORMED;
	h->late = m->body_wire < m->h.content_length;
}

/* Both halves have ended. */
static void finish_ended(struct h2_stream *s)
{
	if (!s->half[H2_REQUEST].late && !s->half[H2_RESPONSE].late)
		h2_finish(s, 0);
	else if (!s->reset)
		h2_stream_reset(s);
}

static void end_half(struct h2_stream *s, enum h2_half half)
{
	struct h2_half_state *h = &s->half[half];
	const struct h2_half_state *request = &s->half[H2_REQUEST];

	h2_stream_loss(s, half);
	h->progress = H2_ENDED_HALF;
	if (h->msg) {
		h->msg->last_ns = s->conn->engine->http->now_ns;
		check_length(s, half);
	}
	if (s->reset) {
		finish_ended(s);
		return;
	}
	if (s->half[H2_RESPONSE].progress != H2_ENDED_HALF)
		return;
	if (request->progress == H2_ENDED_HALF ||
	    (!request->msg && !request_may_come(s->conn, s->id)))
		finish_ended(s);
}

static struct msg *new_message(struct h2_stream *s, enum h2_half half,
			       const struct h2_block *b,
			       const struct h2_head *head)
{
	struct http2_engine *e = s->conn->engine;
	struct msg *m = msg_new(e->http, 0, b->first_ns, b->acked);

	if (!m) {
		e->http->stats.memory_limit++;
		s->flags |= HTTP_F_EVICTED;
		return NULL;
	}
	m->end_ns = m->last_ns = b->last_ns;
	h2_head_set(e, m, head);
	if (half == H2_REQUEST)
		e->http->stats.requests++;
	return m;
}

static void begin_half(struct h2_stream *s, enum h2_half half,
		       const struct h2_block *b, struct h2_head *head)
{
	struct h2_half_state *h = &s->half[half];

	h->msg = new_message(s, half, b, head);
	h->progress = H2_HEAD;
	h->losses = s->conn->dir[h2_dir_of(s->conn, half)].losses;
	h->doubt = false;
	if (half == H2_RESPONSE && h->msg)
		h2_stream_answers(s);
}

static void add_interim(struct h2_stream *s, struct msg *m)
{
	struct http_engine *http = s->conn->engine->http;

	if (s->n_interim == HTTP_INTERIM_MAX) {
		msg_free(http, m);
		return;
	}
	m->complete = true;
	m->next = NULL;
	*s->interim_end = m;
	s->interim_end = &m->next;
	s->n_interim++;
}

static void trailers(struct h2_stream *s, enum h2_half half,
		     const struct h2_block *b, struct h2_head *head)
{
	struct msg *m = s->half[half].msg;

	if (!m)
		return; /* of a message whose head was lost */
	if (!b->end_stream)
		m->h.flags |= HTTP_F_MALFORMED;
	m->end_ns = b->last_ns;
	h2_head_trailers(s->conn->engine, m, head);
}

/* A head of the client with a new id: all requests before it were sent. */
static void note_request(struct h2_dir *d, uint32_t id)
{
	if (d->missed && !d->missed_to)
		d->missed_to = id;
	d->highest = id;
	d->heads_seen = true;
}

void h2_upgrade(struct h2_conn *c, struct msg *request, struct msg *interim)
{
	struct h2_stream *s = open_stream(c, 1);
	struct msg *next;

	note_request(&c->dir[h2_dir_of(c, H2_REQUEST)], 1);
	if (!s) {
		msg_free(c->engine->http, request);
	} else {
		s->half[H2_REQUEST].msg = request;
		s->half[H2_REQUEST].progress = H2_ENDED_HALF;
	}
	for (; interim; interim = next) {
		next = interim->next;
		if (s)
			add_interim(s, interim);
		else
			msg_free(c->engine->http, interim);
	}
}

static void misplaced(struct h2_conn *c)
{
	c->engine->stats.frames_misplaced++;
}

static void unclear(struct h2_conn *c)
{
	c->engine->stats.header_blocks_unclear++;
}

void h2_requests_missed(struct h2_dir *d)
{
	if (!d->missed || d->missed_to) {
		d->missed = true;
		d->missed_from = d->highest;
		d->missed_to = 0;
	}
	d->heads_seen = false;
}

static void on_request(struct h2_conn *c, const struct h2_block *b,
		       struct h2_head *head)
{
	struct h2_dir *d = &c->dir[h2_dir_of(c, H2_REQUEST)];
	struct h2_stream *s = h2_stream_find(c, b->stream);
	bool is_new = b->stream > d->highest;

	if (s && s->half[H2_REQUEST].progress == H2_ENDED_HALF) {
		misplaced(c);
		return;
	}
	if (s && s->half[H2_REQUEST].progress) {
		if (head->type == H2_HEAD_REQUEST)
			misplaced(c);
		else
			trailers(s, H2_REQUEST, b, head);
	} else if (head->type == H2_HEAD_REQUEST ||
		   (head->type == H2_HEAD_UNCLEAR && is_new && d->heads_seen)) {
		if (!(b->stream & 1) || (!is_new && !s)) {
			misplaced(c); /* the stream has ended */
			return;
		}
		if (is_new)
			note_request(d, b->stream);
		if (!s)
			s = open_stream(c, b->stream);
		if (!s)
			return;
		h2_head_request(c->engine, head);
		begin_half(s, H2_REQUEST, b, head);
	} else {
		if (head->type == H2_HEAD_UNCLEAR)
			unclear(c);
		return;
	}
	h2_stream_touch(s);
	if (b->end_stream)
		end_half(s, H2_REQUEST);
}

/* The stream of a response whose request was not seen, if it is not one that has
 * ended. */
static struct h2_stream *open_response(struct h2_conn *c, uint32_t id)
{
	const struct h2_dir *q = &c->dir[h2_dir_of(c, H2_REQUEST)];

	if (!(id & 1) || h2_stream_ended(c, id))
		return NULL;
	if (id <= q->highest && (!q->missed || id <= q->missed_from ||
				 (q->missed_to && id >= q->missed_to)))
		return NULL;
	return open_stream(c, id);
}

/* A block for a stream that has a head of a response already. */
static void after_head(struct h2_stream *s, const struct h2_block *b,
		       struct h2_head *head)
{
	struct h2_half_state *h = &s->half[H2_RESPONSE];
	struct h2_conn *c = s->conn;

	if (h->status_unknown && h->progress == H2_HEAD &&
	    head->type != H2_HEAD_TRAILERS) {
		h->status_unknown = false;
		if (b->end_stream && head->type == H2_HEAD_UNCLEAR) {
			/* an interim response and the final one, or the final
			 * one and trailers */
			unclear(c);
			h2_stream_answered(s);
			msg_free(c->engine->http, h->msg);
			h->msg = NULL;
			h->progress = H2_BODY;
			return;
		}
		/* A block without END_STREAM is never trailers. */
		if (h->msg) {
			c->engine->http->stats.interim_responses++;
			c->engine->http->stats.responses--;
			h2_stream_answered(s);
			add_interim(s, h->msg);
		}
		h2_head_response(c->engine, head);
		begin_half(s, H2_RESPONSE, b, head);
		h->status_unknown = !head->h.status;
	} else if (head->type == H2_HEAD_RESPONSE) {
		misplaced(c);
	} else {
		trailers(s, H2_RESPONSE, b, head);
	}
}

/* The first block of a response, as far as is known. */
static void first_head(struct h2_stream *s, const struct h2_block *b,
		       struct h2_head *head)
{
	struct h2_half_state *h = &s->half[H2_RESPONSE];
	struct h2_conn *c = s->conn;
	bool lost = h->losses != c->dir[h2_dir_of(c, H2_RESPONSE)].losses ||
		    h->progress == H2_BODY;
	struct msg *m;

	if (head->type == H2_HEAD_TRAILERS ||
	    (head->type == H2_HEAD_UNCLEAR && b->end_stream && lost)) {
		if (head->type == H2_HEAD_UNCLEAR)
			unclear(c);
		h->progress = H2_BODY;
		return; /* its head was lost */
	}
	h2_head_response(c->engine, head);
	if (head->h.status >= 100 && head->h.status < 200 && !b->end_stream) {
		c->engine->http->stats.interim_responses++;
		m = new_message(s, H2_RESPONSE, b, head);
		if (m)
			add_interim(s, m);
		return;
	}
	c->engine->http->stats.responses++;
	begin_half(s, H2_RESPONSE, b, head);
	h->status_unknown = !head->h.status;
}

static void on_response(struct h2_conn *c, const struct h2_block *b,
			struct h2_head *head)
{
	struct h2_stream *s = h2_stream_find(c, b->stream);
	struct h2_half_state *h;

	if (!s && head->type == H2_HEAD_RESPONSE)
		s = open_response(c, b->stream);
	if (!s) {
		if (head->type == H2_HEAD_UNCLEAR)
			unclear(c);
		return;
	}
	h = &s->half[H2_RESPONSE];
	if (h->progress == H2_ENDED_HALF) {
		misplaced(c);
		return;
	}
	if (h->msg)
		after_head(s, b, head);
	else
		first_head(s, b, head);
	h2_stream_touch(s);
	if (b->end_stream)
		end_half(s, H2_RESPONSE);
}

/* Does the block show which side is the client? */
static void settle_roles(struct h2_conn *c, enum stream_dir dir,
			 const struct h2_block *b, enum h2_head_type type)
{
	enum h2_half half = type == H2_HEAD_REQUEST && !b->promised
				    ? H2_REQUEST
				    : H2_RESPONSE;

	if (type != H2_HEAD_REQUEST && type != H2_HEAD_RESPONSE)
		return;
	if (!c->proven) {
		c->proven = true;
		c->engine->stats.connections++;
		c->engine->stats.connections_midstream++;
	}
	if (c->roles_known)
		return;
	c->roles_known = true;
	c->swap = (unsigned int)half != (unsigned int)dir;
}

static void on_promise(struct h2_conn *c, const struct h2_block *b,
		       struct h2_head *head)
{
	struct h2_stream *s;

	if (head->type == H2_HEAD_TRAILERS || b->promised & 1 ||
	    h2_stream_find(c, b->promised) || h2_stream_ended(c, b->promised)) {
		misplaced(c);
		return;
	}
	s = open_stream(c, b->promised);
	if (!s)
		return;
	h2_head_request(c->engine, head);
	begin_half(s, H2_REQUEST, b, head);
	end_half(s, H2_REQUEST);
}

void h2_on_block(struct h2_conn *c, enum stream_dir dir,
		 const struct h2_block *b)
{
	struct h2_head head;
	enum h2_half half;

	if (!h2_head_decode(c, &c->dir[dir], b->p, b->len, &head)) {
		h2_on_lost_block(c, dir, b->stream, b->promised, b->end_stream);
		return;
	}
	settle_roles(c, dir, b, head.type);
	if (!c->roles_known) {
		unclear(c);
		return;
	}
	half = h2_half_of(c, dir);
	if (b->promised) {
		if (half == H2_RESPONSE)
			on_promise(c, b, &head);
		else
			misplaced(c);
		return;
	}
	/* a head of the other role */
	if ((half == H2_REQUEST && head.type == H2_HEAD_RESPONSE) ||
	    (half == H2_RESPONSE && head.type == H2_HEAD_REQUEST)) {
		misplaced(c);
		return;
	}
	if (half == H2_REQUEST)
		on_request(c, b, &head);
	else
		on_response(c, b, &head);
}

void h2_on_lost_block(struct h2_conn *c, enum stream_dir dir, uint32_t stream,
		      uint32_t promised, bool end_stream)
{
	struct h2_stream *s = h2_stream_find(c, stream);
	enum h2_half half = h2_half_of(c, dir);
	struct h2_half_state *h;

	if (!c->roles_known || promised)
		return;
	/* A stream of which nothing is known stays unknown; those after it are
	 * new all the same. */
	if (half == H2_REQUEST && stream > c->dir[dir].highest) {
		h2_requests_missed(&c->dir[dir]);
		c->dir[dir].highest = stream;
	}
	if (!s)
		return;
	h = &s->half[half];
	if (h->progress == H2_ENDED_HALF)
		return;
	if (h->msg)
		h->msg->h.flags |= half == H2_REQUEST ? HTTP_F_REQUEST_GAP
						      : HTTP_F_RESPONSE_GAP;
	else
		h->progress = H2_BODY;
	if (end_stream)
		end_half(s, half);
}

static uint32_t conn_hash(const void *conn)
{
	return msg_flow_hash(((const struct h2_conn *)conn)->flow);
}

void h2_on_data_begin(struct h2_conn *c, enum stream_dir dir)
{
	struct h2_dir *d = &c->dir[dir];
	enum h2_half half = h2_half_of(c, dir);
	struct h2_stream *s = h2_stream_find(c, d->f.stream);
	struct h2_half_state *h;

	d->stream = NULL;
	if (!s || !c->roles_known)
		return;
	h = &s->half[half];
	if (h->progress == H2_ENDED_HALF) {
		misplaced(c);
		if (!h->late)
			return;
	} else {
		h->progress = H2_BODY;
	}
	h2_stream_loss(s, half);
	h2_stream_touch(s);
	if (h->msg) {
		h->msg->skipping = false;
		h->msg->last_ns = c->engine->http->now_ns;
	}
	h->status_unknown = false;
	d->stream = s;
}

void h2_on_data(struct h2_conn *c, enum stream_dir dir, const uint8_t *p,
		size_t n, uint64_t ts_ns, uint64_t offset, uint32_t left)
{
	struct http_engine *http = c->engine->http;
	struct h2_stream *s = c->dir[dir].stream;
	struct msg *m = s ? s->half[h2_half_of(c, dir)].msg : NULL;

	if (!m)
		return;
	if (m->framing == FRAMING_NONE) {
		m->framing = FRAMING_CLOSE;
		if (m->h.marks & HEAD_CL &&
		    m->h.content_length <= BODY_AT_ONCE) {
			m->framing = FRAMING_LENGTH;
			m->left = m->h.content_length;
		}
		msg_body_start(http, m, conn_hash, c);
	}
	m->left -= n < m->left ? n : m->left;
	m->ambiguous |= http->ambiguous;
	m->end_ns = m->last_ns = ts_ns;
	if (http->unsaved && http->unsaved != m)
		msg_save_pending(http);
	msg_body(http, m, p, n);
	left = m->skipping ? 0 : (uint32_t)msg_body_useless(http, m, left);
	if (left) {
		m->skipping = true;
		stream_skip(c->flow, dir, offset + left);
	}
}

void h2_on_data_gap(struct h2_conn *c, enum stream_dir dir, uint32_t n,
		    enum stream_gap_kind kind, uint64_t ts_ns)
{
	struct h2_stream *s = c->dir[dir].stream;
	enum h2_half half = h2_half_of(c, dir);
	struct msg *m = s ? s->half[half].msg : NULL;

	if (!m)
		return;
	if (m->framing == FRAMING_NONE) {
		m->framing = FRAMING_CLOSE;
		msg_body_start(c->engine->http, m, conn_hash, c);
	}
	m->last_ns = ts_ns;
	if (kind != STREAM_GAP_LOST)
		m->end_ns = ts_ns;
	if (kind != STREAM_GAP_SKIPPED)
		m->h.flags |= half == H2_REQUEST ? HTTP_F_REQUEST_GAP
						 : HTTP_F_RESPONSE_GAP;
	if (kind == STREAM_GAP_TRUNCATED)
		m->h.flags |= HTTP_F_TRUNCATED;
	msg_body_hole(c->engine->http, m, n, kind != STREAM_GAP_SKIPPED);
}

void h2_on_data_end(struct h2_conn *c, enum stream_dir dir)
{
	struct h2_stream *s = c->dir[dir].stream;

	if (s)
		end_half(s, h2_half_of(c, dir));
}

void h2_on_reset(struct h2_conn *c, enum stream_dir dir, uint32_t stream)
{
	struct h2_stream *s = h2_stream_find(c, stream);
	enum h2_half half = h2_half_of(c, dir);

	c->engine->stats.streams_reset++;
	if (!s || !c->roles_known)
		return;
	/* After a complete response it says that no more of the request is
	 * needed, whatever the code. */
	if (s->half[H2_RESPONSE].progress != H2_ENDED_HALF)
		s->flags |= HTTP_F_RESET;
	/* The peer may have sent more before it knew. */
	if (s->reset || s->half[half ^ 1].progress == H2_ENDED_HALF)
		finish_ended(s);
	else
		h2_stream_reset(s);
}

void h2_on_goaway(struct h2_conn *c, enum stream_dir dir, uint32_t last)
{
	struct h2_stream *s, *next;

	if (!c->roles_known || h2_half_of(c, dir) == H2_REQUEST ||
	    last >= c->dir[h2_dir_of(c, H2_REQUEST)].highest)
		return;
	for (s = c->first; s; s = next) {
		next = s->next;
		if (s->id & 1 && s->id > last &&
		    !s->half[H2_RESPONSE].progress &&
		    s->half[H2_REQUEST].progress == H2_ENDED_HALF)
			h2_finish(s, 0);
	}
}
