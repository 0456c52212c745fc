/* SPDX-License-Identifier: MIT */
/* The line of a transaction: the exact text, and what a JSON parser reads from
 * it whatever bytes the transaction holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "report/trace.h"

#define SPAN(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define FIELD(name, value)              \
	{                               \
		SPAN(name), SPAN(value) \
	}
#define BODY(text)                                                        \
	{                                                                 \
		.data = (const uint8_t *)(text), .len = sizeof(text) - 1, \
		.total = sizeof(text) - 1                                 \
	}

static const struct http_field request_fields[] = {
	FIELD("Host", "api.example.com"),
};
static const struct http_message get = {
	.method = SPAN("GET"),
	.target = SPAN("/v1/users/7?n=0"),
	.host = SPAN("api.example.com"),
	.path = SPAN("/v1/users/7"),
	.query = SPAN("n=0"),
	.version_major = 1,
	.version_minor = 1,
	.fields = request_fields,
	.n_fields = 1,
	.first_ns = 1700000000000003999,
	.last_ns = 1700000000000004999,
};
static const struct http_field response_fields[] = {
	FIELD("Content-Type", "application/json"),
};
static const struct http_message ok = {
	.status = 200,
	.version_major = 1,
	.version_minor = 1,
	.fields = response_fields,
	.n_fields = 1,
	.body = BODY("{\"ok\":true}"),
	.first_ns = 1700000000000309000,
};
static const struct http_transaction example = {
	.request = &get,
	.response = &ok,
	.vni = 7000,
	.client_addr = {[10] = 0xff, 0xff, 10, 1, 0, 5},
	.server_addr = {[10] = 0xff, 0xff, 10, 2, 0, 1},
	.client_port = 20147,
	.server_port = 80,
};

static struct trace_conf *conf_of(const struct trace_options *o)
{
	static const struct trace_options none;
	struct trace_conf *c = trace_conf_new(o ? o : &none);

	assert_non_null(c);
	return c;
}

/* The line as a C string; the caller frees it. */
static char *line_of(const struct http_transaction *t,
		     const struct trace_options *o)
{
	struct trace_conf *c = conf_of(o);
	struct buf b = {0};

	trace_write(&b, t, c);
	trace_conf_free(c);
	assert_false(b.failed);
	assert_true(b.len > 0 && b.p[b.len - 1] == '\n');
	assert_null(memchr(b.p, '\n', b.len - 1));
	buf_add(&b, "", 1);
	return (char *)b.p;
}

static void expect_line(const struct http_transaction *t, const char *expected)
{
	char *line = line_of(t, NULL);

	assert_string_equal(line, expected);
	free(line);
}

static void expect_part(const struct http_transaction *t,
			const struct trace_options *o, const char *part)
{
	char *line = line_of(t, o);

	if (!strstr(line, part))
		fail_msg("\"%s\" is not in %s", part, line);
	free(line);
}

static void expect_absent(const struct http_transaction *t,
			  const struct trace_options *o, const char *part)
{
	char *line = line_of(t, o);

	if (strstr(line, part))
		fail_msg("\"%s\" is in %s", part, line);
	free(line);
}

#define META                                                          \
	"\"meta\":{\"environment\":\"production\",\"incoming\":true," \
	"\"source\":\"10.1.0.5\",\"sourcePort\":20147,"               \
	"\"destination\":\"10.2.0.1\",\"destinationPort\":80,"        \
	"\"metloSource\":\"metlo-xdp\"}"
#define REQUEST                                                                \
	"{\"request\":{\"method\":\"GET\",\"url\":{\"host\":"                  \
	"\"api.example.com\",\"path\":\"/v1/users/7\",\"parameters\":"         \
	"[{\"name\":\"n\",\"value\":\"0\"}]},\"headers\":[{\"name\":\"Host\"," \
	"\"value\":\"api.example.com\"}],\"body\":\"\"},"
#define RESPONSE                                                               \
	"\"response\":{\"status\":200,\"headers\":[{\"name\":\"Content-Type\"" \
	",\"value\":\"application/json\"}],\"body\":\"{\\\"ok\\\":true}\"},"

static void test_pair(void **state)
{
	(void)state;
	expect_line(&example, REQUEST RESPONSE META
		    ",\"capture\":{\"protocol\":\"HTTP/1.1\","
		    "\"target\":\"/v1/users/7?n=0\",\"vni\":7000,"
		    "\"requestTimeUs\":1700000000000003,"
		    "\"responseTimeUs\":1700000000000309,"
		    "\"requestBodyBytes\":0,\"responseBodyBytes\":11,"
		    "\"requestBodySha256\":null,\"responseBodySha256\":null,"
		    "\"requestBodyEncoding\":\"utf8\","
		    "\"responseBodyEncoding\":\"utf8\","
		    "\"interim\":[],\"flags\":[]}}\n");
}

static void test_request_only(void **state)
{
	struct http_transaction t = example;

	(void)state;
	t.response = NULL;
	t.flags = HTTP_F_NO_RESPONSE | HTTP_F_TIMEOUT;
	expect_line(&t,
		    REQUEST "\"response\":null," META
			    ",\"capture\":{\"protocol\":\"HTTP/1.1\","
			    "\"target\":\"/v1/users/7?n=0\",\"vni\":7000,"
			    "\"requestTimeUs\":1700000000000003,"
			    "\"responseTimeUs\":null,"
			    "\"requestBodyBytes\":0,\"responseBodyBytes\":0,"
			    "\"requestBodySha256\":null,"
			    "\"responseBodySha256\":null,"
			    "\"requestBodyEncoding\":\"utf8\","
			    "\"responseBodyEncoding\":\"utf8\","
			    "\"interim\":[],"
			    "\"flags\":[\"no-response\",\"timeout\"]}}\n");
}

static void test_response_only(void **state)
{
	static const uint16_t interim[] = {100, 103};
	struct http_transaction t = example;
	struct http_message r = ok;
	unsigned int i;

	(void)state;
	t.request = NULL;
	t.response = &r;
	t.flags = HTTP_F_NO_REQUEST;
	t.interim = interim;
	t.n_interim = 2;
	r.version_minor = 0;
	r.body.has_sha256 = true;
	for (i = 0; i < 32; i++)
		r.body.sha256[i] = (uint8_t)(i * 8 + 1);
	expect_line(
		&t,
		"{\"request\":null," RESPONSE META
		",\"capture\":{\"protocol\":\"HTTP/1.0\",\"target\":null,"
		"\"vni\":7000,\"requestTimeUs\":null,"
		"\"responseTimeUs\":1700000000000309,"
		"\"requestBodyBytes\":0,\"responseBodyBytes\":11,"
		"\"requestBodySha256\":null,\"responseBodySha256\":"
		"\"0109111921293139414951596169717981899199a1a9b1b9c1c9d1d9e1e9"
		"f1f9\",\"requestBodyEncoding\":\"utf8\","
		"\"responseBodyEncoding\":\"utf8\",\"interim\":[100,103],"
		"\"flags\":[\"no-request\"]}}\n");
}

static void test_all_flags(void **state)
{
	struct http_transaction t = example;

	(void)state;
	t.flags = (1u << HTTP_FLAG_COUNT) - 1;
	expect_part(&t, NULL,
		    "\"flags\":[\"no-response\",\"no-request\",\"midstream\","
		    "\"request-gap\",\"response-gap\",\"truncated\","
		    "\"body-limit\",\"malformed\",\"smuggling\","
		    "\"closed-early\",\"decode-failed\",\"decode-limit\","
		    "\"upgraded\",\"head-limit\",\"timeout\",\"evicted\"]}}");
}

static void test_host_fallback(void **state)
{
	struct http_transaction t = example;
	struct http_message q = get;

	(void)state;
	q.host.len = 0;
	t.request = &q;
	expect_part(&t, NULL, "\"host\":\"10.2.0.1\"");
	t.server_port = 8080;
	expect_part(&t, NULL, "\"host\":\"10.2.0.1:8080\"");
	t.ipv6 = true;
	expect_part(&t, NULL, "\"host\":\"[::ffff:10.2.0.1]:8080\"");
	memset(t.server_addr, 0, 16);
	t.server_addr[0] = 0xfd;
	t.server_addr[15] = 1;
	expect_part(&t, NULL, "\"host\":\"[fd00::1]:8080\"");
	expect_part(&t, NULL, "\"destination\":\"fd00::1\"");
	t.server_port = 80;
	expect_part(&t, NULL, "\"host\":\"[fd00::1]\"");
}

static void test_parameters(void **state)
{
	static const struct {
		struct http_span query;
		const char *expected;
	} cases[] = {
		{SPAN(""), "\"parameters\":[]"},
		{SPAN("a"), "[{\"name\":\"a\",\"value\":\"\"}]"},
		{SPAN("a="), "[{\"name\":\"a\",\"value\":\"\"}]"},
		{SPAN("=b"), "[{\"name\":\"\",\"value\":\"b\"}]"},
		{SPAN("a=b=c"), "[{\"name\":\"a\",\"value\":\"b=c\"}]"},
		{SPAN("&&a=1&&b=2&"), "[{\"name\":\"a\",\"value\":\"1\"},"
				      "{\"name\":\"b\",\"value\":\"2\"}]"},
		{SPAN("a+b=c+d%20e%2"), "[{\"name\":\"a b\",\"value\":"
					"\"c d e%2\"}]"},
		{SPAN("%61=%22%5c%0A%zz%"), "[{\"name\":\"a\",\"value\":"
					    "\"\\\"\\\\\\n%zz%\"}]"},
		{SPAN("x=%e2%82%ac"), "\"value\":\"\xe2\x82\xac\""},
		{SPAN("x=%e2%82"), "\"value\":\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{SPAN("x=%00"), "\"value\":\"\\u0000\""},
	};
	struct http_transaction t = example;
	struct http_message q = get;
	size_t i;

	(void)state;
	t.request = &q;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.query = cases[i].query;
		expect_part(&t, NULL, cases[i].expected);
	}
}

static void test_bodies(void **state)
{
	static const struct {
		struct http_body body;
		const char *body_text, *encoding;
	} cases[] = {
		{BODY("a\xff"), "\"body\":\"Yf8=\"", "base64"},
		{BODY("\xff"), "\"body\":\"/w==\"", "base64"},
		{BODY("\xe2\x82\xac"), "\"body\":\"\xe2\x82\xac\"", "utf8"},
		{BODY("a\0b"), "\"body\":\"a\\u0000b\"", "utf8"},
		/* Ends within a character: whole, that is not UTF-8; */
		{BODY("x\xe2\x82"), "\"body\":\"eOKC\"", "base64"},
		/* cut, the character is left out. */
		{{.data = (const uint8_t *)"x\xe2\x82", .len = 3, .total = 9},
		 "\"body\":\"x\"",
		 "utf8"},
		{{.data = (const uint8_t *)"x\xff\xe2", .len = 3, .total = 9},
		 "\"body\":\"eP/i\"",
		 "base64"},
	};
	struct http_transaction t = example;
	struct http_message q = get, r = ok;
	char expected[64];
	size_t i;

	(void)state;
	t.request = &q;
	t.response = &r;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.body = cases[i].body;
		r.body = cases[i].body;
		expect_part(&t, NULL, cases[i].body_text);
		snprintf(expected, sizeof(expected),
			 "\"requestBodyEncoding\":\"%s\","
			 "\"responseBodyEncoding\":\"%s\"",
			 cases[i].encoding, cases[i].encoding);
		expect_part(&t, NULL, expected);
		snprintf(expected, sizeof(expected),
			 "\"requestBodyBytes\":%llu,",
			 (unsigned long long)cases[i].body.total);
		expect_part(&t, NULL, expected);
	}
}

/* Long bodies, so that they are written in several pieces. */
static void test_long_bodies(void **state)
{
	static const size_t sizes[] = {8190, 8191, 8192, 8193, 70000, 300000};
	struct http_transaction t = example;
	struct http_message r = ok;
	uint8_t *text = malloc(300000), *expected = malloc(600000);
	unsigned int i, shift;
	size_t n, k;
	char *line, *at;

	(void)state;
	assert_non_null(text);
	assert_non_null(expected);
	t.response = &r;
	for (i = 0; i < 6; i++) {
		for (shift = 0; shift < 4; shift++) {
			/* A character of 3 bytes across every boundary. */
			for (k = 0; k < sizes[i]; k++)
				text[k] =
					k < shift
						? 'x'
						: (uint8_t) "\xe2\x82"
							    "\xac"[(k - shift) %
								   3];
			n = json_utf8_complete(text, sizes[i]);
			r.body.data = text;
			r.body.len = r.body.total = n;
			line = line_of(&t, NULL);
			at = strstr(line, "\"response\"");
			at = strstr(at, "\"body\":\"") + 8;
			assert_memory_equal(at, text, n);
			assert_int_equal(at[n], '"');
			free(line);
			text[n - 1] = 0xff;
			line = line_of(&t, NULL);
			at = strstr(line, "\"response\"");
			at = strstr(at, "\"body\":\"") + 8;
			k = (size_t)(json_base64(expected, text, n) - expected);
			assert_memory_equal(at, expected, k);
			assert_int_equal(at[k], '"');
			free(line);
		}
	}
	free(text);
	free(expected);
}

/* --- masking --------------------------------------------------------------- */

static const char *const more_headers[] = {"X-Token"};
static const char *const more_fields[] = {"password", "api_key", "P\xc3\xadn"};
static const struct trace_options with_names = {
	.headers = more_headers,
	.n_headers = 1,
	.fields = more_fields,
	.n_fields = 3,
};

static void test_mask_headers(void **state)
{
	static const struct http_field fields[] = {
		FIELD("authorization", "SECRET"),
		FIELD("PROXY-Authorization", "SECRET"),
		FIELD("Cookie", "SECRET"),
		FIELD("set-cookie", "SECRET"),
		FIELD("X-API-KEY", "SECRET"),
		FIELD("x-token", "TOKEN"),
		FIELD("Cookies", "KEPT"),
		FIELD("", "EMPTY"),
	};
	static const struct trace_options off = {
		.no_redact = true, .headers = more_headers, .n_headers = 1};
	struct http_transaction t = example;
	struct http_message q = get, r = ok;

	(void)state;
	q.fields = r.fields = fields;
	q.n_fields = r.n_fields = 8;
	t.request = &q;
	t.response = &r;
	expect_absent(&t, NULL, "SECRET");
	expect_part(&t, NULL, "{\"name\":\"Cookie\",\"value\":\"[redacted]\"}");
	expect_part(&t, NULL, "\"value\":\"TOKEN\"");
	expect_part(&t, NULL, "\"value\":\"KEPT\"");
	expect_part(&t, NULL, "{\"name\":\"\",\"value\":\"EMPTY\"}");
	expect_absent(&t, &with_names, "TOKEN");
	expect_absent(&t, &with_names, "SECRET");
	expect_part(&t, &off, "\"value\":\"SECRET\"");
	expect_part(&t, &off, "\"value\":\"TOKEN\"");
}

static void test_mask_targets(void **state)
{
	static const struct {
		struct http_span target, path, query;
		const char *expected;
	} cases[] = {
		{SPAN("/a?password=SECRET&b=2"), SPAN("/a"),
		 SPAN("password=SECRET&b=2"),
		 "\"target\":\"/a?password=[redacted]&b=2\""},
		{SPAN("/a?b=2&PassWord=SECRET"), SPAN("/a"),
		 SPAN("b=2&PassWord=SECRET"),
		 "{\"name\":\"PassWord\",\"value\":\"[redacted]\"}"},
		{SPAN("/a?p%61ssword=SECRET"), SPAN("/a"),
		 SPAN("p%61ssword=SECRET"),
		 "{\"name\":\"password\",\"value\":\"[redacted]\"}"},
		{SPAN("/a?user[password]=SECRET"), SPAN("/a"),
		 SPAN("user[password]=SECRET"),
		 "\"target\":\"/a?user[password]=[redacted]\""},
		{SPAN("/a?user.password=SECRET"), SPAN("/a"),
		 SPAN("user.password=SECRET"), "[redacted]"},
		{SPAN("/a?x=1;password=SECRET"), SPAN("/a"),
		 SPAN("x=1;password=SECRET"),
		 "\"target\":\"/a?x=1;password=[redacted]\""},
		{SPAN("/a?password=x;SECRET?SECRET/SECRET#SECRET&c=3"),
		 SPAN("/a"), SPAN("password=x;SECRET?SECRET/SECRET#SECRET&c=3"),
		 "\"target\":\"/a?password=[redacted]&c=3\""},
		{SPAN("/a;password=SECRET/b?c=1"), SPAN("/a;password=SECRET/b"),
		 SPAN("c=1"), "\"path\":\"/a;password=[redacted]\""},
		{SPAN("http://h/a?password=SECRET"), SPAN("/a"),
		 SPAN("password=SECRET"), "[redacted]"},
		{SPAN("password=SECRET"), SPAN("password=SECRET"), SPAN(""),
		 "\"path\":\"password=[redacted]\""},
		{SPAN("/a?password="), SPAN("/a"), SPAN("password="),
		 "[redacted]"},
		{SPAN("/a?p%C3%ADn=SECRET"), SPAN("/a"),
		 SPAN("p%C3%ADn=SECRET"), "[redacted]"},
	};
	struct http_transaction t = example;
	struct http_message q = get;
	size_t i;

	(void)state;
	t.request = &q;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.target = cases[i].target;
		q.path = cases[i].path;
		q.query = cases[i].query;
		expect_part(&t, &with_names, cases[i].expected);
		expect_absent(&t, &with_names, "SECRET");
	}
}

static void test_mask_url_fields(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Referer", "https://h/p?password=SECRET"),
		FIELD("location", "/p?api_key=SECRET&x=1"),
		FIELD("Content-Location", "/p;password=SECRET"),
	};
	struct http_transaction t = example;
	struct http_message q = get;

	(void)state;
	q.fields = fields;
	q.n_fields = 3;
	t.request = &q;
	expect_absent(&t, &with_names, "SECRET");
	expect_part(&t, &with_names, "\"/p?api_key=[redacted]&x=1\"");
}

#define JSON_TYPE  "application/json; charset=utf-8"
#define PARTS_TYPE "multipart/form-data; boundary=b"
#define FORM_TYPE  "application/x-www-form-urlencoded"

static void test_mask_bodies(void **state)
{
	static const struct {
		struct http_field type;
		struct http_body body;
		const char *expected; /* JSON text of the body */
	} cases[] = {
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"password\":\"SECRET\",\"b\":1}"),
		 "\"{\\\"password\\\":\\\"[redacted]\\\",\\\"b\\\":1}\""},
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("[{\"a\":{\"b\":[{\"PASSWORD\" : \"a\\\"SECRET\"}]}}]"),
		 "\"[{\\\"a\\\":{\\\"b\\\":[{\\\"PASSWORD\\\" : "
		 "\\\"[redacted]\\\"}]}}]\""},
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"password\":{\"x\":[\"SECRET}\",{}],\"y\":2},\"b\":1}"),
		 "\"{\\\"password\\\":\\\"[redacted]\\\",\\\"b\\\":1}\""},
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"password\":12345,\"api_key\":null}"),
		 "\"{\\\"password\\\":\\\"[redacted]\\\",\\\"api_key\\\":"
		 "\\\"[redacted]\\\"}\""},
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"p\\u0061ss\\u0077ord\":\"SECRET\"}"),
		 "\"{\\\"p\\\\u0061ss\\\\u0077ord\\\":\\\"[redacted]\\\"}\""},
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"p\\u00edn\":\"SECRET\"}"),
		 "\"{\\\"p\\\\u00edn\\\":\\\"[redacted]\\\"}\""},
		/* A value that says "password" is no member of that name. */
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"k\":\"password\",\"v\":\"x:\\\\\"}"),
		 "\"{\\\"k\\\":\\\"password\\\",\\\"v\\\":\\\"x:\\\\\\\\\\\"}"
		 "\""},
		/* Cut at the limit: in the value, the name, behind it. */
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"a\":1,\"password\":\"SECRE"),
		 "\"{\\\"a\\\":1,\\\"password\\\":\\\"[redacted]\\\"\""},
		{FIELD("Content-Type", JSON_TYPE), BODY("{\"a\":1,\"passw"),
		 "\"{\\\"a\\\":1,\\\"passw\""},
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"a\":1,\"password\""),
		 "\"{\\\"a\\\":1,\\\"password\\\"\""},
		{FIELD("Content-Type", JSON_TYPE), BODY("{\"password\":tru"),
		 "\"{\\\"password\\\":\\\"[redacted]\\\"\""},
		/* Bytes are missing in between: inside and outside of strings
		 * change places. */
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"a\":\"b,\"password\":\"SECRET\"}"),
		 "\"{\\\"a\\\":\\\"b,\\\"[redacted]\""},
		{FIELD("Content-Type", JSON_TYPE),
		 BODY("{\"a\":\"\n\"password\":\"SECRET\"}"),
		 "\"{\\\"a\\\":[redacted]\""},
		/* Not said to be JSON but looks so. */
		{FIELD("Content-Type", "text/plain"),
		 BODY(" [log] {\"password\":\"SECRET\"} kept"),
		 "\" [log] {\\\"password\\\":\\\"[redacted]\\\"} kept\""},
		{FIELD("X", "y"), BODY("\xef\xbb\xbf{\"password\":\"SECRET\"}"),
		 "\"\xef\xbb\xbf{\\\"password\\\":\\\"[redacted]\\\"}\""},
		{FIELD("Content-Type", "text/plain"), BODY("password is kept"),
		 "\"password is kept\""},
		{FIELD("content-type", FORM_TYPE),
		 BODY("a=1&password=SEC+RET%20;SECRET&b=2"),
		 "\"a=1&password=[redacted]&b=2\""},
		{FIELD("content-type", PARTS_TYPE),
		 BODY("--b\r\ncontent-disposition: form-data; name=\"a\""
		      "\r\n\r\nkept\r\n--b\r\nContent-Disposition: "
		      "form-data; name=\"PassWord\"; filename=\"x\"\r\n"
		      "Content-Type: a/b\r\n\r\nSEC\r\nRET\r\n--b--\r\n"),
		 "\"--b\\r\\ncontent-disposition: form-data; name=\\\"a\\\""
		 "\\r\\n\\r\\nkept\\r\\n--b\\r\\nContent-Disposition: "
		 "form-data; name=\\\"PassWord\\\"; filename=\\\"x\\\"\\r\\n"
		 "Content-Type: a/b\\r\\n\\r\\n[redacted]\\r\\n--b--\\r\\n\""},
		/* Cut in the secret; the name of a file is not that of the
		 * part; names without quotes. */
		{FIELD("content-type", PARTS_TYPE),
		 BODY("--b\nContent-Disposition: form-data; name=password\n\n"
		      "SECRE"),
		 "\"--b\\nContent-Disposition: form-data; name=password\\n"
		 "\\n[redacted]\""},
		{FIELD("content-type", PARTS_TYPE),
		 BODY("--b\n:filename=\"password\"; name=\"a\"\n\nkept\n--b--"),
		 "\"--b\\n:filename=\\\"password\\\"; name=\\\"a\\\"\\n\\n"
		 "kept\\n--b--\""},
		{FIELD("content-type", PARTS_TYPE),
		 BODY("--b\n:name=\"password\"\n\n--b\n:name=\"x\"\n\ny"),
		 "\"--b\\n:name=\\\"password\\\"\\n\\n[redacted]--b\\n"
		 ":name=\\\"x\\\"\\n\\ny\""},
		{FIELD("content-type", PARTS_TYPE),
		 BODY("name=\"password\"\n\nSECRET"), "\"[redacted]\""},
		{FIELD("content-type", FORM_TYPE),
		 BODY("user%5Bpassword%5D=SECRET"),
		 "\"user%5Bpassword%5D=[redacted]\""},
	};
	struct http_transaction t = example;
	struct http_message q = get;
	char *line, *at;
	size_t i;

	(void)state;
	t.request = &q;
	q.n_fields = 1;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.fields = &cases[i].type;
		q.body = cases[i].body;
		line = line_of(&t, &with_names);
		at = strstr(line, "\"body\":");
		assert_non_null(at);
		at += 7;
		if (strncmp(at, cases[i].expected, strlen(cases[i].expected)))
			fail_msg("case %zu: %s, expected %s", i, at,
				 cases[i].expected);
		assert_null(strstr(line, "SECRE"));
		free(line);
	}
}

static void test_mask_binary_json(void **state)
{
	/* {"password":"[redacted]"}\xff in base64 */
	static const char expected[] =
		"\"body\":\"eyJwYXNzd29yZCI6IltyZWRhY3RlZF0iLCJhIjoi/yJ9\"";
	static const struct http_field type =
		FIELD("Content-Type", "application/json");
	struct http_transaction t = example;
	struct http_message q = get;

	(void)state;
	t.request = &q;
	q.fields = &type;
	q.body = (struct http_body)BODY(
		"{\"password\":\"SECRET\xfe\",\"a\":\"\xff\"}");
	expect_part(&t, &with_names, expected);
	expect_part(&t, &with_names, "\"requestBodyBytes\":30,");
}

/* Nothing at all: every span is {NULL, 0}. */
static void test_empty(void **state)
{
	static const struct http_message nothing;
	struct http_transaction t = example;

	(void)state;
	t.request = t.response = &nothing;
	expect_part(&t, &with_names,
		    "{\"request\":{\"method\":\"\",\"url\":{\"host\":"
		    "\"10.2.0.1\",\"path\":\"\",\"parameters\":[]},"
		    "\"headers\":[],\"body\":\"\"},\"response\":{\"status\":0,"
		    "\"headers\":[],\"body\":\"\"},");
	expect_part(&t, NULL, "\"target\":\"\"");
}

static void test_names_refused(void **state)
{
	static const char *const empty[] = {""};
	char long_name[300];
	const char *const too_long[] = {long_name};
	struct trace_options o = {.headers = empty, .n_headers = 1};

	(void)state;
	assert_null(trace_conf_new(&o));
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	o.headers = too_long;
	assert_null(trace_conf_new(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_request_only),
		cmocka_unit_test(test_response_only),
		cmocka_unit_test(test_all_flags),
		cmocka_unit_test(test_host_fallback),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_long_bodies),
		cmocka_unit_test(test_mask_headers),
		cmocka_unit_test(test_mask_targets),
		cmocka_unit_test(test_mask_url_fields),
		cmocka_unit_test(test_mask_bodies),
		cmocka_unit_test(test_mask_binary_json),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_names_refused),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
