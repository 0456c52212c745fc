/* SPDX-License-Identifier: MIT */
/*
 * Finds a gRPC call by its Content-Type. The status is in the trailers, else in
 * the last frame of a gRPC-Web body, else in the head of a response without a
 * body (Trailers-Only); a response without one has none, whatever its HTTP status.
 */
#include "trace/grpc_call.h"

#include "grpc/counter.h"
#include "trace/span.h"

/* Trailers are no larger than a head may be. */
#define TRAILERS_MAX (64u << 10)

/* The first field of this name in fields[from..to), or NULL; not one whose value
 * is unknown. */
static const struct http_field *
find(const struct http_message *m, uint32_t from, uint32_t to, const char *name)
{
	const uint32_t n = (uint32_t)strlen(name);

	for (uint32_t i = from; i < to; i++)
		if (m->fields[i].name.len == n && m->fields[i].value.p &&
		    text_is(m->fields[i].name.p, name, n))
			return &m->fields[i];
	return NULL;
}

static enum grpc_kind kind_of(const struct http_message *m)
{
	const struct http_field *f =
		m ? find(m, 0, m->n_fields - m->n_trailers, "content-type")
		  : NULL;

	return f ? grpc_kind((struct proto_span){f->value.p, f->value.len})
		 : GRPC_NONE;
}

/* How its compressed messages are; one whose value is unknown is none that can be
 * undone. */
static enum grpc_coding coding_of(const struct http_message *m)
{
	enum grpc_coding coding = GRPC_IDENTITY;

	for (uint32_t i = 0; i < m->n_fields - m->n_trailers; i++) {
		const struct http_field *f = &m->fields[i];

		if (f->name.len == 13 && span_is(&f->name, "grpc-encoding"))
			coding = f->value.p ? grpc_coding((struct proto_span){
						      f->value.p, f->value.len})
					    : GRPC_OTHER;
	}
	return coding;
}

/* May it be a call, as far as its method is known? */
static bool may_be_call(const struct http_message *q)
{
	return !q || !q->method.p || span_is(&q->method, "post");
}

/* The last two segments of the path. */
static void find_method(struct grpc_call *g, const struct http_message *q)
{
	const uint8_t *p = q->path.p, *slash, *before;

	if (!p || !q->path.len)
		return;
	slash = memrchr(p, '/', q->path.len);
	before = slash && slash > p ? memrchr(p, '/', (size_t)(slash - p))
				    : NULL;
	if (!before || slash + 1 == p + q->path.len || before + 1 == slash)
		return;
	g->service =
		(struct http_span){before + 1, (uint32_t)(slash - before - 1)};
	g->method = (struct http_span){slash + 1,
				       q->path.len - (uint32_t)(slash + 1 - p)};
}

static void find_frames(struct grpc_half *half, const struct http_message *m,
			bool gap)
{
	const struct http_body *body = &m->body;

	half->coding = coding_of(m);
	half->frames = (struct proto_span){body->data, body->len};
	if (half->kind == GRPC_TEXT) {
		if (!grpc_text(&half->plain, half->frames)) {
			half->frames.n = 0;
			half->counted = false;
			return;
		}
		half->frames =
			(struct proto_span){half->plain.p, half->plain.len};
	}
	half->count = body->grpc ? grpc_counter_result(body->grpc)
				 : grpc_count(half->frames);
	half->counted = (body->total == body->len || body->grpc) && !gap &&
			!body->encoded && !half->count.broken;
}

static bool parse_status(const uint8_t *p, size_t n, uint32_t *status)
{
	uint32_t v = 0;

	if (!n || n > 9)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + p[i] - '0';
	}
	*status = v;
	return true;
}

static void set_message(struct grpc_call *g, const uint8_t *p, size_t n)
{
	if (!grpc_unescape(&g->text, (struct proto_span){p, n}))
		return;
	g->has_message = true;
	g->message = (struct http_span){g->text.p, (uint32_t)g->text.len};
}

/* From fields[from..to). False: they have no status. */
static bool status_in_fields(struct grpc_call *g, const struct http_message *m,
			     uint32_t from, uint32_t to)
{
	const struct http_field *status = find(m, from, to, "grpc-status");
	const struct http_field *message = find(m, from, to, "grpc-message");

	if (!status)
		return false;
	g->has_status =
		parse_status(status->value.p, status->value.len, &g->status);
	if (message)
		set_message(g, message->value.p, message->value.len);
	return true;
}

static bool status_in_body(struct grpc_call *g)
{
	struct proto_span trailers = g->half[1].count.trailers, value;

	if (g->half[1].count.trailers_compressed) {
		if (!grpc_inflate(&g->trailers, g->half[1].coding, trailers,
				  TRAILERS_MAX))
			return false;
		trailers = (struct proto_span){g->trailers.p, g->trailers.len};
	}
	if (!grpc_trailer(trailers, "grpc-status", &value))
		return false;
	g->has_status = parse_status(value.p, value.n, &g->status);
	if (grpc_trailer(trailers, "grpc-message", &value))
		set_message(g, value.p, value.n);
	return true;
}

static void find_status(struct grpc_call *g, const struct http_message *r)
{
	const uint32_t head = r->n_fields - r->n_trailers;

	if (status_in_fields(g, r, head, r->n_fields) || status_in_body(g))
		return;
	if (!r->body.total && !r->n_trailers)
		status_in_fields(g, r, 0, head);
}

bool grpc_call_find(struct grpc_call *g, const struct http_transaction *t)
{
	const struct http_message *q = t->request, *r = t->response;
	enum grpc_kind kinds[2];

	if (!may_be_call(q))
		return false;
	kinds[0] = kind_of(q);
	kinds[1] = kind_of(r);
	if (!kinds[0] && !kinds[1])
		return false;
	memset(g, 0, sizeof(*g));
	g->half[0].kind = kinds[0];
	g->half[1].kind = kinds[1];
	if (q)
		find_method(g, q);
	/* Neither body nor end are there yet. */
	if (t->progress == HTTP_STARTED)
		return true;
	if (kinds[0])
		find_frames(&g->half[0], q, t->flags & HTTP_F_REQUEST_GAP);
	if (kinds[1])
		find_frames(&g->half[1], r, t->flags & HTTP_F_RESPONSE_GAP);
	if (r)
		find_status(g, r);
	return true;
}

void grpc_call_free(struct grpc_call *g)
{
	buf_free(&g->text);
	buf_free(&g->trailers);
	buf_free(&g->half[0].plain);
	buf_free(&g->half[1].plain);
}
