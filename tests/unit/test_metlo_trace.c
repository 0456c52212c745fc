/* SPDX-License-Identifier: MIT */
/* From a line to a trace: what is accepted, left out, changed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_walk.h"
#include "metlo/trace.h"

#define REQUEST(method, host, path, headers, body)                          \
	"{\"request\":{\"method\":\"" method "\",\"url\":{\"host\":\"" host \
	"\",\"path\":\"" path "\",\"parameters\":[]},\"headers\":[" headers \
	"],\"body\":\"" body "\"}"
#define FIELD(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"
#define RESPONSE(body) \
	",\"response\":{\"status\":200,\"headers\":[],\"body\":\"" body "\"}"
#define META                                                             \
	",\"meta\":{\"environment\":\"production\",\"incoming\":true,"   \
	"\"source\":\"10.1.0.5\",\"sourcePort\":1,\"destination\":\"10." \
	"2.0.1\",\"destinationPort\":80,\"metloSource\":\"metlo-xdp\"}"
#define CAPTURE(request, response)                         \
	",\"capture\":{\"requestBodyEncoding\":\"" request \
	"\",\"responseBodyEncoding\":\"" response "\",\"flags\":[]}}"
#define UTF8   CAPTURE("utf8", "utf8") "\n"
#define SIMPLE REQUEST("GET", "h", "/a", "", "") RESPONSE("ok") META UTF8

static struct ingest_changes changes;

static void add_peer(struct delivery_peers *peers, const char *ipv4,
		     uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(port)};

	assert_int_equal(inet_pton(AF_INET, ipv4, &in.sin_addr), 1);
	delivery_peers_add(peers, (const struct sockaddr *)&in);
}

static enum ingest_trace_verdict write_trace(struct buf *out, const char *line,
					     size_t max)
{
	struct delivery_peers peers = {0};
	const struct ingest_trace_conf conf = {
		.self = "metlo.example.com:8081", .peers = &peers, .max = max};

	add_peer(&peers, "10.2.0.1", 80);

	buf_clear(out);
	return ingest_trace_write(out, (const uint8_t *)line, strlen(line),
				  &conf, &changes);
}

static void becomes(const char *line, const char *want)
{
	struct buf out = {0};

	assert_int_equal(write_trace(&out, line, 10000), INGEST_TRACE_ACCEPTED);
	buf_add(&out, "", 1);
	assert_string_equal(out.p, want);
	buf_free(&out);
}

static void ends(const char *line, enum ingest_trace_verdict want)
{
	struct buf out = {0};

	assert_int_equal(write_trace(&out, line, 10000), want);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void test_accepted(void **state)
{
	(void)state;
	becomes(SIMPLE,
		REQUEST("GET", "h", "/a", "", "") RESPONSE("ok") META "}");
	assert_int_equal(changes.cut + changes.binary, 0);
	becomes(REQUEST("POST", "h\\\"", "/\\u00e4", "", "{\\\"a\\\":\\\\}")
			RESPONSE("}],\\\"") META UTF8,
		REQUEST("POST", "h\\\"", "/\\u00e4", "", "{\\\"a\\\":\\\\}")
			RESPONSE("}],\\\"") META "}");
}

static void test_left_out(void **state)
{
	(void)state;
	ends(REQUEST("GET", "h", "/a", "", "") ",\"response\":null" META UTF8,
	     INGEST_TRACE_INCOMPLETE);
	ends("{\"request\":null" RESPONSE("ok") META UTF8,
	     INGEST_TRACE_INCOMPLETE);
	ends(REQUEST("GET", "metlo.example.com:8081", "/api/v1", "", "")
		     RESPONSE("ok") META UTF8,
	     INGEST_TRACE_SELF);
	ends(REQUEST("GET", "METLO.example.com:8081", "/api/v1", "", "")
		     RESPONSE("ok") META UTF8,
	     INGEST_TRACE_SELF);
	ends(REQUEST("GET", "h", "/a", "",
		     "") ",\"response\":{\"status\":0,\"headers\":[],\"body\":\"\"}" META
		     UTF8,
	     INGEST_TRACE_STATUS);
	ends("", INGEST_TRACE_MALFORMED);
	ends("{}", INGEST_TRACE_MALFORMED);
	ends("[1,2]", INGEST_TRACE_MALFORMED);
	/* No prefix of a line is accepted, and nothing after it is read. */
	for (size_t n = 0; n + 2 < strlen(SIMPLE); n++) {
		char *part = strndup(SIMPLE, n);

		ends(part, INGEST_TRACE_MALFORMED);
		free(part);
	}
	/* The collector's host is a prefix of another host. */
	becomes(REQUEST("GET", "metlo.example.com:80812", "/", "", "")
			RESPONSE("") META UTF8,
		REQUEST("GET", "metlo.example.com:80812", "/", "", "")
			RESPONSE("") META "}");
}

/* A Host field that names the collector does not hide a request to another
 * server; neither does the collector's address alone. */
static void test_self(void **state)
{
	static const char to_other[] =
		",\"meta\":{\"environment\":\"production\",\"incoming\":true,"
		"\"source\":\"10.1.0.5\",\"sourcePort\":1,\"destination\":\"10."
		"2.0.1\",\"destinationPort\":8080,\"metloSource\":\"metlo-xdp\"}";
	char line[2000], want[2000];

	(void)state;
	sprintf(line, "%s%s%s",
		REQUEST("GET", "metlo.example.com:8081", "/a", "", "")
			RESPONSE("ok"),
		to_other, UTF8);
	sprintf(want, "%s%s}",
		REQUEST("GET", "metlo.example.com:8081", "/a", "", "")
			RESPONSE("ok"),
		to_other);
	becomes(line, want);
}

static void test_peers(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons(443)};
	struct delivery_peers peers = {0};
	char text[32];

	(void)state;
	assert_false(delivery_peers_has(&peers, (const uint8_t *)"", 0, 0));
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	delivery_peers_add(&peers, (const struct sockaddr *)&in6);
	assert_true(delivery_peers_has(
		&peers, (const uint8_t *)"2001:DB8:0::1x", 13, 443));
	assert_false(delivery_peers_has(&peers, (const uint8_t *)"2001:db8::1",
					11, 80));
	inet_pton(AF_INET6, "::ffff:10.0.0.1", &in6.sin6_addr);
	delivery_peers_add(&peers, (const struct sockaddr *)&in6);
	assert_true(delivery_peers_has(&peers, (const uint8_t *)"10.0.0.1", 8,
				       443));
	/* the latest are kept, and one address counts once */
	for (unsigned int i = 0; i < 3 * DELIVERY_PEERS_MAX; i++) {
		sprintf(text, "10.1.0.%u", i / 3);
		add_peer(&peers, text, 80);
	}
	assert_false(delivery_peers_has(&peers, (const uint8_t *)"10.0.0.1", 8,
					443));
	for (unsigned int i = 0; i < DELIVERY_PEERS_MAX; i++) {
		sprintf(text, "10.1.0.%u", i);
		assert_true(delivery_peers_has(&peers, (const uint8_t *)text,
					       strlen(text), 80));
	}
}

/* What the collector rejects is encoded, not left out. */
static void test_encoded(void **state)
{
	static const struct {
		const char *path, *encoded;
	} paths[] = {
		{"/a;b=c", "/a;b%3Dc"},
		{"/a&b", "/a%26b"},
		{"///", "/%2F/"},
		{"/a//b//c", "/a/%2Fb/%2Fc"},
		{"*", "/*"},
		{"", "/"},
		{"h:443", "/h:443"},
		{"/a\\\\b", "/a%5Cb"},
		{"/<\\u003f\\u00e4\\\"", "/%3C%3F\\u00e4\\\""},
	};
	char line[1000], want[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		sprintf(line,
			REQUEST("GET", "h", "%s", "", "") RESPONSE("ok")
				META UTF8,
			paths[i].path);
		sprintf(want,
			REQUEST("GET", "h", "%s", "", "") RESPONSE("ok") META
			"}",
			paths[i].encoded);
		becomes(line, want);
		assert_true(changes.path);
		assert_true(ingest_path_valid((const uint8_t *)paths[i].encoded,
					      strlen(paths[i].encoded)));
	}
	becomes(REQUEST("PROPFIND", "h", "/a", FIELD("A", "b"), "")
			RESPONSE("ok") META UTF8,
		REQUEST("GET", "h", "/a",
			FIELD("X-Original-Method", "PROPFIND") "," FIELD("A",
									 "b"),
			"") RESPONSE("ok") META "}");
	assert_true(changes.method);
	becomes(REQUEST("post", "h", "*", "", "x=1") RESPONSE("ok") META UTF8,
		REQUEST("POST", "h", "/*", FIELD("X-Original-Method", "post"),
			"x=1") RESPONSE("ok") META "}");
}

static bool path(const char *text)
{
	return ingest_path_valid((const uint8_t *)text, strlen(text));
}

/* The rules of getValidPath(). */
static void test_paths(void **state)
{
	static const char *const good[] = {
		"/",	  "/a",	       "/a/b",	   "/a/",	"/a//b",
		"/a/b/",  "//a",       "/a b",	   "/\xc3\xa4", "/a;b,c",
		"/%3f",	  "/a\\\"b",   "/\\u0001", "/{id}",	"/a:b@c",
		"/a/../", "/a\\u00e4", "\\/a",	   "\\u002fa",	"/~x'!*()+",
	};
	static const char *const bad[] = {
		"",	"a",	  "*",		"h:443",      "//",
		"///",	"/a//b/", "//a/",	"/a//b//c",   "/a?b",
		"/a<b", "/a>b",	  "/a&b",	"/a=b",	      "/a\\\\b",
		"?",	" /a",	  "/a\\u003fb", "/a\\u005cb", "\\u0000/a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!path(good[i]))
			fail_msg("%s is valid", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (path(bad[i]))
			fail_msg("%s is not valid", bad[i]);
}

/* The first address of X-Forwarded-For, or no change. */
static void forwarded(const char *value, const char *source)
{
	char *line, *want, *headers;

	assert_true(
		asprintf(
			&headers,
			FIELD("A", "1.1.1.1") ",{\"name\":\"X-FORWARDED-for\",\"value\":\"%s\"}," FIELD(
				"x-forwarded-for", "9.9.9.9"),
			value) > 0);
	assert_true(asprintf(&line,
			     REQUEST("GET", "h", "/a", "%s", "") RESPONSE("ok")
				     META UTF8,
			     headers) > 0);
	if (source)
		assert_true(
			asprintf(
				&want,
				REQUEST("GET", "h", "/a", "%s", "") RESPONSE(
					"ok") ",\"meta\":{\"environment\":\"production\",\"incoming\":true,\"source\":\"%s\",\"sourcePort\":1,\"destination\":\"10.2.0.1\",\"destinationPort\":80,\"metloSource\":\"metlo-xdp\",\"originalSource\":\"10.1.0.5\"}}",
				headers, source) > 0);
	else
		assert_true(asprintf(&want,
				     REQUEST("GET", "h", "/a", "%s", "")
					     RESPONSE("ok") META "}",
				     headers) > 0);
	becomes(line, want);
	free(headers);
	free(line);
	free(want);
}

static void test_forwarded(void **state)
{
	(void)state;
	forwarded("203.0.113.7", "203.0.113.7");
	forwarded("203.0.113.7, 10.0.0.1", "203.0.113.7");
	forwarded("  203.0.113.7 ,10.0.0.1", "203.0.113.7");
	forwarded("203.0.113.7:4711", "203.0.113.7");
	forwarded("2001:db8::7", "2001:db8::7");
	forwarded("[2001:db8::7]:4711, 1.2.3.4", "2001:db8::7");
	forwarded("::ffff:1.2.3.4", "::ffff:1.2.3.4");
	forwarded("", NULL);
	forwarded(",", NULL);
	forwarded("unknown", NULL);
	forwarded("_hidden, 1.2.3.4", NULL);
	forwarded("[redacted]", NULL);
	forwarded("[2001:db8::7", NULL);
	forwarded("1.2.3.4\\\"", NULL);
	forwarded("1.2.3.4.5", NULL);
	forwarded(
		"11111111111111111111111111111111111111111111111111111111111111111111",
		NULL);
}

/* With --trusted-proxies the line says who the client is, whatever a client wrote. */
static void test_trusted_proxies(void **state)
{
	static const struct {
		const char *capture, *original;
	} cases[] = {
		{"\"sourceFrom\":\"peer\"", ""},
		{"\"peer\":\"10.9.9.9:4711\",\"sourceFrom\":\"forwarded\"",
		 ",\"originalSource\":\"10.9.9.9\""},
		{"\"peer\":\"[2001:db8::9]:4711\",\"sourceFrom\":\"x-forwarded-for\"",
		 ",\"originalSource\":\"2001:db8::9\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *line, *want;

		assert_true(
			asprintf(
				&line,
				REQUEST("GET", "h", "/a",
					FIELD("X-Forwarded-For", "6.6.6.6"), "")
					RESPONSE("ok") META
				",\"capture\":{\"protocol\":\"HTTP/1.1\",%s,\"requestBodyEncoding\":\"utf8\",\"responseBodyEncoding\":\"utf8\"}}",
				cases[i].capture) > 0);
		/* META without the brace that closes it. */
		assert_true(
			asprintf(&want, "%s%.*s%s}}",
				 REQUEST("GET", "h", "/a",
					 FIELD("X-Forwarded-For", "6.6.6.6"),
					 "") RESPONSE("ok"),
				 (int)sizeof(META) - 2, META,
				 cases[i].original) > 0);
		becomes(line, want);
		free(line);
		free(want);
	}
}

/* A binary body is left empty: base64 would be meaningless to Metlo. */
static void test_binary(void **state)
{
	(void)state;
	becomes(REQUEST("PUT", "h", "/a", "", "AAEC") RESPONSE("text")
			META CAPTURE("base64", "utf8"),
		REQUEST("PUT", "h", "/a", "", "") RESPONSE("text") META "}");
	assert_int_equal(changes.binary, 1);
	becomes(REQUEST("PUT", "h", "/a", "", "AAEC") RESPONSE("AAEC")
			META CAPTURE("base64", "base64"),
		REQUEST("PUT", "h", "/a", "", "") RESPONSE("") META "}");
	assert_int_equal(changes.binary, 2);
	becomes(REQUEST("PUT", "h", "/a", "", "--b") RESPONSE("text")
			META CAPTURE("multipart", "utf8"),
		REQUEST("PUT", "h", "/a", "", "") RESPONSE("text") META "}");
	assert_int_equal(changes.binary, 1);
}

/* A line whose bodies have text repeated that many times. */
static char *long_line(const char *piece, size_t request, size_t response)
{
	struct buf b = {0};

	buf_add_str(
		&b,
		"{\"request\":{\"method\":\"GET\",\"url\":{\"host\":\"h\",\"path\":\"/\",\"parameters\":[]},\"headers\":[],\"body\":\"");
	while (request--)
		buf_add_str(&b, piece);
	buf_add_str(
		&b,
		"\"},\"response\":{\"status\":200,\"headers\":[],\"body\":\"");
	while (response--)
		buf_add_str(&b, piece);
	buf_add_str(&b, "\"}" META UTF8);
	buf_add(&b, "", 1);
	return (char *)b.p;
}

static size_t body_length(const struct buf *b, const char *message)
{
	struct json_text t = {b->p, b->len}, body, content;

	assert_true(json_member(t, message, &t));
	assert_true(json_member(t, "body", &body));
	assert_true(json_string(body, &content));
	return content.n;
}

/* Bodies are not truncated within a character or an escape. */
static void test_cut(void **state)
{
	static const char *const pieces[] = {"a", "\\n", "\\u0001", "\xc3\xa9",
					     "\xf0\x9f\x98\x80"};
	const size_t max = 2000;
	struct buf out = {0};
	size_t n[2];

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		size_t piece = strlen(pieces[i]);

		for (int which = 0; which < 4; which++) {
			char *line = long_line(pieces[i], which & 1 ? 5000 : 7,
					       which & 2 ? 5000 : 9);

			assert_int_equal(write_trace(&out, line, max),
					 INGEST_TRACE_ACCEPTED);
			assert_true(out.len <= max);
			n[0] = body_length(&out, "request");
			n[1] = body_length(&out, "response");
			assert_int_equal(n[0] % piece, 0);
			assert_int_equal(n[1] % piece, 0);
			assert_int_equal(changes.cut,
					 (which & 1) + (which >> 1));
			if (which)
				assert_true(out.len > max - 300);
			if (which == 3)
				assert_true(n[0] > 500 && n[1] > 500);
			else if (which)
				assert_int_equal(n[which & 1],
						 piece * (which & 1 ? 9 : 7));
			buf_add(&out, "", 1);
			assert_int_equal(
				!!strstr((char *)out.p,
					 ",\"flags\":[\"body-limit\"]}}"),
				which > 0);
			free(line);
		}
	}
	assert_int_equal(write_trace(&out, SIMPLE, 400), INGEST_TRACE_SIZE);
	buf_free(&out);
}

static size_t rejected(const char *path_in_trace, const char *answer)
{
	struct buf line = {0};
	size_t n;

	buf_add_str(&line, "{\"request\":{\"url\":{\"path\":\"");
	buf_add_str(&line, path_in_trace);
	buf_add_str(&line, "\"}}}");
	n = ingest_trace_rejected(line.p, line.len, answer);
	buf_free(&line);
	return n;
}

static void test_rejected(void **state)
{
	(void)state;
	assert_int_equal(rejected("/a", "Invalid path /a: no"), 2);
	assert_int_equal(
		rejected("/a", "{\"message\":\"Invalid path /a: no\"}"), 2);
	assert_int_equal(rejected("/a", "Error: Invalid path /a: no"), 2);
	assert_int_equal(rejected("/a", "Invalid path /ab: no"), 0);
	assert_int_equal(rejected("/ab", "Invalid path /a: no"), 0);
	assert_int_equal(rejected("/a", "Invalid path /a"), 0);
	assert_int_equal(rejected("/a", "bad request"), 0);
	assert_int_equal(rejected("/a", ""), 0);
	/* A path that continues like the message. */
	assert_int_equal(rejected("/a: b", "Invalid path /a: b: no"), 5);
	assert_int_equal(rejected("/a\\\"b", "Invalid path /a\"b: no"), 4);
	assert_true(rejected("/a\\\"b",
			     "{\"message\":\"Invalid path /a\\\"b: no\"}") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_encoded),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_trusted_proxies),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_rejected),
	};

	return cmocka_run_group_tests_name("ingest_trace", tests, NULL, NULL);
}
