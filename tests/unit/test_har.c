/* SPDX-License-Identifier: MIT */
/* Entries of HTTP archives, made of lines. tests/line/test_har.sh validates whole
 * documents. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "trace/har.h"

#define META "\"meta\":{\"destination\":\"192.0.2.2\",\"destinationPort\":80}"
#define CAPTURE(more)                                                       \
	"\"capture\":{\"connection\":\"c\",\"protocol\":\"HTTP/1.1\"," more \
	"\"flags\":[]}}\n"
/* A line with these members of a request or response. */
#define REQUEST(host, path, target, headers)                                \
	"{\"request\":{\"method\":\"GET\",\"url\":{\"host\":\"" host        \
	"\",\"path\":\"" path "\",\"parameters\":[]},\"headers\":[" headers \
	"],\"body\":\"\"},\"response\":null," META                          \
	"," CAPTURE("\"target\":\"" target                                  \
		    "\",\"requestStartUs\":1000,\"requestEndUs\":1500,")
#define RESPONSE(headers)                                                      \
	"{\"request\":null,\"response\":{\"status\":200,\"headers\":[" headers \
	"],\"body\":\"x\"}," META "," CAPTURE(                                 \
		"\"target\":null,\"requestStartUs\":null,\"responseStartUs\":1000,\"responseEndUs\":4000,\"reason\":\"OK\",\"responseBodyBytes\":3,\"responseWireBytes\":1,\"responseBodyEncoding\":\"base64\",")
#define FIELD(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"

static struct buf out;

static const char *entry(const char *line)
{
	buf_clear(&out);
	har_entry(&out, (const uint8_t *)line, strlen(line), true);
	buf_add(&out, "", 1);
	assert_false(out.failed);
	return (const char *)out.p;
}

static void contains(const char *line, const char *text)
{
	const char *e = entry(line);

	if (!strstr(e, text))
		fail_msg("%s is not in %s", text, e);
}

static void test_document(void **state)
{
	(void)state;
	buf_clear(&out);
	har_begin(&out);
	har_entry(&out, (const uint8_t *)"{}", 2, true);
	har_entry(&out, (const uint8_t *)"{}", 2, false);
	har_end(&out);
	buf_add(&out, "", 1);
	assert_non_null(strstr((const char *)out.p, "\"entries\":[\n{"));
	assert_non_null(strstr((const char *)out.p, "}\n,{"));
	assert_non_null(strstr((const char *)out.p, "}\n]}}\n"));
}

static void test_urls(void **state)
{
	static const struct {
		const char *line, *url;
	} cases[] = {
		{REQUEST("h", "/p", "/p?q=1", ""), "http://h/p?q=1"},
		{REQUEST("h:8080", "/", "/", ""), "http://h:8080/"},
		{REQUEST("[2001:db8::1]:80", "/", "/", ""),
		 "http://[2001:db8::1]:80/"},
		{REQUEST("[2001:db8::1]", "/", "/", ""),
		 "http://[2001:db8::1]/"},
		{REQUEST("h", "/p", "https://h/p?a=b", ""), "https://h/p?a=b"},
		{REQUEST("h", "*", "*", ""), "http://h"},
		{REQUEST("h:443", "", "h:443", ""), "http://h:443"},
		{REQUEST("h", "odd", "odd", ""), "http://h/odd"},
		{REQUEST("h", "/a b|\\\"#%zz%41", "/a b|\\\"#%zz%41?<>", ""),
		 "http://h/a%20b%7C%22%23%25zz%41?%3C%3E"},
		{REQUEST("h", "/\xc3\xa9\\u0001\\u20ac", "/", ""),
		 "http://h/%C3%A9%01%E2%82%AC"},
		{REQUEST("[redacted]", "/", "/?t=[redacted]", ""),
		 "http://%5Bredacted%5D/?t=%5Bredacted%5D"},
		{REQUEST("u@h:x:1", "/", "/", ""), "http://u%40h%3Ax:1/"},
		{REQUEST("", "/", "/", ""), "http:///"},
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(text, "\"url\":\"");
		strcat(text, cases[i].url);
		strcat(text, "\",");
		contains(cases[i].line, text);
	}
}

static void test_times(void **state)
{
#define TIMES(q, q_end, r, r_end)                                        \
	"{\"request\":null,\"response\":null," META                      \
	",\"capture\":{\"requestStartUs\":" q ",\"requestEndUs\":" q_end \
	",\"responseStartUs\":" r ",\"responseEndUs\":" r_end "}}"
	static const struct {
		const char *line, *start, *time, *timings;
	} cases[] = {
		{TIMES("1700000000123456", "1700000000123556",
		       "1700000000125000", "1700000000125001"),
		 "2023-11-14T22:13:20.123456Z", "1.545",
		 "{\"send\":0.100,\"wait\":1.444,\"receive\":0.001}"},
		/* The response begins before the request ends. */
		{TIMES("1000", "9000", "3000", "5000"),
		 "1970-01-01T00:00:00.001000Z", "4.000",
		 "{\"send\":2.000,\"wait\":0.000,\"receive\":2.000}"},
		/* In the wrong order. */
		{TIMES("5000", "6000", "3000", "4000"),
		 "1970-01-01T00:00:00.005000Z", "0.000",
		 "{\"send\":0.000,\"wait\":0.000,\"receive\":0.000}"},
		/* Halves. */
		{TIMES("1000", "1500", "null", "null"),
		 "1970-01-01T00:00:00.001000Z", "0.500",
		 "{\"send\":0.500,\"wait\":0.000,\"receive\":0.000}"},
		{TIMES("null", "null", "1000", "4000"),
		 "1970-01-01T00:00:00.001000Z", "3.000",
		 "{\"send\":0.000,\"wait\":0.000,\"receive\":3.000}"},
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(text, "{\"startedDateTime\":\"");
		strcat(text, cases[i].start);
		strcat(text, "\",\"time\":");
		strcat(text, cases[i].time);
		contains(cases[i].line, text);
		contains(cases[i].line, cases[i].timings);
	}
}

static void test_cookies(void **state)
{
	(void)state;
	contains(
		REQUEST("h", "/", "/",
			FIELD("Cookie", "a=1; b=x=y;; c ; =d") "," FIELD(
				"cookie",
				"e=\\\"f\\\"") "," FIELD("Cookie",
							 "[redacted]")),
		"\"cookies\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\",\"value\":\"x=y\"},{\"name\":\"\",\"value\":\"c\"},{\"name\":\"\",\"value\":\"d\"},{\"name\":\"e\",\"value\":\"\\\"f\\\"\"}]");
	contains(
		RESPONSE(
			FIELD("Set-Cookie", "a=1; Path=/x; path=/p; Domain=h; SECURE; HttpOnly; Expires=Wed, 21 Oct 2015 07:28:00 GMT") "," FIELD(
				"set-cookie", "b; expires=never")),
		"\"cookies\":[{\"name\":\"a\",\"value\":\"1\",\"path\":\"/p\",\"domain\":\"h\",\"expires\":\"2015-10-21T07:28:00Z\",\"httpOnly\":true,\"secure\":true},{\"name\":\"\",\"value\":\"b\",\"httpOnly\":false,\"secure\":false}]");
}

/* HTTP/2: what was not captured. */
static void test_unknown(void **state)
{
#define UNKNOWN(method, host, path, field, status)                    \
	"{\"request\":{\"method\":" method ",\"url\":{\"host\":" host \
	",\"path\":" path ",\"parameters\":[]},\"headers\":[" field   \
	"],\"body\":\"\"},\"response\":{\"status\":" status           \
	",\"headers\":[" field "],\"body\":\"\"}," META               \
	"," CAPTURE("\"target\":null,")
#define A_FIELD FIELD("a", "1")

	(void)state;
	contains(UNKNOWN("null", "\"h\"", "\"/a\"", A_FIELD, "200"),
		 "\"method\":\"\",\"url\":\"http://h/a\"");
	contains(UNKNOWN("\"GET\"", "null", "\"/a\"", A_FIELD, "200"),
		 "\"url\":\"http://192.0.2.2/a\"");
	contains(UNKNOWN("\"GET\"", "\"h\"", "null", A_FIELD, "200"),
		 "\"url\":\"http://h/\"");
	contains(UNKNOWN("\"GET\"", "\"h\"", "null", A_FIELD, "200"),
		 "\"comment\":\"Parts were not captured.\"},\"response\"");
	contains(UNKNOWN("\"GET\"", "\"h\"", "\"/a\"", A_FIELD, "null"),
		 "\"response\":{\"status\":0,");
	contains(UNKNOWN("\"GET\"", "\"h\"", "\"/a\"",
			 "{\"name\":null,\"value\":null}," A_FIELD
			 ",{\"name\":\"b\",\"value\":null}",
			 "200"),
		 "\"headers\":[" A_FIELD "],\"queryString\"");
	assert_null(strstr(
		entry(UNKNOWN("\"GET\"", "\"h\"", "\"/a\"", A_FIELD, "200")),
		"comment"));
}

static void test_halves(void **state)
{
	(void)state;
	contains(REQUEST("h", "/", "/", ""),
		 "\"response\":{\"status\":0,\"statusText\":\"\"");
	contains(REQUEST("h", "/", "/", ""), "The response was not seen.");
	contains(RESPONSE(""),
		 "\"request\":{\"method\":\"\",\"url\":\"http://192.0.2.2/\"");
	contains(
		"{\"response\":null,\"meta\":{\"destination\":\"2001:db8::1\",\"destinationPort\":8080}}",
		"\"url\":\"http://[2001:db8::1]:8080/\"");
}

static void test_content(void **state)
{
	(void)state;
	contains(
		RESPONSE(FIELD("Content-Type",
			       "image/png") "," FIELD("Location", "/next")),
		"\"content\":{\"size\":3,\"compression\":2,\"mimeType\":\"image/png\",\"text\":\"x\",\"encoding\":\"base64\"},\"redirectURL\":\"/next\",\"headersSize\":-1,\"bodySize\":1}");
	contains(RESPONSE(""), "\"mimeType\":\"x-unknown\"");
}

/* Text that is no line gives an entry all the same, and nothing outside of it is
 * read. */
static void test_damaged(void **state)
{
	static const char line[] =
		REQUEST("h:1", "/%4", "/%4?%", FIELD("Cookie", "a=1;"));
	char *copy;

	(void)state;
	for (size_t n = 0; n < sizeof(line); n++) {
		copy = test_malloc(n + 1);
		memcpy(copy, line, n);
		buf_clear(&out);
		har_entry(&out, (const uint8_t *)copy, n, true);
		assert_false(out.failed);
		test_free(copy);
	}
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document), cmocka_unit_test(test_urls),
		cmocka_unit_test(test_times),	 cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_cookies),	 cmocka_unit_test(test_halves),
		cmocka_unit_test(test_content),	 cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
