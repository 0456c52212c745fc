/* SPDX-License-Identifier: MIT */
/*
 * The span of a request as its server would report it: kind SERVER, whose parent
 * is the client's. What the line does not know is left out: neither 0 nor empty.
 */
#include <string.h>

#include "otlp/attributes.h"
#include "otlp/proto_put.h"
#include "otlp/span.h"
#include "otlp/trace_context.h"

/* Fields of the messages of OTLP, by opentelemetry/proto/trace/v1. */
enum {
	SCOPE_SPANS_SPAN = 2,
	SPAN_TRACE_ID = 1,
	SPAN_ID = 2,
	SPAN_TRACE_STATE = 3,
	SPAN_PARENT_ID = 4,
	SPAN_NAME = 5,
	SPAN_KIND = 6,
	SPAN_START = 7,
	SPAN_END = 8,
	SPAN_STATUS = 15,
	SPAN_FLAGS = 16,
	STATUS_CODE = 3,
};

enum { KIND_SERVER = 2, STATUS_ERROR = 2 };
/* The span knows whether its parent is in another process: it is. */
enum { FLAGS_REMOTE = 0x300 };

static void put_name(struct buf *b, const struct otlp_line *l)
{
	struct otlp_text text;

	if (l->grpc_service.n && l->grpc_method.n) {
		static const struct json_text slash = {(const uint8_t *)"/", 1};

		otlp_text_set(&text, l->grpc_service);
		otlp_text_add(&text, slash);
		otlp_text_add(&text, l->grpc_method);
		proto_put_bytes(b, SPAN_NAME, text.s, text.n);
	} else {
		/* Without a route of low cardinality, the method alone. */
		proto_put_text(b, SPAN_NAME,
			       otlp_known_method(l->method) ?: "HTTP");
	}
}

static void put_times(struct buf *b, const struct otlp_line *l)
{
	uint64_t start = l->request_start, end = start;

	if (l->request_end > end)
		end = l->request_end;
	if (l->response_start > end)
		end = l->response_start;
	if (l->response_end > end)
		end = l->response_end;
	proto_put_fixed64(b, SPAN_START, start * 1000);
	proto_put_fixed64(b, SPAN_END, end * 1000);
}

static void put_context(struct buf *b, const struct otlp_line *l)
{
	uint8_t trace_id[16], span_id[8];
	struct trace_context c;

	trace_context_find(&c, l->headers);
	trace_context_ids(l->id, trace_id, span_id);
	proto_put_bytes(b, SPAN_TRACE_ID, c.has_parent ? c.trace_id : trace_id,
			sizeof(trace_id));
	proto_put_bytes(b, SPAN_ID, span_id, sizeof(span_id));
	if (!c.has_parent)
		return;
	if (c.state.n)
		proto_put_bytes(b, SPAN_TRACE_STATE, c.state.s, c.state.n);
	proto_put_bytes(b, SPAN_PARENT_ID, c.parent_id, sizeof(c.parent_id));
	proto_put_fixed32(b, SPAN_FLAGS, FLAGS_REMOTE | c.flags);
}

/* A span of a server is an error only if the server is at fault. */
static void put_status(struct buf *b, const struct otlp_line *l)
{
	size_t begin;

	if (!otlp_line_failed(l))
		return;
	begin = proto_put_begin(b, SPAN_STATUS);
	proto_put_varint(b, STATUS_CODE, STATUS_ERROR);
	proto_put_end(b, begin);
}

enum otlp_verdict otlp_span_write(struct buf *out, const uint8_t *line,
				  size_t n, const struct otlp_span_conf *conf)
{
	struct otlp_line l;
	size_t begin;

	if (!otlp_line_parse(&l, (struct json_text){line, n}))
		return OTLP_MALFORMED;
	if (!l.has_request)
		return OTLP_INCOMPLETE;
	if (conf->self && conf->peers &&
	    delivery_peers_own(conf->peers, conf->self, &l.to))
		return OTLP_SELF;
	begin = proto_put_begin(out, SCOPE_SPANS_SPAN);
	put_context(out, &l);
	put_name(out, &l);
	proto_put_varint(out, SPAN_KIND, KIND_SERVER);
	put_times(out, &l);
	otlp_attributes_put(out, &l);
	put_status(out, &l);
	proto_put_end(out, begin);
	return OTLP_SPAN;
}
