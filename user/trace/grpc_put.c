/* SPDX-License-Identifier: MIT */
/*
 * Bodies of gRPC. JSON passes through the masks as the body of a message of type
 * application/json does. What stays binary is masked like any binary body, as a
 * whole if it is compressed or if it could not be read as the type that its method
 * has, since masks would then miss what they should find.
 */
#include "trace/grpc_put.h"

#include "grpc/body.h"
#include "trace/mask.h"
#include "trace/span.h"

static void put_name(const struct masked *w, const char *key,
		     const struct http_span *name)
{
	struct line *l = w->l;

	l->w = (uint8_t *)stpcpy((char *)l->w, key);
	if (!name->len) {
		LINE_PUT(l, "null");
		return;
	}
	*l->w++ = '"';
	put_text(w, name);
	if (line_room(l, LINE_ROOM))
		*l->w++ = '"';
}

/* The message, masked like the field it comes from. */
static void put_message(const struct masked *w, const struct grpc_call *g)
{
	static const char name[] = "grpc-message";
	const struct http_field f = {{(const uint8_t *)name, sizeof(name) - 1},
				     g->message};
	struct line *l = w->l;

	if (!g->has_message) {
		LINE_PUT(l, "null");
		return;
	}
	*l->w++ = '"';
	masked_value(w, &f);
	if (line_room(l, LINE_ROOM))
		*l->w++ = '"';
}

static void put_number(struct line *l, const char *key, bool known, uint64_t v)
{
	l->w = (uint8_t *)stpcpy((char *)l->w, key);
	if (known)
		line_u64(l, v);
	else
		LINE_PUT(l, "null");
}

void grpc_put(struct line *l, const struct http_transaction *t,
	      const struct trace_conf *c, const struct grpc_call *g)
{
	static const struct http_message none;
	const struct masked w = {l, c, &none, t->flags};
	const struct grpc_half *q = &g->half[0], *r = &g->half[1];

	if (!line_room(l, LINE_ROOM))
		return;
	put_name(&w, ",\"grpc\":{\"service\":", &g->service);
	if (!line_room(l, LINE_ROOM))
		return;
	put_name(&w, ",\"method\":", &g->method);
	if (!line_room(l, LINE_ROOM))
		return;
	put_number(l, ",\"status\":", g->has_status, g->status);
	LINE_PUT(l, ",\"message\":");
	put_message(&w, g);
	if (!line_room(l, LINE_ROOM))
		return;
	put_number(l, ",\"requestMessages\":", q->counted, q->count.messages);
	put_number(l, ",\"responseMessages\":", r->counted, r->count.messages);
	put_number(l, ",\"requestMessageBytes\":", q->counted, q->count.bytes);
	put_number(l, ",\"responseMessageBytes\":", r->counted, r->count.bytes);
	*l->w++ = '}';
}

/* --- bodies ------------------------------------------------------------------- */

/* What is to be decoded; type and set are those of the method, if it is known. */
static void set_body(struct grpc_body *b, const struct masked *w,
		     const struct grpc_call *g, unsigned int half)
{
	const struct proto_method *method = NULL;

	*b = (struct grpc_body){
		.data = g->half[half].frames,
		.coding = g->half[half].coding,
		.cut = w->m->body.total > w->m->body.len ||
		       w->flags & (HTTP_F_CLOSED_EARLY | HTTP_F_RESET),
	};
	/* Both are parts of the path. */
	if (w->c->protos && g->service.len)
		method = proto_set_method(w->c->protos, g->service.p,
					  g->service.len + 1 + g->method.len);
	if (!method)
		return;
	b->set = w->c->protos;
	b->type = half ? method->out : method->in;
	b->stream = half ? method->out_stream : method->in_stream;
}

/* Writes JSON as the body. */
static void put_json(const struct masked *w, const struct buf *json)
{
	static const struct http_field type = {
		{(const uint8_t *)"content-type", 12},
		{(const uint8_t *)"application/json", 16}};
	struct http_message m = *w->m;
	const struct masked part = {w->l, w->c, &m, w->flags};

	m.fields = &type;
	m.n_fields = 1;
	m.n_trailers = 0;
	m.readable = NULL;
	m.body = (struct http_body){.data = json->p,
				    .len = json->len,
				    .total = json->len,
				    .wire = json->len};
	masked_body_text(&part, false);
}

static bool has_compressed(struct proto_span frames)
{
	struct grpc_frame f;

	while (grpc_next(&frames, &f) == GRPC_FRAME)
		if (f.compressed)
			return true;
	return frames.n;
}

/* As it is; *typed: it should have been readable. */
static enum body_encoding put_bytes(const struct masked *w,
				    const struct grpc_half *half, bool typed)
{
	const bool masks = w->c->redact_fields || w->c->values.classes;
	struct http_message m = *w->m;
	const struct masked part = {w->l, w->c, &m, w->flags};

	if (masks && (!half->frames.n || has_compressed(half->frames) ||
		      (typed && w->c->redact_fields))) {
		line_text(w->l, (const uint8_t *)MASK_TEXT,
			  sizeof(MASK_TEXT) - 1);
		return BODY_UTF8;
	}
	if (half->kind == GRPC_TEXT && !masks)
		return masked_body_text(w, false);
	m.body.data = half->frames.p;
	m.body.len = half->frames.n;
	masked_body_binary(&part);
	return BODY_BASE64;
}

enum body_encoding grpc_put_body(const struct masked *w,
				 const struct grpc_call *g, unsigned int half)
{
	const struct grpc_half *part = &g->half[half];
	enum body_encoding encoding = BODY_PROTO_JSON;
	struct buf json = {0};
	struct grpc_body body;
	bool text = false, done = false;
	const bool gap =
		w->flags & (half ? HTTP_F_RESPONSE_GAP : HTTP_F_REQUEST_GAP);

	if (w->c->bodies && !body_choice_accepts(w->c->bodies, w->m, &text))
		return BODY_OMITTED;
	set_body(&body, w, g, half);
	/* What follows a hole may be anything. */
	if (!gap && body.set)
		done = grpc_body_json(&json, &body);
	if (!gap && !done && w->c->grpc_wire) {
		encoding = BODY_PROTO_WIRE;
		body.set = NULL;
		done = grpc_body_json(&json, &body);
	}
	if (done)
		put_json(w, &json);
	else if (text && part->kind != GRPC_TEXT)
		encoding = BODY_OMITTED;
	else
		encoding = put_bytes(w, part, body.type);
	buf_free(&json);
	return encoding;
}
