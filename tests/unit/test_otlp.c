/* SPDX-License-Identifier: MIT */
/* From a line to a span and from spans to a request, read back with a decoder of
 * its own; trace context; what an answer means for a batch; header fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/batch.h"
#include "grpc/proto_wire.h"
#include "otlp/headers.h"
#include "otlp/server.h"
#include "otlp/text.h"
#include "otlp/trace_context.h"

static struct json_text json(const char *s)
{
	return (struct json_text){(const uint8_t *)s, strlen(s)};
}

/* --- trace context ----------------------------------------------------- */

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void test_traceparent(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{"00-" TRACE "-" PARENT "-01", true},
		{" 00-" TRACE "-" PARENT "-00\t", true},
		{"01-" TRACE "-" PARENT "-01", true},
		{"cc-" TRACE "-" PARENT "-01-later", true},
		{"00-" TRACE "-" PARENT "-01-later", false},
		{"cc-" TRACE "-" PARENT "-01later", false},
		{"ff-" TRACE "-" PARENT "-01", false},
		{"00-" TRACE "-" PARENT "-1", false},
		{"00-" TRACE "-" PARENT "-0g", false},
		{"00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", false},
		{"00-00000000000000000000000000000000-" PARENT "-01", false},
		{"00-" TRACE "-0000000000000000-01", false},
		{"00_" TRACE "-" PARENT "-01", false},
		{"[redacted]", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct trace_context c;

		if (trace_context_parse(&c, json(rows[i].text)) !=
		    rows[i].valid)
			fail_msg("\"%s\"", rows[i].text);
	}
}

#define FIELD(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"
#define PARENT_FIELD	   FIELD("TraceParent", "00-" TRACE "-" PARENT "-01")

static void test_context(void **state)
{
	struct trace_context c;

	(void)state;
	trace_context_find(&c, json("[" PARENT_FIELD
				    "," FIELD("tracestate", "a=1") "," FIELD(
					    "Tracestate", " b=2 ") "]"));
	assert_true(c.has_parent);
	assert_int_equal(c.trace_id[0], 0x4b);
	assert_int_equal(c.parent_id[7], 0xb7);
	assert_int_equal(c.flags, 1);
	assert_int_equal(c.state.n, 7);
	assert_memory_equal(c.state.s, "a=1,b=2", 7);
	/* Two parents are none, and a state without a parent is none. */
	trace_context_find(&c, json("[" PARENT_FIELD "," PARENT_FIELD
				    "," FIELD("tracestate", "a=1") "]"));
	assert_false(c.has_parent);
	assert_int_equal(c.state.n, 0);
	assert_int_equal(c.flags, 0);
	/* A part of a state would be another one. */
	trace_context_find(&c, json("[" PARENT_FIELD
				    "," FIELD("tracestate", "a=\\u00e9") "]"));
	assert_true(c.has_parent);
	assert_int_equal(c.state.n, 0);
}

/* --- text -------------------------------------------------------------- */

static void test_text(void **state)
{
	static const struct {
		const char *content, *text;
	} rows[] = {
		{"a\\\"b\\\\c\\/\\n\\t", "a\"b\\c/\n\t"},
		{"\\u00e9\\u20ac", "\xc3\xa9\xe2\x82\xac"},
		{"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
		{"\xc3\xa9", "\xc3\xa9"},
		{"\\ud83dx", "\xef\xbf\xbdx"},
		{"\\ude00", "\xef\xbf\xbd"},
		{"\\ud83d\\u0041", "\xef\xbf\xbd"
				   "A"},
		{"a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};
	static char longer[OTLP_TEXT_MAX + 8];
	struct otlp_text t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		otlp_text_set(&t, json(rows[i].content));
		if (t.n != strlen(rows[i].text) ||
		    memcmp(t.s, rows[i].text, t.n) != 0)
			fail_msg("\"%s\": %.*s", rows[i].content, (int)t.n,
				 t.s);
	}
	/* Cut before the character that does not fit. */
	memset(longer, 'x', OTLP_TEXT_MAX - 1);
	strcpy(longer + OTLP_TEXT_MAX - 1, "\xe2\x82\xac");
	otlp_text_set(&t, json(longer));
	assert_int_equal(t.n, OTLP_TEXT_MAX - 1);
}

/* --- spans ------------------------------------------------------------- */

#define META                                                            \
	"\"meta\":{\"environment\":\"e\",\"incoming\":true,\"source\":" \
	"\"10.0.0.1\",\"sourcePort\":1,\"destination\":\"10.0.0.2\","   \
	"\"destinationPort\":80,\"metloSource\":\"metlo-xdp\"}"
#define LINE(request, response, capture)                             \
	"{\"request\":" request ",\"response\":" response "," META   \
	",\"capture\":{\"id\":\"60a24181e4f9fa5c0415de4733000001\"," \
	"\"requestStartUs\":1700000000000001,\"requestEndUs\":"      \
	"1700000000000002,\"responseStartUs\":1700000000000003," capture "}}"
#define REQUEST                                                        \
	"{\"method\":\"GET\",\"url\":{\"host\":\"[::1]:81\",\"path\":" \
	"\"/a\",\"parameters\":[]},\"headers\":[" PARENT_FIELD         \
	"],\"body\":\"\"}"
#define RESPONSE(status) "{\"status\":" status ",\"headers\":[],\"body\":\"\"}"

/* The first field of a message with this number; false: none. */
static bool find(struct proto_span message, uint32_t number,
		 struct proto_record *r)
{
	while (proto_next(&message, r) > 0)
		if (r->number == number)
			return true;
	return false;
}

/* The value of an attribute of a Span as text; "" if there is none. */
static const char *attribute(struct proto_span span, const char *name)
{
	static char text[256];
	struct proto_record r, key, value, content;

	text[0] = '\0';
	while (proto_next(&span, &r) > 0) {
		if (r.number != 9 || !find(r.data, 1, &key) ||
		    key.data.n != strlen(name) ||
		    memcmp(key.data.p, name, key.data.n) != 0 ||
		    !find(r.data, 2, &value) ||
		    proto_next(&value.data, &content) != 1)
			continue;
		if (content.number == 1)
			snprintf(text, sizeof(text), "%.*s",
				 (int)content.data.n,
				 (const char *)content.data.p);
		else if (content.number == 3)
			snprintf(text, sizeof(text), "%llu",
				 (unsigned long long)content.value);
	}
	return text;
}

/* Writes the span of a line to b and returns what is in it. */
static struct proto_span span_of(struct buf *b, const char *line)
{
	const struct otlp_span_conf conf = {0};
	struct proto_record r;

	buf_clear(b);
	assert_int_equal(
		otlp_span_write(b, (const uint8_t *)line, strlen(line), &conf),
		OTLP_SPAN);
	assert_true(find((struct proto_span){b->p, b->len}, 2, &r));
	return r.data;
}

static void expect(struct proto_span span, const char *name, const char *value)
{
	if (strcmp(attribute(span, name), value) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", name,
			 attribute(span, name), value);
}

static void test_span(void **state)
{
	struct buf b = {0};
	struct proto_span s = span_of(
		&b, LINE(REQUEST, RESPONSE("503"),
			 "\"responseEndUs\":1700000000000009,\"protocol\":"
			 "\"HTTP/2\",\"target\":\"/a?x=[redacted]#f\",\"tls\":"
			 "\"c\",\"requestWireBytes\":3,\"responseWireBytes\":4,"
			 "\"flags\":[\"response-gap\"]"));
	struct proto_record r, code;

	(void)state;
	assert_true(find(s, 1, &r) && r.data.n == 16 && r.data.p[0] == 0x4b);
	assert_true(find(s, 2, &r) && r.data.n == 8);
	assert_true(find(s, 4, &r) && r.data.n == 8 && r.data.p[7] == 0xb7);
	assert_true(find(s, 6, &r) && r.value == 2);
	assert_true(find(s, 7, &r) && r.value == 1700000000000001000u);
	assert_true(find(s, 8, &r) && r.value == 1700000000000009000u);
	assert_true(find(s, 15, &r) && find(r.data, 3, &code) &&
		    code.value == 2);
	assert_true(find(s, 16, &r) && r.value == 0x301);
	expect(s, "http.request.method", "GET");
	expect(s, "url.scheme", "https");
	expect(s, "url.path", "/a");
	expect(s, "url.query", "x=[redacted]");
	expect(s, "server.address", "::1");
	expect(s, "server.port", "81");
	expect(s, "network.protocol.version", "2");
	expect(s, "http.response.status_code", "503");
	expect(s, "error.type", "503");
	expect(s, "http.request.body.size", "3");
	/* What is not known is left out. */
	expect(s, "http.response.body.size", "");
	expect(s, "user_agent.original", "");
	buf_free(&b);
}

/* A call whose status says more than 200, and a method of the client's own. */
static void test_span_variants(void **state)
{
	struct buf b = {0};
	struct proto_record r;
	struct proto_span s = span_of(
		&b,
		LINE(REQUEST, RESPONSE("200"),
		     "\"responseEndUs\":null,\"flags\":[],\"grpc\":{"
		     "\"service\":\"p.S\",\"method\":\"M\",\"status\":14}"));

	(void)state;
	assert_true(find(s, 5, &r) && r.data.n == 5 &&
		    !memcmp(r.data.p, "p.S/M", 5));
	expect(s, "rpc.grpc.status_code", "14");
	expect(s, "error.type", "14");
	assert_true(find(s, 8, &r) && r.value == 1700000000000003000u);
	s = span_of(&b, LINE("{\"method\":\"FOO\",\"url\":{\"host\":null,"
			     "\"path\":null},\"headers\":[]}",
			     "null", "\"responseEndUs\":null,\"flags\":[]"));
	assert_true(find(s, 5, &r) && !memcmp(r.data.p, "HTTP", 4));
	expect(s, "http.request.method", "_OTHER");
	expect(s, "http.request.method_original", "FOO");
	expect(s, "http.response.status_code", "");
	expect(s, "server.address", "");
	assert_false(find(s, 4, &r));
	assert_false(find(s, 15, &r));
	buf_free(&b);
}

static const struct otlp_context context = {.service = "shop", .host = "h"};

/* Records survive the spool, whose records have no bytes from 0xf8. */
static void test_records(void **state)
{
	static const char line[] = LINE(REQUEST, RESPONSE("200"),
					"\"responseEndUs\":1799999999999999,"
					"\"flags\":[]");
	struct buf record = {0}, back = {0}, plain = {0};
	struct output_stats c = {0};
	const struct otlp_span_conf none = {0};

	(void)state;
	assert_true(otlp_server.convert(
		&context, &record, (const uint8_t *)line, strlen(line), &c));
	for (size_t i = 0; i < record.len; i++)
		assert_true(record.p[i] < 0xf8);
	otlp_server.unpack(&back, record.p, record.len);
	otlp_span_write(&plain, (const uint8_t *)line, strlen(line), &none);
	assert_int_equal(back.len, plain.len);
	assert_memory_equal(back.p, plain.p, plain.len);
	assert_true(record.len > plain.len); /* something was escaped */
	/* Left out, and counted. */
	assert_false(otlp_server.convert(
		&context, &record,
		(const uint8_t *)LINE("null", RESPONSE("200"), "\"flags\":[]"),
		strlen(LINE("null", RESPONSE("200"), "\"flags\":[]")), &c));
	assert_false(otlp_server.convert(&context, &record,
					 (const uint8_t *)"{}", 2, &c));
	assert_int_equal(c.left_out_incomplete, 1);
	assert_int_equal(c.dropped_error, 1);
	buf_free(&record);
	buf_free(&back);
	buf_free(&plain);
}

/* --- answers ----------------------------------------------------------- */

static void test_verdicts(void **state)
{
	(void)state;
	for (long status = 0; status < 600; status++) {
		const bool again = status == 0 || status == 429 ||
				   status == 502 || status == 503 ||
				   status == 504;
		const bool success = status >= 200 && status < 300;

		assert_int_equal(otlp_verdict_of(status),
				 success ? DELIVERY_OK
				 : again ? DELIVERY_RETRY
					 : DELIVERY_REJECTED);
	}
}

static struct delivery_answer judged(long status, const char *type,
				     const char *text, size_t n)
{
	struct delivery_answer a = {
		.status = status, .type = type, .text = text, .n = n};

	otlp_server.judge(DELIVERY_CALL_BATCH, "http://h", &a);
	return a;
}

#define PROTOBUF "application/x-protobuf"

static void test_success(void **state)
{
	/* partial_success { rejected_spans: 3, error_message: "no" } */
	static const char partial[] = "\x0a\x06\x08\x03\x12\x02no";
	struct delivery_answer a = judged(200, PROTOBUF, partial, 8);

	(void)state;
	assert_int_equal(a.verdict, DELIVERY_OK);
	assert_int_equal(a.rejected, 3);
	assert_non_null(strstr(a.why, "no"));
	a = judged(200, PROTOBUF, "", 0);
	assert_true(!a.rejected && !a.unreadable && !*a.why);
	/* Cut off: it may have rejected some. */
	a = judged(200, PROTOBUF, partial, 5);
	assert_true(a.verdict == DELIVERY_OK && a.unreadable);
	/* Not the receiver's: of a proxy. */
	a = judged(204, "text/plain", "OK", 2);
	assert_true(a.verdict == DELIVERY_OK && !a.unreadable);
	a = judged(503, NULL, "", 0);
	assert_true(a.verdict == DELIVERY_RETRY && a.maybe_processed);
	a = judged(429, NULL, "", 0);
	assert_true(a.verdict == DELIVERY_RETRY && !a.maybe_processed);
}

/* Of a batch of ten: what is accepted, rejected and uncertain in the end. */
static void outcome(bool maybe_processed, struct delivery_answer a,
		    unsigned int accepted, unsigned int rejected,
		    unsigned int uncertain)
{
	static struct delivery_batch b;
	const struct delivery_answer failed = {
		.verdict = DELIVERY_RETRY, .maybe_processed = maybe_processed};
	struct delivery_batch_result r;

	b = (struct delivery_batch){.n = 10, .requested = 10};
	delivery_batch_again(&b, &failed);
	assert_true(b.n == 10 && !b.first && !b.requested);
	b.requested = 10;
	r = delivery_batch_apply(&b, &otlp_server, &a);
	assert_int_equal(r.accepted, accepted);
	assert_int_equal(r.rejected, rejected);
	assert_int_equal(r.uncertain, uncertain);
	assert_true(delivery_batch_empty(&b));
}

static void test_outcomes(void **state)
{
	const struct delivery_answer ok = {.verdict = DELIVERY_OK};
	const struct delivery_answer part = {.verdict = DELIVERY_OK,
					     .rejected = 3};
	const struct delivery_answer all = {.verdict = DELIVERY_OK,
					    .rejected = 30};
	const struct delivery_answer no = {.verdict = DELIVERY_REJECTED};
	const struct delivery_answer cut = {.verdict = DELIVERY_OK,
					    .unreadable = true};

	(void)state;
	outcome(false, ok, 10, 0, 0);
	outcome(false, part, 7, 3, 0);
	outcome(false, all, 0, 10, 0);
	outcome(false, no, 0, 10, 0);
	outcome(false, cut, 0, 0, 10);
	outcome(true, ok, 0, 0, 10);
	outcome(true, part, 0, 0, 10);
	outcome(true, no, 0, 0, 10);
}

/* --- header fields ------------------------------------------------------ */

static void test_headers(void **state)
{
	static struct otlp_headers h;
	static const char *const bad[] = {
		"no colon\n", "a b: c\n",	   ": c\n",
		"a: \x01\n",  "content-type: x\n", "Host: x\n",
	};
	static const char file[] =
		"# a comment\n\nAuthorization:  Bearer a:b \r\nx-k: v";

	(void)state;
	assert_null(otlp_headers_file(&h, file, strlen(file)));
	assert_int_equal(h.n, 2);
	assert_string_equal(h.line[0], "Authorization: Bearer a:b");
	assert_string_equal(h.line[1], "x-k: v");
	assert_null(otlp_headers_list(&h, "api-key=a%20b%3D, c=d=e"));
	assert_int_equal(h.n, 4);
	assert_string_equal(h.line[2], "api-key: a b=");
	assert_string_equal(h.line[3], "c: d=e");
	assert_non_null(otlp_headers_list(&h, "a=%0d%0aEvil: 1"));
	assert_non_null(otlp_headers_list(&h, "a"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!otlp_headers_file(&h, bad[i], strlen(bad[i])))
			fail_msg("\"%s\"", bad[i]);
	for (unsigned int i = h.n; i < OTLP_HEADERS_MAX; i++)
		assert_null(otlp_headers_list(&h, "a=b"));
	assert_non_null(otlp_headers_list(&h, "a=b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_traceparent),
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_span_variants),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
