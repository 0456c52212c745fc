/* SPDX-License-Identifier: MIT */
/* Values of classes in every place of a line, and in random nestings of formats:
 * none may appear in it. */
#include "base/buf.h"
#include "nest_kit.h"
#include "trace/class_mask.h"
#include "trace/class_scan.h"
#include "trace_kit.h"

#define ALL ((1u << N_CLASSES) - 1)

#define FORM   "application/x-www-form-urlencoded"
#define JSON   "application/json"
#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define CLAIMS "eyJzdWIiOiIxMjM0NTY3ODkwIn0"
#define JWT    HEADER "." CLAIMS ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
#define KEY    "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

static void collect(void *buf, const void *p, size_t n)
{
	buf_add(buf, p, n);
}

static const struct trace_options all = {.classes = ALL};

/* The line of a request with these fields, its response with this body. */
static void expect_line(const struct http_message *q,
			const struct http_message *r, uint32_t flags,
			const char *const *parts)
{
	struct http_transaction t = trace_example;

	t.request = q;
	t.response = r;
	t.flags = flags;
	for (; *parts; parts++)
		expect_part(&t, &all, *parts);
	expect_absent(&t, &all, "4111");
	expect_absent(&t, &all, "example.com");
	expect_absent(&t, &all, "123456789");
	expect_absent(&t, &all, KEY);
	expect_absent(&t, &all, "wJalr");
}

static void test_head(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Host", "4111111111111111.example.org"),
		FIELD("User-Agent", "x (+mailto:a@example.com) y"),
		FIELD("X-4111111111111111", "kept"),
		FIELD("X-SSN", "123456789"),
		FIELD("X-Amz-Secret-Access-Key", SECRET),
		FIELD("X-User", "{\"card\": 4111111111111111, \"b\":1}"),
		FIELD("Referer",
		      "https://h/p/4111111111111111?q=a%40example.com"),
		FIELD("Location",
		      "https://a:b@h/?to=http%3A%2F%2Fc%3Ad%40h%2F&card=4111+1111+1111+1111"),
	};
	static const char *const parts[] = {
		"https://[redacted]@h/?to=[redacted]&card=[redacted:card]",
		"\"host\":\"[redacted:card].example.org\"",
		"\"path\":\"/u/[redacted:card]/[redacted:email]\"",
		"{\"name\":\"card\",\"value\":\"[redacted:card]\"}",
		"{\"name\":\"to\",\"value\":\"x y <[redacted:email]>\"}",
		"{\"name\":\"[redacted:email]\",\"value\":\"\"}",
		"{\"name\":\"j\",\"value\":\"{\\\"c\\\":\\\"[redacted:card]\\\"}\"}",
		"{\"name\":\"secret\",\"value\":\"[redacted:aws-key]\"}",
		"{\"name\":\"b\",\"value\":\"2\"}",
		"\"target\":\"/u/[redacted:card]/[redacted:email]?card=[redacted:card]&to=x%20y+<[redacted:email]>&[redacted:email]&j=%7B%22c%22%3A%22[redacted:card]%22%7D&secret=[redacted:aws-key]&b=2\"",
		"x (+mailto:[redacted:email]) y",
		"{\"name\":\"X-[redacted:card]\",\"value\":\"kept\"}",
		"{\"name\":\"X-SSN\",\"value\":\"[redacted:ssn]\"}",
		"{\"name\":\"X-Amz-Secret-Access-Key\",\"value\":\"[redacted:aws-key]\"}",
		"{\\\"card\\\": \\\"[redacted:card]\\\", \\\"b\\\":1}",
		"https://h/p/[redacted:card]?q=[redacted:email]",
		NULL,
	};
	static const char *const response[] = {
		"{\"name\":\"X-[redacted:card]\",\"value\":\"kept\"}", NULL};
	struct http_message q = trace_get, r = trace_ok;

	(void)state;
	q.fields = fields;
	q.n_fields = sizeof(fields) / sizeof(fields[0]);
	q.host = fields[0].value;
	q.target = (struct http_span)SPAN(
		"/u/4111111111111111/a%40example.com?card=4111-1111-1111-1111&to=x%20y+<a@example.com>&a@example.com&j=%7B%22c%22%3A4111111111111111%7D&secret=wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCYEXAMPLEKEY&b=2");
	q.path = (struct http_span)SPAN("/u/4111111111111111/a%40example.com");
	q.query = (struct http_span)SPAN(
		"card=4111-1111-1111-1111&to=x%20y+<a@example.com>&a@example.com&j=%7B%22c%22%3A4111111111111111%7D&secret=wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCYEXAMPLEKEY&b=2");
	expect_line(&q, &r, 0, parts);
	/* User information masks a whole field of a malformed head. */
	q.n_fields--;
	expect_line(&q, &r, HTTP_F_MALFORMED, &parts[1]);
	q.n_fields++;
	r.fields = q.fields;
	r.n_fields = r.n_trailers = q.n_fields;
	q = trace_get;
	q.host = (struct http_span)SPAN("h");
	q.n_fields = 0;
	expect_line(&q, &r, 0, response);
}

struct body_case {
	const char *what;
	struct http_span type;
	struct http_body body;
	const char *part; /* of the line */
};

#define WIDE_MASK \
	"[\\u0000r\\u0000e\\u0000d\\u0000a\\u0000c\\u0000t\\u0000e\\u0000d\\u0000:\\u0000c\\u0000a\\u0000r\\u0000d\\u0000]"

#define QUOTED(text)                                                      \
	"--b\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n" text \
	"\r\n--b--\r\n"

/* clang-format off */
static const struct body_case bodies[] = {
	{"a number", SPAN(JSON), BODY("4111111111111111"),
	 "\"body\":\"\\\"[redacted:card]\\\"\""},
	{"JSON as text", SPAN("text/plain"), BODY("[0,4111111111111111]"),
	 "[0,\\\"[redacted:card]\\\"]"},
	{"NDJSON", SPAN("application/x-ndjson"),
	 BODY("{\"a\":4111111111111111}\n{\"a\":\"a@example.com\"}\n"),
	 "{\\\"a\\\":\\\"[redacted:card]\\\"}\\n{\\\"a\\\":\\\"[redacted:email]\\\"}\\n"},
	{"event stream", SPAN("text/event-stream"),
	 BODY("data: {\"a\":4111111111111111,\"password\":1}\n\n"),
	 "data: {\\\"a\\\":\\\"[redacted:card]\\\",\\\"password\\\":1}\\n"},
	{"form", SPAN(FORM), BODY("a=4111+1111+1111+1111&b=a%40example.com&c=3"),
	 "a=[redacted:card]&b=[redacted:email]&c=3"},
	{"multipart", SPAN("multipart/form-data; boundary=b"),
	 BODY("--b\r\nContent-Disposition: form-data; name=\"ssn\"\r\n\r\n123456789\r\n--b--\r\n"),
	 "\\r\\n\\r\\n[redacted:ssn]\\r\\n--b--"},
	{"UTF-16 in multipart", SPAN("multipart/form-data; boundary=b"),
	 BODY("--b\r\n\r\n4\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0\r\n--b--\r\n"), WIDE_MASK},
	{"UTF-16BE", SPAN(JSON),
	 BODY("\0[\0" "4\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0" "1\0]"),
	 "\\u0000[\\u0000\\\"\\u0000" WIDE_MASK "\\u0000\\\"\\u0000]"},
	{"an address in UTF-16", SPAN(JSON),
	 BODY("[\0\"\0" "a\0@\0" "b\0.\0" "d\0" "e\0\"\0]\0"),
	 "[\\u0000\\\"\\u0000[\\u0000r\\u0000e\\u0000d\\u0000a\\u0000c\\u0000t\\u0000e\\u0000d\\u0000:\\u0000e\\u0000m\\u0000a\\u0000i\\u0000l\\u0000]\\u0000\\\"\\u0000]\\u0000\""},
	{"XML", SPAN("text/xml"),
	 BODY("<a n=\"4111 1111 1111 1111\"><b>a&#x40;example.com</b></a>"),
	 "<a n=\\\"[redacted:card]\\\"><b>[redacted:email]</b></a>"},
	{"GraphQL", SPAN("application/graphql"),
	 BODY("{ pay(card: \"4111111111111111\", n: 4111111111111111, b: 2) { id } }"),
	 "pay(card: \\\"[redacted:card]\\\", n: [redacted:card], b: 2)"},
	{"aws-chunked", SPAN(""),
	 BODY("a;chunk-signature=ab\r\ncard=41111\r\nb;chunk-signature=cd\r\n11111111111\r\n0;chunk-signature=ef\r\n\r\n"),
	 "\"body\":\"[redacted]\""},
	{"aws-chunked, not split", SPAN(""),
	 BODY("15;chunk-signature=ab\r\ncard=4111111111111111\r\n0;chunk-signature=ef\r\n\r\n"),
	 "card=[redacted:card]\\r\\n0;"},
	/* NULs that separate */
	{"between NULs", SPAN("text/plain"), BODY("abc\0" "4111111111111111\0" "def"),
	 "abc\\u0000[redacted:card]\\u0000def"},
	{"after a short string", SPAN("text/plain"), BODY("a\0b\0" "4111111111111111\0c\0d"),
	 "a\\u0000b\\u0000[redacted:card]\\u0000c\\u0000d"},
	{"in a record", SPAN("text/plain"), BODY("key\0\0\0" "4111111111111111\0\0\0\0x"),
	 "key\\u0000\\u0000\\u0000[redacted:card]\\u0000"},
	{"other values between NULs", SPAN("text/plain"),
	 BODY("abc\0DE89370400440532013000\0d\0" KEY "\0d\0" JWT "\0d"),
	 "abc\\u0000[redacted:iban]\\u0000d\\u0000[redacted:aws-key]\\u0000d\\u0000[redacted:jwt]\\u0000d"},
	{"between encoded NULs", SPAN(FORM), BODY("a=x%004111111111111111%00y"),
	 "a=x%00[redacted:card]%00y"},
	{"between escaped NULs", SPAN(JSON), BODY("{\"a\":\"x\\u00004111111111111111\\u0000y\"}"),
	 "x\\\\u0000[redacted:card]\\\\u0000y"},
	{"encoded UTF-16", SPAN(FORM),
	 BODY("a=4%001%001%001%001%001%001%001%001%001%001%001%001%001%001%001%00&b=2"), "a=[redacted:card]%00&b=2"},
	/* quoted-printable */
	{"an encoded byte before", SPAN("multipart/form-data; boundary=b"),
	 BODY(QUOTED("card=3D4111111111111111=20x")), "card=3D[redacted:card]=20x\\r\\n--b--"},
	{"a soft line break", SPAN("multipart/form-data; boundary=b"),
	 BODY(QUOTED("4111=\r\n1111 =\n11111111")), "\\r\\n\\r\\n[redacted:card]\\r\\n--b--"},
	{"encoded digits", SPAN("multipart/form-data; boundary=b"),
	 BODY(QUOTED("=341=31=31=31=31=31=31=31=31=31=31=31=31=31=31")), "\\r\\n\\r\\n[redacted:card]\\r\\n--b--"},
	{"plain in another part", SPAN("multipart/form-data; boundary=b"),
	 BODY("--b\r\n\r\nx=4111111111111111\r\n" QUOTED("x=3D5555555555554444")),
	 "x=[redacted:card]\\r\\n--b\\r\\nContent-Transfer-Encoding: Quoted-Printable\\r\\n\\r\\nx=3D[redacted:card]\\r\\n--b--"},
	{"a message in a string", SPAN(JSON),
	 BODY("{\"a\":\"Content-Transfer-Encoding: quoted-printable\\r\\n\\r\\n4111=\\r\\n111111111111\"}"),
	 "[redacted"},
	/* "\xff=[redacted:card]" */
	{"binary", SPAN(""), BODY("\xff=4111111111111111"),
	 "\"body\":\"/z1bcmVkYWN0ZWQ6Y2FyZF0=\""},
};
/* clang-format on */

static char *line_with(const struct trace_options *o,
		       const struct http_span *type, const struct http_body *b,
		       uint32_t flags)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	struct http_field field = {SPAN("Content-Type"), *type};

	t.request = &q;
	t.flags = flags;
	q.fields = &field;
	q.n_fields = type->len != 0;
	q.body = *b;
	return line_of(&t, o);
}

/* With and without masks of names, which do not change what is masked here. */
static void test_bodies(void **state)
{
	static const char *const names[] = {"secret"};
	static const struct trace_options with_names = {
		.classes = ALL, .fields = names, .n_fields = 1};
	char *line;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct body_case *b = &bodies[i / 2];

		line = line_with(i % 2 ? &with_names : &all, &b->type, &b->body,
				 0);
		if (!strstr(line, b->part) || strstr(line, "4111") ||
		    strstr(line, "4\\u00001"))
			fail_msg("%s: %s", b->what, line);
		free(line);
	}
}

/* Fields that tell more than the type of a body, and that contain NULs. */
static void test_fields(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Content-Transfer-Encoding", "quoted-printable"),
		FIELD("X-A", "a\0"
			     "4111111111111111\0b"),
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	t.request = &q;
	q.fields = fields;
	q.n_fields = 2;
	q.body = (struct http_body)BODY("a=3D4111111111111111");
	expect_part(&t, &all, "\"a=3D[redacted:card]\"");
	expect_part(&t, &all, "\"a\\u0000[redacted:card]\\u0000b\"");
}

/* Masks of names and of values in one body. */
static void test_names(void **state)
{
	static const char *const names[] = {"password"};
	static const struct trace_options both = {
		.classes = ALL, .fields = names, .n_fields = 1};
	static const struct http_body body = BODY(
		"{\"password\":\"a@example.com\",\"b\":4111111111111111,\"c\":\"x=1&password=4111111111111111\",\"d\":\"a@example.com\"}");
	static const struct http_body zipped = BODY("\xff\xfe\x01");
	char *line, size[64];

	(void)state;
	line = line_with(&both, &(const struct http_span)SPAN(JSON), &body, 0);
	assert_non_null(strstr(
		line,
		"{\\\"password\\\":\\\"[redacted]\\\",\\\"b\\\":\\\"[redacted:card]\\\",\\\"c\\\":\\\"[redacted]\\\",\\\"d\\\":\\\"[redacted:email]\\\"}"));
	free(line);
	/* Lengths are those of the wire. */
	line = line_with(&all, &(const struct http_span)SPAN(JSON), &body, 0);
	snprintf(size, sizeof(size), "\"requestBodyBytes\":%zu,", body.len);
	assert_non_null(strstr(line, size));
	free(line);
	/* It cannot be examined. */
	line = line_with(&all, &(const struct http_span)SPAN(JSON), &zipped,
			 HTTP_F_DECODE_FAILED);
	assert_non_null(strstr(line, "\"body\":\"[redacted]\""));
	free(line);
}

/* --- random texts --------------------------------------------------------- */

static const char *const values[] = {
	"4111111111111111",
	"5555 5555 5555 4444",
	"3782-822463-10005",
	"DE89370400440532013000",
	"GB29 NWBK 6016 1331 9268 19",
	"123-45-6789",
	JWT,
	KEY,
	"john.doe@example.com",
};

/* Appends a value, of which characters may be encoded as that place allows. */
static void add_value(struct buf *b, const char *value, const char *encoding)
{
	char code[16];

	for (; *value; value++) {
		if (!encoding || nest_pick(4)) {
			buf_add(b, value, 1);
			continue;
		}
		snprintf(code, sizeof(code), encoding, (unsigned char)*value);
		buf_add_str(b, code);
	}
}

static void add_innermost(struct buf *b, const char *value)
{
	static const struct {
		const char *before, *after, *encoding;
	} forms[] = {
		{"{\"a\":1,\"b\":\"", "\"}", "\\u%04x"},
		{"{\"b\" : [1,{\"x\":\"", " \"}]}", "\\u%04x"},
		{"a=1&b=", "&c=2", "%%%02x"},
		{"https://h/", "/x?y=1", "%%%02X"},
		{"<a b=\"1\">", "</a>", "&#%u;"},
		{"<a b='", "'>", "&#x%x;"},
		{"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n",
		 "\r\n--b--\r\n", NULL},
		{"mutation { pay(card: \"", "\") { id } }", "\\u%04x"},
		{")]}',\n{\"a\":\"", "\"}", "\\x%02x"},
		{"Dear ", ", hello", NULL},
	};
	const unsigned int i = nest_pick(sizeof(forms) / sizeof(forms[0]));

	buf_add_str(b, forms[i].before);
	add_value(b, value, nest_pick(2) ? forms[i].encoding : NULL);
	buf_add_str(b, forms[i].after);
}

/* Masks UTF-16. Returns it without NULs. */
static char *mask_narrow(const struct buf *text)
{
	struct class_set set;
	struct class_mask m;
	struct buf out = {0};
	size_t n = 0;

	class_set_init(&set, ALL);
	class_mask_begin(&m, &set, text->p, text->len, false, NULL, 0);
	class_mask_all(&m, collect, &out);
	for (size_t i = 0; i < out.len; i++)
		if (out.p[i])
			out.p[n++] = out.p[i];
	out.len = n;
	buf_add(&out, "", 1);
	return (char *)out.p;
}

static void check_nesting(const struct buf *text, const char *type,
			  const char *value, unsigned int round)
{
	const struct http_span span = {(const uint8_t *)type, strlen(type)};
	const struct http_body body = {
		.data = text->p, .len = text->len, .total = text->len};
	char *line = line_with(&all, &span, &body, 0);

	/* UTF-16 with a byte order mark is written as base64. */
	if (strstr(line, "\"requestBodyEncoding\":\"base64\"")) {
		free(line);
		line = mask_narrow(text);
	}
	if (strstr(line, value) ||
	    (!strstr(line, "[redacted") && !strstr(line, "[\\u0000r")))
		fail_msg("round %u, %s: %.*s: %s", round, value, (int)text->len,
			 (char *)text->p, line);
	free(line);
}

static void test_nestings(void **state)
{
	struct buf text[2] = {{0}, {0}};
	unsigned int round, depth, at;
	const char *type, *value;

	(void)state;
	for (round = 0; round < 10000; round++) {
		value = values[round % (sizeof(values) / sizeof(values[0]))];
		buf_clear(&text[0]);
		add_innermost(&text[0], value);
		type = "text/plain";
		at = 0;
		for (depth = nest_pick(6); depth--; at = !at) {
			buf_clear(&text[!at]);
			type = nest_wrap(&text[!at], &text[at]);
		}
		check_nesting(&text[at], type, value, round);
		nest_recode(&text[!at], &text[at]);
		check_nesting(&text[!at], type, value, round);
	}
	buf_free(&text[0]);
	buf_free(&text[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),	 cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_fields),	 cmocka_unit_test(test_names),
		cmocka_unit_test(test_nestings),
	};

	return cmocka_run_group_tests_name("class places", tests, NULL, NULL);
}
