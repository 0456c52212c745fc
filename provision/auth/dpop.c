/* SPDX-License-Identifier: MIT */
/* A JSON Web Token that carries the public key and is signed with ES256 (RFC 7515,
 * RFC 7518 section 3.4). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "auth/dpop.h"
#include "base/json.h"
#include "http/secret.h"

#define COORDINATE 32 /* bytes, of P-256 */
#define ID_BYTES   16
#define DER_MAX	   128 /* bytes of a signature */

/* Base64 for URLs, without padding. */
static void add_base64(struct buf *to, const uint8_t *p, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned int have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			buf_add(to, &digits[bits >> (have - 6) & 63], 1);
	}
	if (have)
		buf_add(to, &digits[bits << (6 - have) & 63], 1);
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key =
		in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
	char curve[32] = "";

	BIO_free(in);
	if (key && EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) &&
	    !strcmp(curve, "prime256v1"))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static bool add_coordinate(struct buf *to, const EVP_PKEY *key,
			   const char *name)
{
	BIGNUM *n = NULL;
	uint8_t bytes[COORDINATE];
	bool done = EVP_PKEY_get_bn_param(key, name, &n) &&
		    BN_bn2binpad(n, bytes, sizeof(bytes)) == sizeof(bytes);

	BN_free(n);
	if (done)
		add_base64(to, bytes, sizeof(bytes));
	return done;
}

static bool add_header(struct buf *to, const EVP_PKEY *key)
{
	struct buf json = {0};
	bool done;

	buf_add_str(
		&json,
		"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"x\":\"");
	done = add_coordinate(&json, key, OSSL_PKEY_PARAM_EC_PUB_X);
	buf_add_str(&json, "\",\"y\":\"");
	done = done && add_coordinate(&json, key, OSSL_PKEY_PARAM_EC_PUB_Y);
	buf_add_str(&json, "\",\"crv\":\"P-256\"}}");
	add_base64(to, json.p, json.len);
	done &= !json.failed;
	buf_free(&json);
	return done;
}

static bool add_payload(struct buf *to, const char *url, int64_t now)
{
	struct buf json = {0};
	uint8_t id[ID_BYTES];
	char text[48];
	bool done = RAND_bytes(id, sizeof(id)) == 1;

	buf_add_str(&json, "{\"htm\":\"POST\",\"htu\":");
	json_add_string(&json, url, strlen(url));
	snprintf(text, sizeof(text), ",\"iat\":%" PRId64 ",\"jti\":\"", now);
	buf_add_str(&json, text);
	if (done)
		add_base64(&json, id, sizeof(id));
	buf_add_str(&json, "\"}");
	add_base64(to, json.p, json.len);
	done &= !json.failed;
	buf_free(&json);
	return done;
}

/* JWS wants the two numbers of the signature, each of 32 bytes, instead of
 * DER. */
static bool add_signature(struct buf *to, EVP_PKEY *key, const struct buf *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[DER_MAX], bytes[2 * COORDINATE];
	const uint8_t *p = der;
	ECDSA_SIG *signature = NULL;
	size_t n = sizeof(der);
	bool done =
		ctx &&
		EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(ctx, der, &n, text->p, text->len) == 1;

	if (done)
		signature = d2i_ECDSA_SIG(NULL, &p, (long)n);
	done = signature &&
	       BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, COORDINATE) ==
		       COORDINATE &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + COORDINATE,
			    COORDINATE) == COORDINATE;
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(ctx);
	if (done) {
		buf_add_str(to, ".");
		add_base64(to, bytes, sizeof(bytes));
	}
	return done;
}

int dpop_proof(struct buf *to, const char *key, const char *url, int64_t now)
{
	EVP_PKEY *pkey = read_key(key);
	struct buf text = {0};
	bool done = pkey && add_header(&text, pkey);

	buf_add_str(&text, ".");
	done = done && add_payload(&text, url, now);
	buf_add(to, text.p, text.len);
	done = done && add_signature(to, pkey, &text);
	EVP_PKEY_free(pkey);
	buf_add(to, "", 1);
	if (to->failed || text.failed) {
		buf_free(&text);
		return -ENOMEM;
	}
	buf_free(&text);
	to->len--;
	return done ? 0 : -EINVAL;
}
