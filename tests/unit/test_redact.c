/* SPDX-License-Identifier: MIT */
/* Places that may contain a secret. Each case contains SECRET, which must not
 * appear in the line, next to text that must. */
#include "trace_kit.h"

static const char *const names[] = {"password", "api_key"};
static const struct trace_options options = {.fields = names, .n_fields = 2};

#define FORM		 "application/x-www-form-urlencoded"
#define TYPE(type, text) FIELD("Content-Type", type), BODY(text)

struct body_case {
	const char *what;
	struct http_field type;
	struct http_body body;
	const char *kept; /* part of the body, as JSON text */
};

/* clang-format off */
static const struct body_case bodies[] = {
	{"NDJSON", TYPE("application/x-ndjson",
	 "{\"a\":1}\n{\"password\":\"SECRET\"}\n{\"b\":2}\n"),
	 "{\\\"b\\\":2}"},
	{"JSON as a form, as curl -d sends it", TYPE(FORM,
	 "{\"a\":1,\"password\":\"SECRET=1&x=SECRET\",\"b\":2}"),
	 "\\\"b\\\":2}"},
	{"a form whose first name has brackets", TYPE(FORM,
	 "[a]=1&password=SECRET&b=2"), "[a]=1&password=[redacted]&b=2"},
	{"a form as JSON", TYPE("application/json", "password=SECRET"), ""},
	{"a form as text", TYPE("text/plain", "a=1&password=SECRET&b=2"),
	 "&b=2"},
	{"a form without a type", {SPAN("X"), SPAN("y")},
	 BODY("user%5Bpassword%5D=SECRET&b=2"), "&b=2"},
	{"JSON as HTML", TYPE("text/html", "[{\"password\":\"SECRET\"}]"), ""},
	{"JSON as binary", TYPE("application/octet-stream",
	 "\n{\"a\":{\"PASSWORD\":[1,\"SECRET\"]}}"), ""},
	{"server-sent events with JSON", TYPE("text/event-stream",
	 "event: x\ndata: {\"a\":1,\"password\":\"SECRET\",\"b\":2}\n\n"
	 "data: {\"api_key\":\"SECRET\"}\n\ndata: end\n"),
	 "data: end"},
	{"an unbalanced quotation mark before it", TYPE("text/event-stream",
	 "data: it's 5\" long {\"password\":\"SECRET\"}\n"), "5\\\" long"},
	{"JSON in a string of JSON", TYPE("application/json",
	 "{\"a\":1,\"m\":\"{\\\"x\\\":{\\\"password\\\":\\\"SECRET\\\"}}\",\"b\":2}"), "\\\"m\\\":\\\"[redacted]\\\",\\\"b\\\":2}"},
	{"JSON in JSON without a secret", TYPE("application/json",
	 "{\"m\":\"{\\\"x\\\":1}\"}"), "\\\"{\\\\\\\"x\\\\\\\":1}\\\""},
	{"JSON in JSON in JSON", TYPE("application/json",
	 "[\"[\\\"{\\\\\\\"password\\\\\\\":\\\\\\\"SECRET\\\\\\\"}\\\"]\"]"),
	 ""},
	{"with escaped letters", TYPE("application/json",
	 "{\"m\":\"{\\u0022p\\u0061ssword\\u0022:\\u0022SECRET\\u0022}\"}"),
	 ""},
	{"truncated at the limit", TYPE("application/json",
	 "{\"m\":\"{\\\"password\\\":\\\"SECR"), ""},
	{"a URL in JSON", TYPE("application/json",
	 "{\"next\":\"https:\\/\\/h\\/p?password=SECRET&x=1\",\"b\":2}"),
	 "\\\"b\\\":2}"},
	{"a path in JSON", TYPE("application/json",
	 "{\"uri\":\"/p?password=SECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"another URL in JSON", TYPE("application/json",
	 "{\"next\":\"https://h/p?passwords=1\"}"), "https://h/p?passwords=1"},
	{"JSON in a form", TYPE(FORM,
	 "payload=%7B%22password%22%3A%22SECRET%22%7D&b=2"),
	 "payload=[redacted]&b=2"},
	{"JSON in a form, not encoded", TYPE(FORM,
	 "payload={\"password\":\"SECRET\"}&b=2"), "payload=[redacted]&b=2"},
	{"a URL in a form", TYPE(FORM,
	 "a=x%20y&next=%2Fp%3Fa%3D1%26password%3DSECRET&b=2"),
	 "a=x%20y&next=[redacted]&b=2"},
	{"a URL in a URL in a form", TYPE(FORM,
	 "n=%2F%3Fn%3D%252F%253Fpassword%253DSECRET&b=2"), "&b=2"},
	{"JSON in a part", TYPE("multipart/form-data; boundary=b",
	 "--b\r\nContent-Disposition: form-data; name=\"m\"\r\n"
	 "Content-Type: application/json\r\n\r\n"
	 "{\"a\":1,\"password\":\"SECRET\"}\r\n--b--\r\n"),
	 "{\\\"a\\\":1,\\\"password\\\":\\\"[redacted]\\\"}\\r\\n--b--"},
	{"JSON in a part of something else", TYPE("multipart/related; boundary=b",
	 "--b\nContent-Type: application/json\n\n{\"password\":\"SECRET\"}\n"
	 "--b\n\nkept\n--b--\n"), "kept\\n--b--"},
	{"UTF-16", TYPE("application/json; charset=utf-16",
	 "{\0\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0SECRET"), ""},
};
/* clang-format on */

static void test_bodies(void **state)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;
	size_t i;
	int side;

	(void)state;
	t.request = &q;
	t.response = &r;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		for (side = 0; side < 2; side++) {
			struct http_message *m = side ? &r : &q;
			const struct http_message before = *m;
			char *line;

			m->n_fields = 1;
			m->fields = &bodies[i].type;
			m->body = bodies[i].body;
			line = line_of(&t, &options);
			if (strstr(line, "SECR"))
				fail_msg("%s: %s", bodies[i].what, line);
			if (!strstr(line, bodies[i].kept))
				fail_msg("%s is too much: %s", bodies[i].what,
					 line);
			free(line);
			*m = before;
		}
	}
}

/* The same bodies, truncated at every byte. */
static void test_cut_bodies(void **state)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	size_t i, n;

	(void)state;
	t.request = &q;
	q.n_fields = 1;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		q.fields = &bodies[i].type;
		q.body = bodies[i].body;
		for (n = bodies[i].body.len; n--;) {
			char *line;

			q.body.len = n;
			line = line_of(&t, &options);
			if (strstr(line, "SEC"))
				fail_msg("%s, %zu bytes: %s", bodies[i].what, n,
					 line);
			free(line);
		}
	}
}

static void test_heads(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Referer", "https://u:SECRET@h/p?api_key=SECRET&x=1"),
		FIELD("Link", "</p?password=SECRET&page=2>; rel=\"next\""),
		FIELD("Refresh", "5; url=/p?password=SECRET"),
		FIELD("Destination", "http://h/a?password=SECRET"),
		FIELD("X-Original-URL", "/a?q=%2F%3Fpassword%3DSECRET"),
		FIELD("X-Forwarded-Uri", "/a?password=SECRET"),
		FIELD("Location", "//h/?user[password]=SECRET"),
		FIELD("X-Kept", "a?password=kept"),
		/* the trailers */
		FIELD("Authorization", "SECRET"),
		FIELD("Content-Location", "/p;password=SECRET"),
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;

	(void)state;
	q.fields = r.fields = fields;
	q.n_fields = r.n_fields = 10;
	q.n_trailers = r.n_trailers = 2;
	t.request = &q;
	t.response = &r;
	expect_absent(&t, &options, "SECRET");
	expect_part(&t, &options, "https://[redacted]@h/p?api_key=[redacted]");
	expect_part(&t, &options, "a?password=kept");
	/* Without secret names, the password in a URL is still masked. */
	expect_part(&t, NULL, "https://[redacted]@h/p?api_key=SECRET");
	expect_part(&t, &(const struct trace_options){.no_redact = true},
		    "https://u:SECRET@h/p");
}

static void test_targets(void **state)
{
	static const struct target_case cases[] = {
		{SPAN("http://me:SECRET@h/a?b=2"), SPAN("/a"), SPAN("b=2"),
		 "\"target\":\"http://[redacted]@h/a?b=2\""},
		{SPAN("http://h/a@b"), SPAN("/a@b"), SPAN(""),
		 "\"target\":\"http://h/a@b\""},
		{SPAN("/a?f={\"password\":\"SECRET\"}&b=2"), SPAN("/a"),
		 SPAN("f={\"password\":\"SECRET\"}&b=2"),
		 "\"target\":\"/a?f=[redacted]&b=2\""},
		{SPAN("/a?f=%7B%22password%22:%22SECRET%22%7D&b=2"), SPAN("/a"),
		 SPAN("f=%7B%22password%22:%22SECRET%22%7D&b=2"),
		 "{\"name\":\"f\",\"value\":\"[redacted]\"}"},
		{SPAN("/l?to=%2Fa%3Fpassword%3DSECRET&b=2"), SPAN("/l"),
		 SPAN("to=%2Fa%3Fpassword%3DSECRET&b=2"),
		 "{\"name\":\"to\",\"value\":\"[redacted]\"}"},
		{SPAN("/a;password=SECRET?b=2"), SPAN("/a;password=SECRET"),
		 SPAN("b=2"), "\"path\":\"/a;password=[redacted]\""},
		{SPAN("/a?a%5B0%5D%5Bpass%77ord%5D=SECRET"), SPAN("/a"),
		 SPAN("a%5B0%5D%5Bpass%77ord%5D=SECRET"), "[redacted]"},
		{SPAN("/a?q=100%25&b=2"), SPAN("/a"), SPAN("q=100%25&b=2"),
		 "{\"name\":\"q\",\"value\":\"100%\"}"},
	};

	(void)state;
	expect_targets(cases, sizeof(cases) / sizeof(cases[0]), &options);
}

/* A body that could not be decompressed cannot be examined. */
static void test_not_decoded(void **state)
{
	static const struct http_field type =
		FIELD("Content-Type", "application/json");
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	t.request = &q;
	t.flags = HTTP_F_DECODE_FAILED;
	q.fields = &type;
	q.n_fields = 1;
	q.body = (struct http_body)BODY("\x1f\x8b\x08 SECRET");
	expect_part(&t, &options, "\"body\":\"[redacted]\"");
	expect_part(&t, &options, "\"requestBodyEncoding\":\"utf8\"");
	/* No names to mask: it is reported. */
	expect_part(&t, NULL, "\"requestBodyEncoding\":\"base64\"");
	/* The part decoded before the failure can be examined. */
	q.body = (struct http_body)BODY("{\"password\":\"SECRET\",\"a\":\"b");
	expect_part(&t, &options, "\\\"[redacted]\\\",\\\"a\\\":\\\"b\"");
}

/* Long and hostile input must not take long. */
static void test_hostile(void **state)
{
	static const char *const units[] = {
		"a=/",	 "%25",		"\"\\\"",	    "{\"a\":\"",
		"[\"[",	 "a=%7B%22&",	"--b\r\n",	    "--",
		"//a@",	 "password=\n", "password:[",	    "%2%2",
		"\\u00", "password='",	"$password:String "};
	static const char *const types[] = {FORM, "text/event-stream",
					    "multipart/form-data; boundary=b",
					    "application/json"};
	struct http_field type = FIELD("Content-Type", FORM);
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	const size_t size = 4 << 20;
	char *text = malloc(size);
	size_t i, n, k;

	(void)state;
	assert_non_null(text);
	t.request = &q;
	q.fields = &type;
	q.n_fields = 1;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		n = strlen(units[i]);
		for (k = 0; k + n <= size; k += n)
			memcpy(text + k, units[i], n);
		q.body = (struct http_body){
			.data = (uint8_t *)text, .len = k, .total = k};
		for (n = 0; n < sizeof(types) / sizeof(types[0]); n++) {
			type.value = (struct http_span){
				(const uint8_t *)types[n], strlen(types[n])};
			free(line_of(&t, &options));
		}
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_cut_bodies),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_not_decoded),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
