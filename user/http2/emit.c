/* SPDX-License-Identifier: MIT */
/* Builds the struct http_transaction of a stream: spans into the memory of its
 * messages, valid during the callback. */
#include "http2/emit.h"

#include <string.h>

#include "http/emit.h"
#include "http/identity.h"
#include "http/message.h"
#include "http/on_proxy.h"
#include "http2/streams.h"
#include "stream/carry.h"

static struct http_span span(const uint8_t *b, struct head_ref r)
{
	if (H2_IS_UNKNOWN(r))
		return (struct http_span){0};
	return (struct http_span){.p = b + r.off, .len = r.len};
}

static const uint8_t *readable(const struct http2_engine *e,
			       const struct msg *m)
{
	if (m->h.flags & HTTP_F_FIELDS_UNKNOWN)
		return NULL; /* some fields have no place in memory */
	return m->block ? (const uint8_t *)m->block + m->block_cap
			: e->head + sizeof(e->head);
}

static void fill_request(const struct msg *m, struct http_message *out)
{
	const uint8_t *query;

	out->method = span(m->head, m->h.method);
	out->target = span(m->head, m->h.target);
	out->host = span(m->head, m->h.host);
	out->unknown = (H2_IS_UNKNOWN(m->h.method) ? HTTP_UNKNOWN_METHOD : 0) |
		       (H2_IS_UNKNOWN(m->h.target) ? HTTP_UNKNOWN_TARGET : 0) |
		       (H2_IS_UNKNOWN(m->h.host) ? HTTP_UNKNOWN_HOST : 0);
	if (m->h.major < 2) { /* upgraded */
		struct head_target t;

		head_split_target(m->head, &m->h, &t);
		out->path = span(m->head, t.path);
		out->query = span(m->head, t.query);
		if (t.authority.len)
			out->host = span(m->head, t.authority);
		return;
	}
	out->path.p = out->query.p = m->head;
	if (m->h.marks & HEAD_METHOD_CONNECT || !out->target.len)
		return; /* the target of CONNECT is an authority */
	out->path = out->target;
	query = memchr(out->target.p, '?', out->target.len);
	if (!query)
		return;
	out->path.len = (uint32_t)(query - out->target.p);
	out->query.p = query + 1;
	out->query.len = out->target.len - out->path.len - 1;
}

static void fill(struct http2_engine *e, const struct msg *m, bool request,
		 struct http_field *fields, struct http_message *out)
{
	const struct head_field *f = m->fields;

	memset(out, 0, sizeof(*out));
	out->reason = span(m->head, m->h.reason); /* only HTTP/1 has one */
	if (request)
		fill_request(m, out);
	else if (m->h.status)
		out->status = m->h.status;
	else
		out->unknown = HTTP_UNKNOWN_STATUS;
	out->http2 = m->h.major == 2;
	out->version_major = m->h.major;
	out->version_minor = m->h.minor;
	for (unsigned int i = 0; i < m->h.n_fields; i++) {
		fields[i].name = span(m->head, f[i].name);
		fields[i].value = span(m->head, f[i].value);
	}
	out->fields = fields;
	out->n_fields = m->h.n_fields;
	out->n_regular = m->h.n_regular;
	out->n_trailers = m->h.n_trailers;
	out->head_partial = m->h.marks & HEAD_PARTIAL;
	out->readable = readable(e, m);
	out->malformed = m->h.flags & HTTP_F_MALFORMED;
	emit_body(e->http, m, out);
}

static uint32_t flags_of(const struct msg *m)
{
	return m->h.flags | (m->ambiguous ? HTTP_F_AMBIGUOUS : 0);
}

/* Of a message: its flags, once no more of its body will come. */
static uint32_t conclude(struct http2_engine *e, struct h2_stream *s,
			 enum h2_half half)
{
	struct h2_half_state *h = &s->half[half];
	struct msg *m = h->msg;
	uint32_t gap =
		half == H2_REQUEST ? HTTP_F_REQUEST_GAP : HTTP_F_RESPONSE_GAP;

	h2_stream_loss(s, half);
	m->complete = h->progress == H2_ENDED_HALF;
	if (h->doubt && !(m->complete && m->h.marks & HEAD_CL && !m->hole &&
			  m->body_wire == m->h.content_length)) {
		msg_body_hole(e->http, m, 0, true);
		m->h.flags |= gap;
	}
	if (!m->complete)
		m->hole = true;
	if (m->dec)
		msg_body_end(e->http, m);
	return flags_of(m);
}

/* The ids are those of its start if that was reported. */
static void set_endpoints(struct h2_stream *s, struct http_transaction *t)
{
	struct h2_conn *c = s->conn;
	struct stream_tuple tuple;
	unsigned int client = c->swap ? 1 : 0, server = client ^ 1;

	stream_flow_tuple(c->flow, &tuple);
	stream_carrier_id(c->flow, t->tls);
	t->vni = tuple.vni;
	memcpy(t->client_addr, tuple.addr[client], 16);
	memcpy(t->server_addr, tuple.addr[server], 16);
	t->client_port = tuple.port[client];
	t->server_port = tuple.port[server];
	t->ipv6 = tuple.ipv6;
	if (t->progress == HTTP_ENDED) {
		t->connection = c->id[0];
		memcpy(t->id, s->started->id, sizeof(t->id));
		t->verdict = s->started->verdict;
	} else {
		identify(c->id, c->engine->http->id_seed, c->flow, &tuple, t);
	}
}

/* Interim responses, endpoints, and flags in addition to those of the messages. */
static void fill_rest(struct h2_stream *s, struct http_message *interim,
		      uint32_t flags, struct http_transaction *t)
{
	struct h2_conn *c = s->conn;
	struct http2_engine *e = c->engine;

	t->interim = interim;
	for (const struct msg *m = s->interim; m; m = m->next) {
		flags |= m->h.flags & HTTP_F_FIELDS_UNKNOWN;
		fill(e, m, false, e->http->out[2 + t->n_interim],
		     &interim[t->n_interim]);
		t->n_interim++;
	}
	t->flags = flags;
	set_endpoints(s, t);
	if (c->proxied)
		t->flags |=
			proxy_name(c->proxied, t->response || t->n_interim, t);
}

void h2_emit(struct h2_stream *s, uint32_t flags)
{
	struct h2_conn *c = s->conn;
	struct http2_engine *e = c->engine;
	struct http_engine *http = e->http;
	struct http_message req, rsp, interim[HTTP_INTERIM_MAX];
	struct msg *const q = s->half[H2_REQUEST].msg;
	struct msg *const r = s->half[H2_RESPONSE].msg;
	struct http_transaction t = {
		.stream = s->id,
		.progress = s->started ? HTTP_ENDED : HTTP_ONCE,
	};

	if (!q && !r)
		return;
	flags |= s->flags;
	if ((q && s->half[H2_REQUEST].progress != H2_ENDED_HALF) ||
	    (r && s->half[H2_RESPONSE].progress != H2_ENDED_HALF))
		flags |= flags & (HTTP_F_TIMEOUT | HTTP_F_EVICTED)
				 ? 0
				 : HTTP_F_CLOSED_EARLY;
	if (q) {
		flags |= conclude(e, s, H2_REQUEST);
		fill(e, q, true, http->out[0], &req);
		t.request = &req;
	} else {
		flags |= HTTP_F_NO_REQUEST;
	}
	if (r) {
		flags |= conclude(e, s, H2_RESPONSE);
		fill(e, r, false, http->out[1], &rsp);
		t.response = &rsp;
	} else {
		flags |= HTTP_F_NO_RESPONSE;
		if (s->half[H2_RESPONSE].progress)
			flags |= HTTP_F_RESPONSE_GAP;
	}
	/* the other half may precede the capture */
	if (c->midstream && !(q && r))
		flags |= HTTP_F_MIDSTREAM;
	fill_rest(s, interim, flags, &t);
	emit_count(&http->stats, q, r);
	http->conf.emit(http->conf.emit_ctx, &t);
}

void h2_emit_started(struct h2_stream *s)
{
	struct http2_engine *e = s->conn->engine;
	struct http_engine *http = e->http;
	struct http_message req, rsp, interim[HTTP_INTERIM_MAX];
	const struct msg q = msg_without_body(s->half[H2_REQUEST].msg);
	const struct msg r = msg_without_body(s->half[H2_RESPONSE].msg);
	struct http_transaction t = {
		.stream = s->id,
		.request = &req,
		.response = &rsp,
		.progress = HTTP_STARTED,
	};

	fill(e, &q, true, http->out[0], &req);
	fill(e, &r, false, http->out[1], &rsp);
	fill_rest(s, interim, s->flags | flags_of(&q) | flags_of(&r), &t);
	memcpy(s->started->id, t.id, sizeof(t.id));
	s->started->verdict = http->conf.started(http->conf.emit_ctx, &t);
}
