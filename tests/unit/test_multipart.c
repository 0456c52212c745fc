/* SPDX-License-Identifier: MIT */
/* Multipart bodies with binary parts: what a line shows of them. */
#include "trace_kit.h"

#include "trace/multipart.h"

#define HEAD(name)                                                     \
	"--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n" \
	"\r\n"
#define PNG "\x89PNG\r\n\x1a\n\0\xff"
#define PNG_TEXT                      \
	"[binary: 10 bytes, SHA-256 " \
	"d44c4eee8f72efac76c1f294e7260408825c8dad42adaaf6e9bee7e7ef4c7de3]"

static void expect_readable(const char *p, size_t n, bool gaps,
			    const char *expected)
{
	struct buf b = {0};
	bool ok = multipart_readable(&b, (const uint8_t *)p, n, gaps);

	assert_true(ok || !expected);
	if (expected) {
		buf_add(&b, "", 1);
		assert_string_equal((char *)b.p, expected);
	}
	buf_free(&b);
}

#define EXPECT(text, gaps, expected) \
	expect_readable(text, sizeof(text) - 1, gaps, expected)

static void test_readable(void **state)
{
	(void)state;
	EXPECT(HEAD("a") "1\r\n" HEAD("f") PNG "\r\n--b--\r\n", false,
	       HEAD("a") "1\r\n" HEAD("f") PNG_TEXT "\r\n--b--\r\n");
	/* LF alone, a preamble, an empty part */
	EXPECT("x\n--b\n\n" PNG "\n--b\n\n\n--b--", false,
	       "x\n--b\n\n" PNG_TEXT "\n--b\n\n\n--b--");
	/* cut in the part; in a character; bytes missing somewhere */
	EXPECT(HEAD("f") PNG, false, HEAD("f") "[binary: 10 bytes or more]");
	EXPECT(HEAD("f") PNG "\r\n" HEAD("a") "\xc3\xa9\xc3", false,
	       HEAD("f") PNG_TEXT "\r\n" HEAD("a") "\xc3\xa9");
	EXPECT(HEAD("f") PNG "\r\n--b--\r\n", true,
	       HEAD("f") "[binary: 10 bytes or more]\r\n--b--\r\n");
	/* no parts */
	EXPECT(PNG, false, NULL);
	EXPECT("", false, NULL);
}

/* Parts of one byte are not worth a hash each. */
static void test_bounded(void **state)
{
	struct buf in = {0}, out = {0};

	(void)state;
	for (unsigned int i = 0; i < 10000; i++)
		buf_add_str(&in, "--b\n\n\xff\n");
	assert_false(multipart_readable(&out, in.p, in.len, false));
	assert_in_range(out.len, 0, 2 * in.len + 8192);
	buf_free(&in);
	buf_free(&out);
}

static void test_line(void **state)
{
	static const char text[] = HEAD("secret") PNG
		"\r\n" HEAD("a") "SECRET=1\r\n" HEAD("f") PNG "\r\n--b--\r\n";
	static const struct http_field form[] = {
		FIELD("Content-Type", "multipart/form-data; boundary=b")};
	static const struct http_field binary[] = {
		FIELD("Content-Type", "application/octet-stream")};
	static const char *const names[] = {"secret"};
	const struct trace_options masking = {.fields = names, .n_fields = 1};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	t.request = &q;
	q.fields = form;
	q.n_fields = 1;
	q.body.data = (const uint8_t *)text;
	q.body.len = q.body.total = sizeof(text) - 1;
	expect_part(&t, NULL, "\"requestBodyEncoding\":\"multipart\"");
	expect_part(&t, NULL, "SECRET=1\\r\\n--b\\r\\n");
	expect_part(&t, NULL, "\\r\\n\\r\\n" PNG_TEXT "\\r\\n--b--\\r\\n\"}");
	expect_absent(&t, &masking, "SECRET=1");
	expect_part(&t, &masking,
		    "name=\\\"secret\\\"\\r\\n\\r\\n[redacted]\\r\\n--b");
	expect_part(&t, &masking,
		    "\\r\\n\\r\\n" PNG_TEXT "\\r\\n--b--\\r\\n\"}");
	t.flags = HTTP_F_DECODE_FAILED;
	expect_part(&t, NULL, "\"requestBodyEncoding\":\"base64\"");
	t.flags = 0;
	q.fields = binary;
	expect_part(&t, NULL, "\"requestBodyEncoding\":\"base64\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readable),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_line),
	};

	return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
