/* SPDX-License-Identifier: MIT */
/*
 * OTLP/HTTP 1.x with protobuf bodies: what its answers mean, and the form of
 * records and requests. A record is a Span as a field of ScopeSpans, so records
 * in a row are the field's values.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "delivery/http.h"
#include "grpc/proto_wire.h"
#include "otlp/attributes.h"
#include "otlp/proto_put.h"
#include "otlp/server.h"

/* --- answers ----------------------------------------------------------- */

/* Nothing else may be sent again. */
enum delivery_verdict otlp_verdict_of(long status)
{
	if (status >= 200 && status < 300)
		return DELIVERY_OK;
	switch (status) {
	case 0:
	case 429:
	case 502:
	case 503:
	case 504:
		return DELIVERY_RETRY;
	}
	return DELIVERY_REJECTED;
}

/* ExportTraceServiceResponse.partial_success and its members. */
enum { RESPONSE_PARTIAL = 1, PARTIAL_REJECTED = 1, PARTIAL_MESSAGE = 2 };

struct partial {
	uint64_t rejected;
	struct proto_span message;
};

/* false: malformed. */
static bool read_partial(struct proto_span response, struct partial *p)
{
	struct proto_record r, inner;
	int more, more_inner;

	while ((more = proto_next(&response, &r)) > 0) {
		if (r.number != RESPONSE_PARTIAL || r.wire != PROTO_LEN)
			continue;
		while ((more_inner = proto_next(&r.data, &inner)) > 0) {
			if (inner.number == PARTIAL_REJECTED &&
			    inner.wire == PROTO_VARINT)
				p->rejected = inner.value;
			else if (inner.number == PARTIAL_MESSAGE &&
				 inner.wire == PROTO_LEN)
				p->message = inner.data;
		}
		if (more_inner < 0)
			return false;
	}
	return !more;
}

static bool is_protobuf(const char *type)
{
	static const char expected[] = "application/x-protobuf";

	return type && !strncasecmp(type, expected, sizeof(expected) - 1);
}

/* A success may be partial. Another body than protobuf, as of a proxy that answers
 * itself, says nothing about that. */
static void judge_success(const char *url, struct delivery_answer *a)
{
	char line[DELIVERY_LINE_MAX], text[DELIVERY_LINE_MAX];
	struct partial p = {0};
	int n;

	if (a->unreadable || !is_protobuf(a->type))
		return;
	if (!read_partial((struct proto_span){(const uint8_t *)a->text, a->n},
			  &p) ||
	    p.rejected > INT_MAX) {
		a->unreadable = true;
		return;
	}
	a->rejected = (unsigned int)p.rejected;
	if (!p.rejected && !p.message.n)
		return;
	n = p.message.n < sizeof(line) ? (int)p.message.n
				       : (int)sizeof(line) - 1;
	snprintf(line, sizeof(line), "%.*s", n, (const char *)p.message.p);
	delivery_text_line(line, text);
	snprintf(a->why, sizeof(a->why), "%s accepts spans in part: %s", url,
		 *text ? text : "without a reason");
}

static void judge(enum delivery_call call, const char *url,
		  struct delivery_answer *a)
{
	char text[DELIVERY_LINE_MAX];
	const char *advice = "";

	a->verdict = otlp_verdict_of(a->status);
	if (!a->status)
		return;
	if (a->verdict == DELIVERY_OK) {
		if (call == DELIVERY_CALL_BATCH)
			judge_success(url, a);
		return;
	}
	/* One who has refused it for now, and says until when, has not
	 * processed it; behind a gateway that gave up, someone may have. */
	if (call == DELIVERY_CALL_BATCH && a->verdict == DELIVERY_RETRY)
		a->maybe_processed = a->status == 502 || a->status == 504 ||
				     (a->status == 503 && !a->retry_after_s);
	/* Some receivers do not accept the empty request of the first call. */
	if (call == DELIVERY_CALL_VERIFY && a->status == 400)
		a->verdict = DELIVERY_OK;
	if (a->status == 401 || a->status == 403)
		advice = ": check --otlp-headers-file";
	else if (a->status == 404 || a->status == 405)
		advice =
			": check the URL of --output otlp: and its port, which is 4318 for OTLP over HTTP";
	delivery_text_line(is_protobuf(a->type) ? "" : a->text, text);
	snprintf(a->why, sizeof(a->why), "%s" OTLP_PATH " answered %ld %s%s",
		 url, a->status, text, advice);
}

/* --- records ----------------------------------------------------------- */

/* In the spool, bytes from 0xf8 have a meaning (spool_record.h): these and the
 * escape become the escape and the difference from it. */
#define ESCAPE 0xf7u

static void escape(struct buf *b, size_t begin)
{
	size_t n = 0, from = b->len, to;

	for (size_t i = begin; i < b->len; i++)
		n += b->p[i] >= ESCAPE;
	if (!n || !buf_reserve(b, n))
		return;
	to = b->len += n;
	while (to > from) {
		const uint8_t c = b->p[--from];

		if (c >= ESCAPE) {
			b->p[--to] = (uint8_t)(c - ESCAPE);
			b->p[--to] = ESCAPE;
		} else {
			b->p[--to] = c;
		}
	}
}

static void unpack(struct buf *out, const uint8_t *payload, size_t n)
{
	uint8_t *to = buf_reserve(out, n);
	size_t len = 0;

	if (!to)
		return;
	for (size_t i = 0; i < n; i++) {
		if (payload[i] == ESCAPE && i + 1 < n)
			to[len++] = (uint8_t)(ESCAPE + payload[++i]);
		else
			to[len++] = payload[i];
	}
	out->len += len;
}

static bool convert(const void *ctx, struct buf *out, const uint8_t *line,
		    size_t n, struct output_stats *c)
{
	const struct otlp_context *o = ctx;
	const size_t begin = out->len;

	switch (otlp_span_write(out, line, n, &o->span)) {
	case OTLP_SPAN:
		if (!out->failed)
			escape(out, begin);
		return !out->failed;
	case OTLP_INCOMPLETE:
		c->left_out_incomplete++;
		break;
	case OTLP_SELF:
		c->left_out_self++;
		break;
	case OTLP_MALFORMED:
		c->dropped_error++;
	}
	return false;
}

/* --- requests ---------------------------------------------------------- */

/* Fields of ExportTraceServiceRequest and what it consists of. */
enum {
	REQUEST_RESOURCE_SPANS = 1,
	RESOURCE_SPANS_RESOURCE = 1,
	RESOURCE_SPANS_SCOPE_SPANS = 2,
	RESOURCE_SPANS_SCHEMA = 3,
	RESOURCE_ATTRIBUTES = 1,
	SCOPE_SPANS_SCOPE = 1,
	SCOPE_SPANS_SCHEMA = 3,
	SCOPE_NAME = 1,
	SCOPE_VERSION = 2,
};

static void put_resource(struct buf *b, const struct otlp_context *o)
{
	const size_t begin = proto_put_begin(b, RESOURCE_SPANS_RESOURCE);

	otlp_put_attribute(b, RESOURCE_ATTRIBUTES, "service.name", o->service,
			   strlen(o->service));
	otlp_put_attribute(b, RESOURCE_ATTRIBUTES, "host.name", o->host,
			   strlen(o->host));
	proto_put_end(b, begin);
	proto_put_text(b, RESOURCE_SPANS_SCHEMA, OTLP_SCHEMA_URL);
}

/* The beginning of ScopeSpans. */
static void put_scope(struct buf *b)
{
	const size_t begin = proto_put_begin(b, SCOPE_SPANS_SCOPE);

	proto_put_text(b, SCOPE_NAME, "metlo-xdp");
	proto_put_text(b, SCOPE_VERSION, METLO_VERSION);
	proto_put_end(b, begin);
	proto_put_text(b, SCOPE_SPANS_SCHEMA, OTLP_SCHEMA_URL);
}

/* gzip of what is behind begin, in its place. */
static void compress_request(struct buf *out)
{
	/* 16: with a header of gzip. */
	const int window = 15 + 16, memory = 8;
	struct buf packed = {0};
	z_stream z = {0};

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, memory,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		out->failed = true;
		return;
	}
	z.avail_out = (uInt)deflateBound(&z, out->len);
	z.next_out = buf_reserve(&packed, z.avail_out);
	z.next_in = out->p;
	z.avail_in = (uInt)out->len;
	if (z.next_out && deflate(&z, Z_FINISH) == Z_STREAM_END)
		packed.len = z.total_out;
	else
		packed.failed = true;
	deflateEnd(&z);
	buf_free(out);
	*out = packed;
}

static void compose(const void *ctx, struct buf *out, const uint8_t *batch,
		    const struct delivery_record *r, unsigned int n)
{
	const struct otlp_context *o = ctx;
	const size_t all = proto_put_begin(out, REQUEST_RESOURCE_SPANS);
	size_t scope;

	put_resource(out, o);
	scope = proto_put_begin(out, RESOURCE_SPANS_SCOPE_SPANS);
	put_scope(out);
	for (unsigned int i = 0; i < n; i++)
		buf_add(out, batch + r[i].at, r[i].len);
	proto_put_end(out, scope);
	proto_put_end(out, all);
	if (o->gzip && !out->failed)
		compress_request(out);
}

const struct delivery_server otlp_server = {
	.name = "the receiver of OTLP",
	.url_option = "--output otlp:",
	.ca_option = "--otlp-ca",
	.rejects_us = "the receiver of OTLP rejects spans: see the log",
	.path = {NULL, OTLP_PATH, OTLP_PATH},
	.verify_by_post = true,
	.status_decides = true,
	.counts_uncertain = true,
	.batch_bytes = OTLP_BATCH_BYTES,
	.batch_records = OTLP_BATCH_SPANS,
	.judge = judge,
	.convert = convert,
	.unpack = unpack,
	.compose = compose,
};
