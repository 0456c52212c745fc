/* SPDX-License-Identifier: MIT */
/*
 * Signature Version 4 against AWS's signing test suite (awslabs/aws-c-auth,
 * tests/aws-signing-test-suite/v4; Apache-2.0), and the encoding of query
 * requests. Names and signatures are those of the suite. Its cases for query
 * strings, path normalization and repeated headers are left out: the program
 * sends no such requests.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/query.h"
#include "http/sign.h"

#define WHEN 1440938160 /* 2015-08-30T12:36:00Z */
#define UNRESERVED                                 \
	"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz"
#define STS_TOKEN                                                            \
	"AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQ" \
	"WLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMc" \
	"GdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp7" \
	"5YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZb" \
	"qBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/o" \
	"LxBA=="
#define FORM_HASH \
	"9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
#define VANILLA \
	"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"

struct vector {
	const char *name;
	const char *method, *path;
	struct sign_header more[4]; /* besides Host and X-Amz-Date */
	const char *body;
	const char *signed_headers;
	const char *signature;
};

static const struct vector vectors[] = {
	{"get-space-normalized",
	 "GET",
	 "/example space/",
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{"get-unreserved",
	 "GET",
	 "/" UNRESERVED,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"get-utf8",
	 "GET",
	 "/\xe1\x88\xb4",
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{"get-vanilla", "GET", "/", {{0}}, "", "host;x-amz-date", VANILLA},
	{"get-vanilla-query",
	 "GET",
	 "/",
	 {{0}},
	 "",
	 "host;x-amz-date",
	 VANILLA},
	{"get-vanilla-with-session-token",
	 "GET",
	 "/",
	 {{"X-Amz-Security-Token",
	   "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
	 "",
	 "host;x-amz-date;x-amz-security-token",
	 "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{"post-header-key-case",
	 "POST",
	 "/",
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-header-key-sort",
	 "POST",
	 "/",
	 {{"My-Header1", "value1"}},
	 "",
	 "host;my-header1;x-amz-date",
	 "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{"post-header-value-case",
	 "POST",
	 "/",
	 {{"My-Header1", "VALUE1"}},
	 "",
	 "host;my-header1;x-amz-date",
	 "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	/* The token is added after signing, so it is not among the headers. */
	{"post-sts-header-after",
	 "POST",
	 "/",
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-sts-header-before",
	 "POST",
	 "/",
	 {{"X-Amz-Security-Token", STS_TOKEN}},
	 "",
	 "host;x-amz-date;x-amz-security-token",
	 "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	{"post-vanilla",
	 "POST",
	 "/",
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-x-www-form-urlencoded",
	 "POST",
	 "/",
	 {{"Content-Type", "application/x-www-form-urlencoded"},
	  {"Content-Length", "13"},
	  {"x-amz-content-sha256", FORM_HASH}},
	 "Param1=value1",
	 "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	 "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	{"post-x-www-form-urlencoded-parameters",
	 "POST",
	 "/",
	 {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
	  {"Content-Length", "13"},
	  {"x-amz-content-sha256", FORM_HASH}},
	 "Param1=value1",
	 "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	 "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
};

#define N_VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static const struct sign_scope scope = {
	.access_key = "AKIDEXAMPLE",
	.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	.region = "us-east-1",
	.service = "service",
	.when = WHEN,
};

static void sign_vector(struct buf *to, const struct vector *v)
{
	struct sign_header headers[6] = {{"X-Amz-Date", "20150830T123600Z"},
					 {"Host", "example.amazonaws.com"}};
	struct sign_request r = {.method = v->method,
				 .path = v->path,
				 .headers = headers,
				 .n_headers = 2,
				 .body = v->body,
				 .body_len = strlen(v->body)};
	size_t i;

	for (i = 0; i < 4 && v->more[i].name; i++)
		headers[r.n_headers++] = v->more[i];
	assert_int_equal(sign_authorization(to, &r, &scope), 0);
	buf_add(to, "", 1);
}

static void suite(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(N_VECTORS, 14);
	for (i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct buf got = {0};
		char want[400];

		snprintf(
			want, sizeof(want),
			"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=%s, Signature=%s",
			v->signed_headers, v->signature);
		sign_vector(&got, v);
		if (strcmp((char *)got.p, want))
			fail_msg("%s: %s", v->name, (char *)got.p);
		buf_free(&got);
	}
}

static void dates(void **state)
{
	char date[SIGN_DATE_LEN];

	(void)state;
	sign_date(WHEN, date);
	assert_string_equal(date, "20150830T123600Z");
	sign_date(0, date);
	assert_string_equal(date, "19700101T000000Z");
}

static void refuses(void **state)
{
	static struct sign_header many[SIGN_MAX_HEADERS + 1];
	struct sign_request r = {.method = "GET", .path = "/", .headers = many};
	struct buf to = {0};
	size_t i;

	(void)state;
	assert_int_equal(sign_authorization(&to, &r, &scope), -EINVAL);
	for (i = 0; i <= SIGN_MAX_HEADERS; i++)
		many[i] = (struct sign_header){"a", "b"};
	r.n_headers = SIGN_MAX_HEADERS + 1;
	assert_int_equal(sign_authorization(&to, &r, &scope), -EINVAL);
	assert_int_equal(to.len, 0);
	buf_free(&to);
}

static void queries(void **state)
{
	static const struct aws_new_tag tags[] = {{"Name", "a b&c"},
						  {"k", NULL}};
	struct aws_query q = {0};

	(void)state;
	query_string(&q, "CreateTags", "Action");
	query_string(&q, NULL, "Description");
	query_number(&q, -1, "N");
	query_bool(&q, true, "DryRun");
	query_names(&q, AWS_NAMES("x", "y"), "Id");
	query_tags(&q, (struct aws_new_tags){tags, 2}, "Tag");
	query_string(&q, "\xc3\xa4~*", "F.%d.V", 3);
	buf_add(&q.body, "", 1);
	assert_false(q.body.failed);
	assert_string_equal(
		q.body.p,
		"Action=CreateTags&N=-1&DryRun=true&Id.1=x&Id.2=y&Tag.1.Key=Name&Tag.1.Value=a%20b%26c&Tag.2.Key=k&F.3.V=%C3%A4~%2A");
	query_free(&q);
	query_string(&q, "v", "%0200d", 1);
	assert_true(q.body.failed);
	query_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suite),
		cmocka_unit_test(dates),
		cmocka_unit_test(refuses),
		cmocka_unit_test(queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
