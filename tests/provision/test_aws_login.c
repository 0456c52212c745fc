/* SPDX-License-Identifier: MIT */
/* login_session of a profile ("aws login"): cached keys, renewal, and the proof
 * of possession that renewal takes. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "auth/dpop.h"
#include "cred_kit.h"
#include "responder.h"

/* The cache file is named after the SHA-256 of the session. */
#define SESSION "arn:aws:iam::123456789012:user/me"
#define CACHE_FILE \
	"286187707741fc2ccb93cf9e56dbd0ee0a16208feed5fbc8ae1baa86d44c283f.json"
#define RENEWED                                                         \
	"{\"accessToken\":{\"accessKeyId\":\"ASIANEW\","                \
	"\"secretAccessKey\":\"new/secret\",\"sessionToken\":\"new+t\"" \
	"},\"expiresIn\":900,\"refreshToken\":\"r2\",\"tokenType\":\"x\"}"

static const char config[] = "[profile l]\nlogin_session = " SESSION "\n";

/* Decodes base64 for URLs; returns the number of bytes. */
static size_t decode(const char *text, size_t n, uint8_t *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *d = strchr(digits, text[i]);

		assert_true(d && *d);
		bits = bits << 6 | (uint32_t)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[len++] = (uint8_t)(bits >> have);
		}
	}
	return len;
}

static bool verifies(EVP_PKEY *key, const char *text, size_t n,
		     const uint8_t signature[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *s = ECDSA_SIG_new();
	uint8_t *der = NULL;
	bool good;
	int len;

	assert_int_equal(ECDSA_SIG_set0(s, BN_bin2bn(signature, 32, NULL),
					BN_bin2bn(signature + 32, 32, NULL)),
			 1);
	len = i2d_ECDSA_SIG(s, &der);
	assert_true(len > 0);
	assert_int_equal(
		EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	good = EVP_DigestVerify(ctx, der, (size_t)len, (const uint8_t *)text,
				n) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(s);
	EVP_MD_CTX_free(ctx);
	return good;
}

/* The public key of a JWK, as the receiver of a proof builds it. */
static EVP_PKEY *public_key(const char *jwk)
{
	const char *x = strstr(jwk, "\"x\":\""), *y = strstr(jwk, "\"y\":\"");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	uint8_t point[65] = {4};
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 5),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
					sizeof(point)),
		OSSL_PARAM_END};
	EVP_PKEY *key = NULL;

	assert_true(x && y);
	assert_int_equal(decode(x + 5, strcspn(x + 5, "\""), point + 1), 32);
	assert_int_equal(decode(y + 5, strcspn(y + 5, "\""), point + 33), 32);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Checks a proof of possession; payload receives what it states. */
static void check_proof(const char *proof, char payload[512])
{
	const char *dot = strchr(proof, '.'), *last = strrchr(proof, '.');
	char header[512];
	uint8_t signature[80];
	EVP_PKEY *key;
	size_t n;

	assert_true(dot && last && last > dot);
	n = decode(proof, (size_t)(dot - proof), (uint8_t *)header);
	header[n] = 0;
	assert_non_null(
		strstr(header, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\""));
	n = decode(dot + 1, (size_t)(last - dot - 1), (uint8_t *)payload);
	payload[n] = 0;
	assert_int_equal(decode(last + 1, strlen(last + 1), signature), 64);
	key = public_key(header);
	assert_true(verifies(key, proof, (size_t)(last - proof), signature));
	signature[9] ^= 1;
	assert_false(verifies(key, proof, (size_t)(last - proof), signature));
	EVP_PKEY_free(key);
}

/* A new private key on a curve as the text of a JSON string, or as PEM. */
static void new_key(const char *curve, bool json, char to[1024])
{
	EVP_PKEY *key = EVP_EC_gen(curve);
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long n;

	assert_non_null(key);
	assert_int_equal(PEM_write_bio_PrivateKey_traditional(
				 out, key, NULL, NULL, 0, NULL, NULL),
			 1);
	n = BIO_get_mem_data(out, &text);
	for (long i = 0; i < n; i++) {
		if (json && text[i] == '\n')
			*to++ = '\\';
		*to++ = (char)(json && text[i] == '\n' ? 'n' : text[i]);
	}
	*to = 0;
	BIO_free(out);
	EVP_PKEY_free(key);
}

static void write_cache(struct fixture *f, const char *expires,
			const char *refresh)
{
	char text[2048], key[1024], dir[256];

	new_key("P-256", true, key);
	snprintf(
		text, sizeof(text),
		"{\"accessToken\":{\"accessKeyId\":\"ASIAOLD\",\"secretAccessKey\":\"old/secret\",\"sessionToken\":\"old+t\",\"accountId\":\"1\",\"expiresAt\":\"%s\"},\"refreshToken\":\"%s\",\"clientId\":\"arn:aws:signin:::devtools/same-device\",\"idToken\":\"i\",\"dpopKey\":\"%s\"}",
		expires, refresh, key);
	path_of(f, ".aws/login", dir, sizeof(dir));
	mkdir(dir, 0700);
	path_of(f, ".aws/login/cache", dir, sizeof(dir));
	mkdir(dir, 0700);
	write_file(f, ".aws/login/cache/" CACHE_FILE, text);
}

static void cached(void **state)
{
	struct fixture *f = *state;

	write_file(f, ".aws/config", config);
	expect_failure(f, "l", "not logged in", "aws login --profile l", NULL);
	write_cache(f, "2099-01-01T00:00:00Z", "r1");
	expect(f, "l", "ASIAOLD", "old/secret", "old+t", "profile l, login");
	assert_int_equal(f->c.expires, 4070908800);
	assert_int_equal(responder_count(f->r), 0);
	write_file(f, ".aws/login/cache/" CACHE_FILE, "{}");
	expect_failure(f, "l", "holds no keys", "aws login", NULL);
}

static void renewed(void **state)
{
	char v[1024], payload[512], htu[160], iat[40];
	struct fixture *f = *state;

	write_file(f, ".aws/config", config);
	setenv("AWS_ENDPOINT_URL_SIGNIN", responder_url(f->r), 1);
	write_cache(f, "2020-01-01T00:00:00Z", "r1");
	responder_reply(f->r, 200, NULL, RENEWED);
	expect(f, "l", "ASIANEW", "new/secret", "new+t", "login");
	assert_true(f->c.expires > time(NULL) + 800);
	assert_non_null(strstr(responder_head(f->r, 0), "POST /v1/token HTTP"));
	assert_string_equal(
		responder_body(f->r, 0),
		"{\"clientId\":\"arn:aws:signin:::devtools/same-device\",\"refreshToken\":\"r1\",\"grantType\":\"refresh_token\"}");
	check_proof(responder_header(f->r, 0, "DPoP", v, sizeof(v)), payload);
	snprintf(htu, sizeof(htu), "\"htm\":\"POST\",\"htu\":\"%s/v1/token\"",
		 responder_url(f->r));
	assert_non_null(strstr(payload, htu));
	snprintf(iat, sizeof(iat), "\"iat\":%" PRId64, (int64_t)time(NULL));
	iat[strlen(iat) - 2] = 0; /* the test may take seconds */
	assert_non_null(strstr(payload, iat));
	/* From the cache, which keeps the new refresh token. */
	expect(f, "l", "ASIANEW", "new/secret", "new+t", "login");
	assert_int_equal(responder_count(f->r), 1);
}

/* What the renewal returns must be complete; otherwise the old keys are used
 * until they expire. */
static void not_renewed(void **state)
{
	static const char *const bad[] = {
		"{}", "null", "[]", "{\"accessToken\":{},\"expiresIn\":900}",
		"{\"accessToken\":{\"accessKeyId\":\"a\",\"secretAccessKey\":\"b\",\"sessionToken\":\"c\"},\"expiresIn\":-1}"};
	struct fixture *f = *state;
	time_t soon = time(NULL) + 120;
	char expires[40];
	struct tm tm;

	write_file(f, ".aws/config", config);
	setenv("AWS_ENDPOINT_URL_SIGNIN", responder_url(f->r), 1);
	write_cache(f, "2020-01-01T00:00:00Z", "r1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		responder_reply(f->r, 200, NULL, bad[i]);
		expect_failure(f, "l", "the login has expired",
			       "aws login --profile l", NULL);
	}
	responder_reply(f->r, 401, NULL, "{\"error\":\"TOKEN_EXPIRED\"}");
	expect_failure(f, "l", "the login has expired", NULL);
	strftime(expires, sizeof(expires), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&soon, &tm));
	write_cache(f, expires, "r1");
	responder_reply(f->r, 500, NULL, "");
	expect(f, "l", "ASIAOLD", "old/secret", "old+t", "login");
}

static void proof_refuses(void **state)
{
	struct buf to = {0};
	char key[1024];

	(void)state;
	new_key("P-384", false, key);
	assert_int_equal(dpop_proof(&to, key, "https://x/", 1), -EINVAL);
	assert_int_equal(dpop_proof(&to, "no key", "https://x/", 1), -EINVAL);
	buf_free(&to);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cred_setup, cred_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cached),
		TEST(renewed),
		TEST(not_renewed),
		cmocka_unit_test(proof_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
