/* SPDX-License-Identifier: MIT */
/* Builds the struct http_transaction of an exchange: spans into the memory of
 * its messages, valid during the callback. */
#include "http/emit.h"
#include "http/belief.h"
#include "http/head.h"
#include "http/identity.h"
#include "http/message.h"
#include "http/on_proxy.h"
#include "stream/carry.h"

#include <string.h>

/* SHA-256 of the empty message (FIPS 180-4) */
static const uint8_t sha256_empty[32] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

static struct http_span span(const uint8_t *b, struct head_ref r)
{
	return (struct http_span){.p = b + r.off, .len = r.len};
}

/* The end of the memory that the head lies in; see struct http_message. */
static const uint8_t *readable(const struct http_engine *e, const struct msg *m)
{
	const uint8_t *block = m->block;

	if (block && m->head >= block && m->head < block + m->block_cap)
		return block + m->block_cap;
	if (m->head >= e->chunk && m->head < e->chunk_end)
		return e->chunk_end;
	return m->head + m->h.len;
}

void emit_body(const struct http_engine *e, const struct msg *m,
	       struct http_message *out)
{
	out->body.data = m->body;
	out->body.len = m->body_len;
	out->body.total = m->body_total;
	out->body.wire = m->body_wire;
	out->body.encoded = m->encoded;
	out->body.grpc = m->grpc;
	if (m->md && m->complete && !m->hole) {
		EVP_DigestFinal_ex(m->md, out->body.sha256, NULL);
		out->body.has_sha256 = true;
	} else if (e->conf.body_hash && m->complete && !m->hole &&
		   m->framing == FRAMING_NONE) {
		memcpy(out->body.sha256, sha256_empty, 32);
		out->body.has_sha256 = true;
	}
	out->first_ns = m->first_ns;
	/* segments may have arrived out of order */
	out->last_ns = m->end_ns > m->first_ns ? m->end_ns : m->first_ns;
}

static void fill_request(const struct msg *m, struct http_message *out)
{
	struct head_target t;

	out->method = span(m->head, m->h.method);
	out->target = span(m->head, m->h.target);
	head_split_target(m->head, &m->h, &t);
	out->path = span(m->head, t.path);
	out->query = span(m->head, t.query);
	out->host = span(m->head, t.authority.len ? t.authority : m->h.host);
}

static void fill(struct http_engine *e, const struct msg *m, bool request,
		 struct http_field *fields, struct http_message *out)
{
	const struct head_field *f = m->fields;
	const uint8_t *b = m->head;

	memset(out, 0, sizeof(*out));
	if (request) {
		fill_request(m, out);
	} else {
		out->status = m->h.status;
		out->reason = span(b, m->h.reason);
	}
	out->version_major = m->h.major;
	out->version_minor = m->h.minor;
	for (unsigned int i = 0; i < m->h.n_fields; i++) {
		fields[i].name = span(b, f[i].name);
		fields[i].value = span(b, f[i].value);
	}
	out->fields = fields;
	out->n_fields = m->h.n_fields;
	out->n_regular = m->h.n_regular;
	out->n_trailers = m->h.n_trailers;
	out->head_partial = m->h.marks & HEAD_PARTIAL;
	out->readable = readable(e, m);
	emit_body(e, m, out);
	out->malformed = m->h.flags & HTTP_F_MALFORMED;
}

void emit_count(struct http_stats *s, const struct msg *req,
		const struct msg *rsp)
{
	s->transactions++;
	if (req && rsp)
		s->paired++;
	else if (req)
		s->unanswered++;
	else
		s->unrequested++;
	for (int i = 0; i < 2; i++) {
		const struct msg *m = i ? rsp : req;
		uint32_t f = m ? m->h.flags : 0;

		if (!f)
			continue;
		s->malformed += !!(f & HTTP_F_MALFORMED);
		s->smuggling += !!(f & HTTP_F_SMUGGLING);
		s->head_limit += !!(f & HTTP_F_HEAD_LIMIT);
		s->body_limit += !!(f & HTTP_F_BODY_LIMIT);
		s->decode_failed += !!(f & HTTP_F_DECODE_FAILED);
		s->decode_limit += !!(f & HTTP_F_DECODE_LIMIT);
		s->coding_unknown += !!(f & HTTP_F_CODING_UNKNOWN);
	}
}

/* The messages of a transaction, which it points to. */
struct messages {
	struct http_message req, rsp, interim[HTTP_INTERIM_MAX];
};

/* What the flags of a message add to those of its transaction. */
static inline uint32_t flags_of(const struct msg *m)
{
	return m->h.flags | (m->ambiguous ? HTTP_F_AMBIGUOUS : 0);
}

/* Everything but the request, the response and the id. */
static inline void fill_rest(struct conn *c, const struct exchange *x,
			     uint32_t flags, struct messages *out,
			     const struct stream_tuple *tuple,
			     struct http_transaction *t)
{
	unsigned int client = c->swap ? 1 : 0, server = client ^ 1;

	/* Before the first pair, the other half may precede the capture. */
	if (c->midstream && !c->proven && !(x->req && x->rsp))
		flags |= HTTP_F_MIDSTREAM;
	t->interim = out->interim;
	for (const struct msg *m = x->interim; m; m = m->next) {
		fill(c->engine, m, false, c->engine->out[2 + t->n_interim],
		     &out->interim[t->n_interim]);
		t->n_interim++;
	}
	if (c->proxied)
		flags |= proxy_source(c, x, t);
	t->flags = flags;
	t->vni = tuple->vni;
	memcpy(t->client_addr, tuple->addr[client], 16);
	memcpy(t->server_addr, tuple->addr[server], 16);
	t->client_port = tuple->port[client];
	t->server_port = tuple->port[server];
	t->ipv6 = tuple->ipv6;
}

void exchange_emit(struct conn *c, struct exchange *x, uint32_t flags)
{
	struct http_engine *e = c->engine;
	struct http_transaction t = {0};
	struct stream_tuple tuple;
	struct messages out;

	if (!x->req && !x->rsp)
		return; /* interim responses only */
	/* What was reported already also ends. */
	if (!belief_exchange(c, x) && !x->started) {
		e->stats.disbelieved++;
		return;
	}
	flags |= x->flags;
	/* decoders still exist if the message is abandoned within its body */
	if (x->req && x->req->dec)
		msg_body_end(e, x->req);
	if (x->rsp && x->rsp->dec)
		msg_body_end(e, x->rsp);
	if (x->req) {
		fill(e, x->req, true, e->out[0], &out.req);
		t.request = &out.req;
		flags |= flags_of(x->req);
	} else {
		flags |= HTTP_F_NO_REQUEST;
	}
	if (x->rsp) {
		/* what followed it before its request was known is no body */
		if (x->req && x->req->h.marks & HEAD_METHOD_HEAD)
			msg_body_discard(e, x->rsp);
		fill(e, x->rsp, false, e->out[1], &out.rsp);
		t.response = &out.rsp;
		flags |= flags_of(x->rsp);
	} else {
		flags |= HTTP_F_NO_RESPONSE;
	}
	stream_flow_tuple(c->flow, &tuple);
	stream_carrier_id(c->flow, t.tls);
	fill_rest(c, x, flags, &out, &tuple, &t);
	if (x->started) {
		t.progress = HTTP_ENDED;
		t.verdict = x->started->verdict;
		t.connection = c->id[0];
		memcpy(t.id, x->started->id, sizeof(t.id));
	} else {
		identify(c->id, e->id_seed, c->flow, &tuple, &t);
	}
	emit_count(&e->stats, x->req, x->rsp);
	e->conf.emit(e->conf.emit_ctx, &t);
}

/* A message without its body, whose hash and decoder go on. */
static void fill_started(struct http_engine *e, const struct msg *m,
			 bool request, struct http_message *out)
{
	const struct msg head = msg_without_body(m);

	fill(e, &head, request, e->out[request ? 0 : 1], out);
}

void exchange_emit_started(struct conn *c, struct exchange *x)
{
	struct http_engine *e = c->engine;
	struct http_transaction t = {.progress = HTTP_STARTED};
	struct stream_tuple tuple;
	struct messages out;

	fill_started(e, x->req, true, &out.req);
	fill_started(e, x->rsp, false, &out.rsp);
	t.request = &out.req;
	t.response = &out.rsp;
	stream_flow_tuple(c->flow, &tuple);
	stream_carrier_id(c->flow, t.tls);
	fill_rest(c, x, x->flags | flags_of(x->req) | flags_of(x->rsp), &out,
		  &tuple, &t);
	identify(c->id, e->id_seed, c->flow, &tuple, &t);
	memcpy(x->started->id, t.id, sizeof(t.id));
	x->started->verdict = e->conf.started(e->conf.emit_ctx, &t);
}
