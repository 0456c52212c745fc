/* SPDX-License-Identifier: MIT */
/* Secrets must not appear in the line of a transaction. */
#include "trace_kit.h"

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
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;

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
	/* "Cookie\r: ..." */
	t.flags = HTTP_F_MALFORMED;
	expect_absent(&t, NULL, "EMPTY");
	expect_part(&t, &off, "EMPTY");
}

/* What is masked as a field must not appear as the host of the URL. */
static void test_mask_host(void **state)
{
	static const struct {
		struct http_field field;
		uint32_t flags;
		const char *host;
	} cases[] = {
		{FIELD("Host", "h   Cookie: sid=SECRET"), HTTP_F_MALFORMED,
		 "[redacted]"},
		{FIELD("host", "h\t X-Api-Key: SECRET"), HTTP_F_MALFORMED,
		 "[redacted]"},
		{FIELD("Host", "u:   SECRET@h"), HTTP_F_MALFORMED,
		 "[redacted]"},
		{FIELD("Host", "h,Cookie:SECRET"), HTTP_F_MALFORMED,
		 "[redacted]"},
		{FIELD("Host", "u:SECRET@h"), 0, "[redacted]@h"},
		{FIELD("Host", "h.example:80"), HTTP_F_MALFORMED,
		 "h.example:80"},
	};
	static const char *const names[] = {"host"};
	static const struct trace_options hidden = {.headers = names,
						    .n_headers = 1};
	static const struct trace_options off = {.no_redact = true};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	char part[64];

	(void)state;
	t.request = &q;
	q.n_fields = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t.flags = cases[i].flags;
		q.fields = &cases[i].field;
		q.host = cases[i].field.value;
		snprintf(part, sizeof(part), "\"url\":{\"host\":\"%s\",",
			 cases[i].host);
		expect_part(&t, NULL, part);
		expect_absent(&t, NULL, "SECRET");
		expect_part(&t, &hidden, "\"url\":{\"host\":\"[redacted]\",");
		expect_absent(&t, &hidden, "h.example");
	}
	expect_part(&t, &off, "\"url\":{\"host\":\"h.example:80\",");
}

static void test_mask_targets(void **state)
{
	static const struct target_case cases[] = {
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
		/* authorities without "//" */
		{SPAN("/a?u=bob:SECRET@h&b=2"), SPAN("/a"),
		 SPAN("u=bob:SECRET@h&b=2"),
		 "\"target\":\"/a?u=[redacted]&b=2\""},
		{SPAN("/a?b=2&u=bob%3ASECRET%40h"), SPAN("/a"),
		 SPAN("b=2&u=bob%3ASECRET%40h"),
		 "{\"name\":\"u\",\"value\":\"[redacted]\"}"},
		{SPAN("/a?u=http:\\\\bob:SECRET@h"), SPAN("/a"),
		 SPAN("u=http:\\\\bob:SECRET@h"), "[redacted]"},
		{SPAN("/a?t=12:30&u=mailto:bob@h&v=bob@h:1"), SPAN("/a"),
		 SPAN("t=12:30&u=mailto:bob@h&v=bob@h:1"),
		 "\"target\":\"/a?t=12:30&u=mailto:bob@h&v=bob@h:1\""},
		{SPAN("/a?password="), SPAN("/a"), SPAN("password="),
		 "[redacted]"},
		{SPAN("/a?p%C3%ADn=SECRET"), SPAN("/a"),
		 SPAN("p%C3%ADn=SECRET"), "[redacted]"},
	};

	(void)state;
	expect_targets(cases, sizeof(cases) / sizeof(cases[0]), &with_names);
}

static void test_mask_url_fields(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Referer", "https://h/p?password=SECRET"),
		FIELD("location", "/p?api_key=SECRET&x=1"),
		FIELD("Content-Location", "/p;password=SECRET"),
		FIELD("HX-Current-URL", "https://h/p?password=SECRET"),
		FIELD("HX-Redirect", "/p?password=SECRET"),
		FIELD("Operation-Location", "https://h/p?password=SECRET"),
		FIELD("SourceMap", "/p?password=SECRET"),
		FIELD("X-Envoy-Original-Path", "/p?password=SECRET"),
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	q.fields = fields;
	q.n_fields = sizeof(fields) / sizeof(fields[0]);
	t.request = &q;
	expect_absent(&t, &with_names, "SECRET");
	expect_part(&t, &with_names, "\"/p?api_key=[redacted]&x=1\"");
}

#define JSON_TYPE  "application/json; charset=utf-8"
#define PARTS_TYPE "multipart/form-data; boundary=b"
#define FORM_TYPE  "application/x-www-form-urlencoded"

static const struct {
	struct http_field type;
	struct http_body body;
	const char *expected; /* body, as JSON text */
} body_cases[] = {
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"password\":\"SECRET\",\"b\":1}"),
	 "\"{\\\"password\\\":\\\"[redacted]\\\",\\\"b\\\":1}\""},
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("[{\"a\":{\"b\":[{\"PASSWORD\" : \"a\\\"SECRET\"}]}}]"),
	 "\"[{\\\"a\\\":{\\\"b\\\":[{\\\"PASSWORD\\\" : \\\"[redacted]\\\"}]}}]\""},
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"password\":{\"x\":[\"SECRET}\",{}],\"y\":2},\"b\":1}"),
	 "\"{\\\"password\\\":\\\"[redacted]\\\",\\\"b\\\":1}\""},
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"password\":12345,\"api_key\":null}"),
	 "\"{\\\"password\\\":\\\"[redacted]\\\",\\\"api_key\\\":\\\"[redacted]\\\"}\""},
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"p\\u0061ss\\u0077ord\":\"SECRET\"}"),
	 "\"{\\\"p\\\\u0061ss\\\\u0077ord\\\":\\\"[redacted]\\\"}\""},
	{FIELD("Content-Type", JSON_TYPE), BODY("{\"p\\u00edn\":\"SECRET\"}"),
	 "\"{\\\"p\\\\u00edn\\\":\\\"[redacted]\\\"}\""},
	/* The value "password" is not a member name. */
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"k\":\"password\",\"v\":\"x:\\\\\"}"),
	 "\"{\\\"k\\\":\\\"password\\\",\\\"v\\\":\\\"x:\\\\\\\\\\\"}\""},
	/* Truncated within the value, within the name, after the name. */
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"a\":1,\"password\":\"SECRE"),
	 "\"{\\\"a\\\":1,\\\"password\\\":\\\"[redacted]\\\"\""},
	{FIELD("Content-Type", JSON_TYPE), BODY("{\"a\":1,\"passw"),
	 "\"{\\\"a\\\":1,\\\"passw\""},
	{FIELD("Content-Type", JSON_TYPE), BODY("{\"a\":1,\"password\""),
	 "\"{\\\"a\\\":1,\\\"password\\\"\""},
	{FIELD("Content-Type", JSON_TYPE), BODY("{\"password\":tru"),
	 "\"{\\\"password\\\":\\\"[redacted]\\\"\""},
	/* After a gap, the inside and outside of strings are
	 * swapped. */
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"a\":\"b,\"password\":\"SECRET\"}"),
	 "\"{\\\"a\\\":\\\"b,\\\"[redacted]\""},
	{FIELD("Content-Type", JSON_TYPE),
	 BODY("{\"a\":\"\n\"password\":\"SECRET\"}"),
	 "\"{\\\"a\\\":[redacted]\""},
	/* Not labelled as JSON, but looks like it. */
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
	 BODY("--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nkept\r\n--b\r\nContent-Disposition: form-data; name=\"PassWord\"; filename=\"x\"\r\n"
	      "Content-Type: a/b\r\n\r\nSEC\r\nRET\r\n--b--\r\n"),
	 "\"--b\\r\\ncontent-disposition: form-data; name=\\\"a\\\"\\r\\n\\r\\nkept\\r\\n--b\\r\\nContent-Disposition: form-data; name=\\\"PassWord\\\"; filename=\\\"x\\\"\\r\\n"
	 "Content-Type: a/b\\r\\n\\r\\n[redacted]\\r\\n--b--\\r\\n\""},
	/* Truncated within the secret; a file name, which is not the
	 * name of the part; names without quotes. */
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
	{FIELD("content-type", PARTS_TYPE), BODY("name=\"password\"\n\nSECRET"),
	 "\"[redacted]\""},
	{FIELD("content-type", FORM_TYPE), BODY("user%5Bpassword%5D=SECRET"),
	 "\"user%5Bpassword%5D=[redacted]\""},
};

static void test_mask_bodies(void **state)
{
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	char *line, *at;
	size_t i;

	(void)state;
	t.request = &q;
	q.n_fields = 1;
	for (i = 0; i < sizeof(body_cases) / sizeof(body_cases[0]); i++) {
		q.fields = &body_cases[i].type;
		q.body = body_cases[i].body;
		line = line_of(&t, &with_names);
		at = strstr(line, "\"body\":");
		assert_non_null(at);
		at += 7;
		if (strncmp(at, body_cases[i].expected,
			    strlen(body_cases[i].expected)))
			fail_msg("case %zu: %s, expected %s", i, at,
				 body_cases[i].expected);
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
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	t.request = &q;
	q.fields = &type;
	q.body = (struct http_body)BODY(
		"{\"password\":\"SECRET\xfe\",\"a\":\"\xff\"}");
	expect_part(&t, &with_names, expected);
	expect_part(&t, &with_names, "\"requestBodyBytes\":30,");
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
		cmocka_unit_test(test_mask_headers),
		cmocka_unit_test(test_mask_host),
		cmocka_unit_test(test_mask_targets),
		cmocka_unit_test(test_mask_url_fields),
		cmocka_unit_test(test_mask_bodies),
		cmocka_unit_test(test_mask_binary_json),
		cmocka_unit_test(test_names_refused),
	};

	return cmocka_run_group_tests_name("trace_mask", tests, NULL, NULL);
}
