/* SPDX-License-Identifier: MIT */
/* Lines compared with the exact expected text. */
#include "trace_kit.h"

#include "base/json.h"

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

#define ID                                                                                       \
	",\"capture\":{\"schema\":2,\"kind\":\"http\",\"id\":\"60a24181e4003abcdefabcdefa00000f" \
	"\",\"connection\":\"60a24180efdc0abcdefabcdefa\",\"collector\":null,"                   \
	"\"interface\":null,"
#define BODIES \
	"\"requestBodyEncoding\":\"utf8\",\"responseBodyEncoding\":\"utf8\","
#define NO_LISTS \
	"\"requestTrailers\":[],\"responseTrailers\":[],\"interim\":[],"

static void expect_line(const struct http_transaction *t, const char *expected)
{
	char *line = line_of(t, NULL);

	assert_string_equal(line, expected);
	free(line);
}

static void test_pair(void **state)
{
	(void)state;
	expect_line(
		&trace_example, REQUEST RESPONSE META ID
		"\"protocol\":\"HTTP/1.1\",\"target\":\"/v1/users/7?n=0\",\"vni\":7000,"
		"\"requestStartUs\":1700000000000003,\"requestEndUs\":1700000000000004,\"responseStartUs\":1700000000000309,\"responseEndUs\":1700000000002309,\"durationUs\":2306,"
		"\"requestBodyBytes\":0,\"responseBodyBytes\":11,\"requestWireBytes\":0,\"responseWireBytes\":11,\"requestBodySha256\":null,\"responseBodySha256\":null," BODIES
		"\"responseProtocol\":\"HTTP/1.1\",\"reason\":\"OK\"," NO_LISTS
		"\"flags\":[]}}\n");
}

static void test_request_only(void **state)
{
	struct http_transaction t = trace_example;

	(void)state;
	t.response = NULL;
	t.flags = HTTP_F_NO_RESPONSE | HTTP_F_TIMEOUT;
	expect_line(
		&t, REQUEST
		"\"response\":null," META ID
		"\"protocol\":\"HTTP/1.1\",\"target\":\"/v1/users/7?n=0\",\"vni\":7000,"
		"\"requestStartUs\":1700000000000003,\"requestEndUs\":1700000000000004,\"responseStartUs\":null,\"responseEndUs\":null,\"durationUs\":null,"
		"\"requestBodyBytes\":0,\"responseBodyBytes\":0,\"requestWireBytes\":0,\"responseWireBytes\":0,\"requestBodySha256\":null,\"responseBodySha256\":null," BODIES
		"\"responseProtocol\":null,\"reason\":null," NO_LISTS
		"\"flags\":[\"no-response\",\"timeout\"]}}\n");
}

static void test_response_only(void **state)
{
	static const struct http_field hints[] = {FIELD("Link", "</a.css>")};
	const struct http_message interim[] = {
		{.status = 100, .first_ns = 1700000000000200000},
		{.status = 103,
		 .fields = hints,
		 .n_fields = 1,
		 .first_ns = 1700000000000300999}};
	struct http_transaction t = trace_example;
	struct http_message r = trace_ok;
	unsigned int i;

	(void)state;
	t.request = NULL;
	t.response = &r;
	t.flags = HTTP_F_NO_REQUEST;
	t.interim = interim;
	t.n_interim = 2;
	r.version_minor = 242; /* never a character of its own */
	r.body.wire = 8;
	r.body.has_sha256 = true;
	for (i = 0; i < 32; i++)
		r.body.sha256[i] = (uint8_t)(i * 8 + 1);
	expect_line(
		&t,
		"{\"request\":null," RESPONSE META ID
		"\"protocol\":\"HTTP/1.242\",\"target\":null,\"vni\":7000,"
		"\"requestStartUs\":null,\"requestEndUs\":null,\"responseStartUs\":1700000000000309,\"responseEndUs\":1700000000002309,\"durationUs\":null,"
		"\"requestBodyBytes\":0,\"responseBodyBytes\":11,\"requestWireBytes\":0,\"responseWireBytes\":8,\"requestBodySha256\":null,\"responseBodySha256\":\"0109111921293139414951596169717981899199a1a9b1b9c1c9d1d9e1e9f1f9\"," BODIES
		"\"responseProtocol\":\"HTTP/1.242\",\"reason\":\"OK\",\"requestTrailers\":[],\"responseTrailers\":[],\"interim\":[{\"status\":100,\"time\":1700000000000200,\"headers\":[]},{\"status\":103,\"time\":1700000000000300,\"headers\":[{\"name\":\"Link\",\"value\":\"</a.css>\"}]}],"
		"\"flags\":[\"no-request\"]}}\n");
}

/* Trailers are fields, too; what was not seen in time order has no duration. */
static void test_trailers(void **state)
{
	static const struct http_field fields[] = {
		FIELD("TE", "trailers"), FIELD("X-Sum", "1"),
		FIELD("Authorization", "SECRET")};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;

	(void)state;
	t.request = &q;
	t.response = &r;
	q.fields = fields;
	q.n_fields = 3;
	q.n_trailers = 2;
	r.first_ns = r.last_ns = q.first_ns - 1000;
	expect_part(
		&t, NULL,
		"\"headers\":[{\"name\":\"TE\",\"value\":\"trailers\"},{\"name\":\"X-Sum\",\"value\":\"1\"},{\"name\":\"Authorization\",\"value\":\"[redacted]\"}]");
	expect_part(
		&t, NULL,
		"\"requestTrailers\":[{\"name\":\"X-Sum\",\"value\":\"1\"},{\"name\":\"Authorization\",\"value\":\"[redacted]\"}],\"responseTrailers\":[],\"interim\":[],");
	expect_part(&t, NULL, "\"durationUs\":null,");
	r.fields = fields;
	r.n_fields = r.n_trailers = 1;
	t.clock_ns = -1000000000;
	expect_part(
		&t, NULL,
		"\"responseTrailers\":[{\"name\":\"TE\",\"value\":\"trailers\"}],");
	expect_part(
		&t, NULL,
		"\"requestStartUs\":1699999999000003,\"requestEndUs\":1699999999000004,\"responseStartUs\":1699999999000002,\"responseEndUs\":1699999999000002,");
}

/* Secrets of interim responses, malformed ones too. */
static void test_interim_masked(void **state)
{
	static const struct http_field hints[] = {
		FIELD("Set-Cookie", "SECRET"),
		FIELD("Link", "<http://u:SECRET@h/>")};
	static const struct http_field odd[] = {FIELD("Cookie\"", "SECRET")};
	struct http_message interim[] = {
		{.status = 103, .fields = hints, .n_fields = 2},
		{.status = 103,
		 .fields = odd,
		 .n_fields = 1,
		 .malformed = true}};
	struct http_transaction t = trace_example;

	(void)state;
	t.interim = interim;
	t.n_interim = 2;
	expect_absent(&t, NULL, "SECRET");
	expect_part(&t, &(const struct trace_options){.no_redact = true},
		    "{\"name\":\"Cookie\\\"\",\"value\":\"SECRET\"}");
}

static void test_names(void **state)
{
	const struct trace_options o = {.environment = "stage \"2\"",
					.collector = "c1",
					.interface = "ens5"};
	char longest[TRACE_NAME_MAX + 2];
	struct trace_options odd = {.environment = longest,
				    .collector = longest,
				    .interface = longest};

	(void)state;
	expect_part(
		&trace_example, &o,
		"\"meta\":{\"environment\":\"stage \\\"2\\\"\",\"incoming\"");
	expect_part(&trace_example, &o,
		    "\"collector\":\"c1\",\"interface\":\"ens5\",");
	/* what takes most room; one byte is too many */
	memset(longest, 1, sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	expect_part(&trace_example, &odd, "\\u0001\",\"interface\":\"\\u0001");
}

static void test_all_flags(void **state)
{
	struct http_transaction t = trace_example;

	(void)state;
	t.flags = (1u << HTTP_FLAG_COUNT) - 1;
	expect_part(
		&t, NULL,
		"\"flags\":[\"no-response\",\"no-request\",\"midstream\",\"request-gap\",\"response-gap\",\"truncated\",\"body-limit\",\"malformed\",\"smuggling\",\"closed-early\",\"decode-failed\",\"decode-limit\",\"coding-unknown\",\"upgraded\",\"head-limit\",\"timeout\",\"evicted\",\"ambiguous\",\"proxy-unconfirmed\",\"source-ambiguous\",\"obs-text\",\"pair-assumed\",\"fields-unknown\",\"reset\"]}}");
}

/* HTTP/2: what was not captured is null, also with masks; the value of a field
 * without a name may be a secret. */
static void test_unknown(void **state)
{
	static const struct http_field fields[] = {
		FIELD("a", "1"),
		{SPAN("authorization"), {NULL, 0}},
		{{NULL, 0}, SPAN("SECRET")},
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;

	(void)state;
	t.request = &q;
	t.response = &r;
	t.flags = HTTP_F_FIELDS_UNKNOWN;
	t.stream = 7;
	q.http2 = r.http2 = true;
	q.fields = fields;
	q.n_fields = 3;
	r.status = 0;
	r.unknown = HTTP_UNKNOWN_STATUS;
	for (unsigned int redact = 0; redact < 2; redact++) {
		const struct trace_options o = {.no_redact = !redact};

		q.unknown = 0;
		expect_part(
			&t, &o,
			"\"headers\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"authorization\",\"value\":null},{\"name\":null,\"value\":null}],\"body\"");
		expect_absent(&t, &o, "SECRET");
		expect_part(&t, &o, "\"response\":{\"status\":null,");
		expect_part(&t, &o, "\"protocol\":\"HTTP/2\",\"target\"");
		expect_part(&t, &o, "\"vni\":7000,\"stream\":7,");
		q.unknown = HTTP_UNKNOWN_METHOD | HTTP_UNKNOWN_TARGET |
			    HTTP_UNKNOWN_HOST;
		expect_part(
			&t, &o,
			"{\"request\":{\"method\":null,\"url\":{\"host\":null,\"path\":null,\"parameters\":[]},\"headers\":[");
		expect_part(&t, &o, "\"target\":null,");
		q.unknown = HTTP_UNKNOWN_HOST;
		expect_part(
			&t, &o,
			"\"method\":\"GET\",\"url\":{\"host\":null,\"path\":\"/v1/users/7\",\"parameters\":[{");
	}
}

/* Trailers of HTTP/2 are not among the header fields. */
static void test_trailers_of_http2(void **state)
{
	static const struct http_field fields[] = {FIELD("a", "1"),
						   FIELD("b", "2")};
	struct http_transaction t = trace_example;
	struct http_message r = trace_ok;

	(void)state;
	t.response = &r;
	r.http2 = true;
	r.fields = fields;
	r.n_fields = 2;
	r.n_trailers = 1;
	expect_part(&t, NULL,
		    "\"headers\":[{\"name\":\"a\",\"value\":\"1\"}],\"body\"");
	expect_part(&t, NULL,
		    "\"responseTrailers\":[{\"name\":\"b\",\"value\":\"2\"}]");
}

/* A PROXY header names the client; the TCP peer stays visible. */
static void test_proxied(void **state)
{
	struct http_transaction t = trace_example;

	(void)state;
	t.proxied = true;
	t.source_port = 65535;
	memcpy(t.source_addr, (uint8_t[16]){[10] = 0xff, 0xff, 203, 0, 113, 7},
	       16);
	expect_part(&t, NULL,
		    "\"source\":\"203.0.113.7\",\"sourcePort\":65535,");
	expect_part(
		&t, NULL,
		"\"vni\":7000,\"peer\":\"10.1.0.5:20147\",\"requestStartUs\"");
	t.source_ipv6 = t.ipv6 = true;
	memset(t.source_addr, 0xff, 16);
	memset(t.client_addr, 0xff, 16);
	expect_part(
		&t, NULL,
		"\"source\":\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\",\"sourcePort\":65535,");
	expect_part(
		&t, NULL,
		"\"peer\":\"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:20147\",");
}

static void test_host_fallback(void **state)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

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
		{SPAN("&&a=1&&b=2&"),
		 "[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\",\"value\":\"2\"}]"},
		{SPAN("a+b=c+d%20e%2"),
		 "[{\"name\":\"a b\",\"value\":\"c d e%2\"}]"},
		{SPAN("%61=%22%5c%0A%zz%"),
		 "[{\"name\":\"a\",\"value\":\"\\\"\\\\\\n%zz%\"}]"},
		{SPAN("x=%e2%82%ac"), "\"value\":\"\xe2\x82\xac\""},
		{SPAN("x=%e2%82"), "\"value\":\"\xc3\xa2\\u0082\""},
		{SPAN("x=%00"), "\"value\":\"\\u0000\""},
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
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
		/* Ends within a character: not UTF-8 if the body is complete; */
		{BODY("x\xe2\x82"), "\"body\":\"eOKC\"", "base64"},
		/* if it was cut by the limit, the partial character is omitted. */
		{{.data = (const uint8_t *)"x\xe2\x82", .len = 3, .total = 9},
		 "\"body\":\"x\"",
		 "utf8"},
		{{.data = (const uint8_t *)"x\xff\xe2", .len = 3, .total = 9},
		 "\"body\":\"eP/i\"",
		 "base64"},
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;
	char expected[64];
	size_t i;

	(void)state;
	t.request = &q;
	t.response = &r;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q.body = cases[i].body;
		r.body = cases[i].body;
		expect_part(&t, NULL, cases[i].body_text);
		snprintf(
			expected, sizeof(expected),
			"\"requestBodyEncoding\":\"%s\",\"responseBodyEncoding\":\"%s\"",
			cases[i].encoding, cases[i].encoding);
		expect_part(&t, NULL, expected);
		snprintf(expected, sizeof(expected),
			 "\"requestBodyBytes\":%llu,",
			 (unsigned long long)cases[i].body.total);
		expect_part(&t, NULL, expected);
	}
}

/* Bodies longer than one step of line_text(). */
static void test_long_bodies(void **state)
{
	static const size_t sizes[] = {8190, 8191, 8192, 8193, 70000, 300000};
	struct http_transaction t = trace_example;
	struct http_message r = trace_ok;
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
			/* A 3-byte character at every offset from a boundary. */
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

/* An empty message: every span is {NULL, 0}. */
static void test_empty(void **state)
{
	static const struct http_message nothing;
	static const char *const fields[] = {"password"};
	const struct trace_options masking = {.fields = fields, .n_fields = 1};
	struct http_transaction t = trace_example;

	(void)state;
	t.request = t.response = &nothing;
	expect_part(
		&t, &masking,
		"{\"request\":{\"method\":\"\",\"url\":{\"host\":\"10.2.0.1\",\"path\":\"\",\"parameters\":[]},\"headers\":[],\"body\":\"\"},\"response\":{\"status\":0,\"headers\":[],\"body\":\"\"},");
	expect_part(&t, NULL, "\"target\":\"\"");
}

/* Moves the text of s to the end of the block. */
static void move_to(struct http_span *s, uint8_t **end, const char *text,
		    size_t n)
{
	memcpy(*end, text, n);
	*s = (struct http_span){*end, (uint32_t)n};
	*end += n;
}

/* With a readable limit, the line is the same, and nothing beyond the limit is
 * read: the block ends there, so that ASan would notice. */
static void test_readable(void **state)
{
	static const char text[] =
		"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv";
	static const char odd[] = {'x', '"', '\\', '\n', 1, (char)0xc3};

	(void)state;
	for (size_t n = 0; n < 70; n++) {
		for (size_t i = 0; i < 5 * sizeof(odd); i++) {
			size_t behind = i / sizeof(odd) * 16;
			uint8_t *block = malloc(4 * n + behind + 1);
			uint8_t *end = block;
			struct http_message q = trace_get;
			struct http_transaction t = trace_example;
			struct http_field f;
			char value[70], *with, *without;

			assert_non_null(block);
			memcpy(value, text, n);
			if (n)
				value[i * 7 % n] = odd[i % sizeof(odd)];
			move_to(&f.name, &end, text, n);
			move_to(&q.query, &end, text, n);
			move_to(&q.path, &end, value, n);
			move_to(&f.value, &end, value, n);
			memset(end, i & 1 ? '"' : 'y', behind + 1);
			/* the whole message is in the block */
			q.method = q.host = f.name;
			q.target = q.path;
			q.fields = &f;
			t.request = &q;
			without = line_of(&t, NULL);
			q.n_regular = i & 2 && n;
			q.readable = end + behind;
			with = line_of(&t, NULL);
			assert_string_equal(with, without);
			free(with);
			free(without);
			free(block);
		}
	}
}

/* Not UTF-8: read as ISO 8859-1, so that different bytes stay different, and
 * flagged. */
static void test_latin1(void **state)
{
	struct http_field fields[] = {
		{SPAN("Location"), SPAN("/\xfc/\xe2\x82\xac")},
		{SPAN("A"), SPAN("\xe2\x82\xac")},
	};
	struct http_message request = *trace_example.request;
	struct http_transaction t = trace_example;
	uint8_t large[20001];

	(void)state;
	request.fields = fields;
	request.n_fields = 2;
	t.request = &request;
	expect_part(
		&t, NULL,
		"\"value\":\"/\xc3\xbc/\xc3\xa2\\u0082\xc2\xac\"},{\"name\":\"A\",\"value\":\"\xe2\x82\xac\"}");
	expect_part(&t, NULL, "\"flags\":[\"obs-text\"]");
	request.n_fields = 0;
	expect_part(&t, NULL, "\"flags\":[]");
	/* the bad byte comes long after the text began */
	memset(large, 'x', sizeof(large));
	memcpy(large, "/\xc3\xbc", 3);
	large[20000] = 0xff;
	request.target = request.path =
		(struct http_span){large, sizeof(large)};
	expect_part(&t, NULL, "\"path\":\"/\xc3\x83\xc2\xbcxxx");
	expect_part(&t, NULL, "xxx\xc3\xbf\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_request_only),
		cmocka_unit_test(test_response_only),
		cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_interim_masked),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_all_flags),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_trailers_of_http2),
		cmocka_unit_test(test_latin1),
		cmocka_unit_test(test_proxied),
		cmocka_unit_test(test_host_fallback),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_long_bodies),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_readable),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
