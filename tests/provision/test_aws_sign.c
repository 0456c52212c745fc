/* SPDX-License-Identifier: MIT */
/*
 * Signature Version 4 against the 38 cases of AWS's own signing suite
 * (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4; Apache-2.0). The
 * requests are written here anew; names and signatures are those of the suite.
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
#define KEEP true

struct vector {
	const char *name;
	const char *method, *path, *query;
	bool keep_path;
	struct sign_header more[4]; /* beside host and x-amz-date */
	const char *body;
	const char *signed_headers;
	const char *signature;
};

static const struct vector vectors[] = {
	{"get-header-key-duplicate",
	 "GET",
	 "/",
	 "",
	 false,
	 {{"My-Header1", "value2"},
	  {"My-Header1", "value2"},
	  {"My-Header1", "value1"}},
	 "",
	 "host;my-header1;x-amz-date",
	 "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	/* A folded line of the suite counts as one more value. */
	{"get-header-value-multiline",
	 "GET",
	 "/",
	 "",
	 false,
	 {{"My-Header1", "value1"},
	  {"My-Header1", "  value2"},
	  {"My-Header1", "     value3"}},
	 "",
	 "host;my-header1;x-amz-date",
	 "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790"},
	{"get-header-value-order",
	 "GET",
	 "/",
	 "",
	 false,
	 {{"My-Header1", "value4"},
	  {"My-Header1", "value1"},
	  {"My-Header1", "value3"},
	  {"My-Header1", "value2"}},
	 "",
	 "host;my-header1;x-amz-date",
	 "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{"get-header-value-trim",
	 "GET",
	 "/",
	 "",
	 false,
	 {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
	 "",
	 "host;my-header1;my-header2;x-amz-date",
	 "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{"get-relative-normalized",
	 "GET",
	 "/example/..",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 VANILLA},
	{"get-relative-relative-normalized",
	 "GET",
	 "/example1/example2/../..",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 VANILLA},
	{"get-relative-relative-unnormalized",
	 "GET",
	 "/example1/example2/../..",
	 "",
	 KEEP,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
	{"get-relative-unnormalized",
	 "GET",
	 "/example/..",
	 "",
	 KEEP,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
	{"get-slash-dot-slash-normalized",
	 "GET",
	 "/./",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 VANILLA},
	{"get-slash-dot-slash-unnormalized",
	 "GET",
	 "/./",
	 "",
	 KEEP,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
	{"get-slash-normalized",
	 "GET",
	 "//",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 VANILLA},
	{"get-slash-pointless-dot-normalized",
	 "GET",
	 "/./example",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	{"get-slash-pointless-dot-unnormalized",
	 "GET",
	 "/./example",
	 "",
	 KEEP,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"},
	{"get-slash-unnormalized",
	 "GET",
	 "//",
	 "",
	 KEEP,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e"},
	{"get-slashes-normalized",
	 "GET",
	 "//example//",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{"get-slashes-unnormalized",
	 "GET",
	 "//example//",
	 "",
	 KEEP,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
	{"get-space-normalized",
	 "GET",
	 "/example space/",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{"get-space-unnormalized",
	 "GET",
	 "/example space/",
	 "",
	 KEEP,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{"get-unreserved",
	 "GET",
	 "/" UNRESERVED,
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"get-utf8",
	 "GET",
	 "/\xe1\x88\xb4",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{"get-vanilla",
	 "GET",
	 "/",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 VANILLA},
	{"get-vanilla-empty-query-key",
	 "GET",
	 "/",
	 "Param1=value1",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{"get-vanilla-query",
	 "GET",
	 "/",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 VANILLA},
	{"get-vanilla-query-order-encoded",
	 "GET",
	 "/",
	 "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{"get-vanilla-query-order-key-case",
	 "GET",
	 "/",
	 "Param2=value2&Param1=value1",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"get-vanilla-query-unreserved",
	 "GET",
	 "/",
	 UNRESERVED "=" UNRESERVED,
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{"get-vanilla-utf8-query",
	 "GET",
	 "/",
	 "\xe1\x88\xb4=bar",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{"get-vanilla-with-session-token",
	 "GET",
	 "/",
	 "",
	 false,
	 {{"X-Amz-Security-Token",
	   "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}},
	 "",
	 "host;x-amz-date;x-amz-security-token",
	 "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{"post-header-key-case",
	 "POST",
	 "/",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-header-key-sort",
	 "POST",
	 "/",
	 "",
	 false,
	 {{"My-Header1", "value1"}},
	 "",
	 "host;my-header1;x-amz-date",
	 "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{"post-header-value-case",
	 "POST",
	 "/",
	 "",
	 false,
	 {{"My-Header1", "VALUE1"}},
	 "",
	 "host;my-header1;x-amz-date",
	 "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	/* The token is added after signing here, so it is not signed. */
	{"post-sts-header-after",
	 "POST",
	 "/",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-sts-header-before",
	 "POST",
	 "/",
	 "",
	 false,
	 {{"X-Amz-Security-Token", STS_TOKEN}},
	 "",
	 "host;x-amz-date;x-amz-security-token",
	 "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	{"post-vanilla",
	 "POST",
	 "/",
	 "",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-vanilla-empty-query-value",
	 "POST",
	 "/",
	 "Param1=value1",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{"post-vanilla-query",
	 "POST",
	 "/",
	 "Param1=value1",
	 false,
	 {{0}},
	 "",
	 "host;x-amz-date",
	 "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{"post-x-www-form-urlencoded",
	 "POST",
	 "/",
	 "",
	 false,
	 {{"Content-Type", "application/x-www-form-urlencoded"},
	  {"Content-Length", "13"},
	  {"x-amz-content-sha256", FORM_HASH}},
	 "Param1=value1",
	 "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
	 "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	{"post-x-www-form-urlencoded-parameters",
	 "POST",
	 "/",
	 "",
	 false,
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
				 .query = v->query,
				 .keep_path = v->keep_path,
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
	assert_int_equal(N_VECTORS, 38);
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
	static struct sign_header many[300];
	struct sign_request r = {
		.method = "GET", .path = "/", .query = "", .headers = many};
	struct buf to = {0};
	size_t i;

	(void)state;
	assert_int_equal(sign_authorization(&to, &r, &scope), -EINVAL);
	for (i = 0; i < 300; i++)
		many[i] = (struct sign_header){"a", "b"};
	r.n_headers = 300;
	assert_int_equal(sign_authorization(&to, &r, &scope), -EINVAL);
	assert_int_equal(to.len, 0);
	buf_free(&to);
}

static void queries(void **state)
{
	static const struct aws_new_tag tags[] = {{"Name", "a b&c"},
						  {"k", NULL}};
	struct query q = {0};

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
