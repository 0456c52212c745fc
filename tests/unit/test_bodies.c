/* SPDX-License-Identifier: MIT */
/* Bodies that --bodies and --body-type leave out of lines. */
#include "trace_kit.h"

#include "base/parse.h"

static const struct http_field json_type[] = {
	FIELD("Content-Type", "application/JSON ; charset=utf-8")};
static const struct http_field png_type[] = {
	FIELD("content-type", "image/png")};
static const struct http_field two_types[] = {
	FIELD("Content-Type", "application/json"),
	FIELD("Content-Type", "image/png")};
static const struct http_field in_trailer[] = {
	FIELD("Content-Type", "application/json"),
	FIELD("Content-Type", "image/png")};

/* Expects part in the line of a response with this head and body. */
static void expect(const struct http_field *fields, uint32_t n,
		   uint32_t trailers, const struct http_body body,
		   const struct trace_options *o, const char *part)
{
	struct http_transaction t = trace_example;
	struct http_message r = trace_ok;

	r.fields = fields;
	r.n_fields = n;
	r.n_trailers = trailers;
	r.body = body;
	t.response = &r;
	expect_part(&t, o, part);
}

#define JSON   ((struct http_body)BODY("{\"a\":1}"))
#define BINARY ((struct http_body)BODY("\x89PNG\xff"))
#define SEEN   "\"body\":\"{\\\"a\\\":1}\""
#define GONE   "\"body\":\"\"},\"meta\""
#define KEPT   "\"responseBodyEncoding\":\"utf8\""
#define LEFT   "\"responseBodyEncoding\":\"omitted\""

static void test_modes(void **state)
{
	static const struct trace_options text = {.bodies = BODIES_TEXT};
	static const struct trace_options none = {.bodies = BODIES_NONE};

	(void)state;
	expect(NULL, 0, 0, JSON, NULL, SEEN);
	expect(NULL, 0, 0, BINARY, NULL, "\"body\":\"iVBOR/8=\"");
	expect(NULL, 0, 0, JSON, &text, SEEN);
	expect(NULL, 0, 0, JSON, &text, KEPT);
	expect(NULL, 0, 0, BINARY, &text, GONE);
	expect(NULL, 0, 0, BINARY, &text, LEFT);
	expect(NULL, 0, 0, BINARY, &text, "\"responseBodyBytes\":5");
	/* The label does not make it text. */
	expect(json_type, 1, 0, BINARY, &text, GONE);
	expect(NULL, 0, 0, JSON, &none, GONE);
	expect(NULL, 0, 0, JSON, &none, LEFT);
	expect(NULL, 0, 0, JSON, &none, "\"responseBodyBytes\":7");
	/* There was nothing to leave out. */
	expect(NULL, 0, 0, (struct http_body){0}, &none, KEPT);
}

static void test_hash(void **state)
{
	static const struct trace_options none = {.bodies = BODIES_NONE};
	struct http_body body = JSON;

	(void)state;
	body.has_sha256 = true;
	body.sha256[0] = 0xab;
	expect(NULL, 0, 0, body, &none, "\"responseBodySha256\":\"ab00");
}

static void test_types(void **state)
{
	static const char *const json[] = {"application/json", "text/*"};
	static const char *const any[] = {"*"};
	static const char *const typed[] = {"*/*"};
	const struct trace_options o = {.body_types = json, .n_body_types = 2};
	const struct trace_options all = {.body_types = any, .n_body_types = 1};
	const struct trace_options some = {.body_types = typed,
					   .n_body_types = 1};

	(void)state;
	expect(json_type, 1, 0, JSON, &o, SEEN);
	expect(png_type, 1, 0, JSON, &o, LEFT);
	expect(png_type, 1, 0, JSON, &o, GONE);
	expect(NULL, 0, 0, JSON, &o, LEFT);
	expect(NULL, 0, 0, JSON, &all, KEPT);
	expect(NULL, 0, 0, JSON, &some, LEFT);
	/* Whichever counts to the recipient. */
	expect(two_types, 2, 0, JSON, &o, LEFT);
	expect(in_trailer, 2, 1, JSON, &o, SEEN);
}

static void test_both(void **state)
{
	static const char *const any[] = {"*"};
	const struct trace_options text = {
		.bodies = BODIES_TEXT, .body_types = any, .n_body_types = 1};
	const struct trace_options none = {
		.bodies = BODIES_NONE, .body_types = any, .n_body_types = 1};

	(void)state;
	expect(json_type, 1, 0, BINARY, &text, LEFT);
	expect(json_type, 1, 0, JSON, &text, KEPT);
	expect(json_type, 1, 0, JSON, &none, LEFT);
}

/* A body that masks would replace as a whole is still binary. */
static void test_masked(void **state)
{
	static const char *const fields[] = {"password"};
	const struct trace_options o = {
		.bodies = BODIES_TEXT, .fields = fields, .n_fields = 1};
	struct http_body body = BINARY;

	(void)state;
	body.encoded = true;
	expect(NULL, 0, 0, body, &o, LEFT);
	expect(NULL, 0, 0, (struct http_body)BODY("{\"password\":\"SECRET\"}"),
	       &o, "\"body\":\"{\\\"password\\\":\\\"[");
}

static void test_patterns(void **state)
{
	static const char *const valid[] = {"*", "*/*", "text/*", "*+json",
					    "application/vnd.a-b.v1+json"};
	static const char *const invalid[] = {
		"",	  "json", "/json", "text/", "text/html; charset=utf-8",
		"a/b,c/d"};
	struct parse_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++)
		assert_true(body_choice_check(valid[i], &err));
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		assert_false(body_choice_check(invalid[i], &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),  cmocka_unit_test(test_hash),
		cmocka_unit_test(test_types),  cmocka_unit_test(test_both),
		cmocka_unit_test(test_masked), cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
