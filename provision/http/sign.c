/* SPDX-License-Identifier: MIT */
/*
 * Signature Version 4: hash a canonical form of the request, then sign the hash
 * with a key derived from the secret, the day, the region and the service. The
 * derived keys and the canonical request, which contains the session token, are
 * wiped after use.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "http/query.h"
#include "http/secret.h"
#include "http/sign.h"

#define ALGORITHM      "AWS4-HMAC-SHA256"
#define CANONICAL_SIZE (32u << 10)

void sign_date(int64_t when, char to[SIGN_DATE_LEN])
{
	time_t t = when;
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	strftime(to, SIGN_DATE_LEN, "%Y%m%dT%H%M%SZ", &tm);
}

static void add_hex(struct buf *to, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		const char two[] = {digits[p[i] >> 4], digits[p[i] & 15]};

		buf_add(to, two, sizeof(two));
	}
}

static void add_hash(struct buf *to, const void *p, size_t n)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256(n ? p : "", n, hash);
	add_hex(to, hash, sizeof(hash));
}

/* Encodes the path as it is in the URL, so that "%20" becomes "%2520": every
 * service except S3 expects the path to be encoded twice. */
static void add_path(struct buf *to, const char *path)
{
	for (; *path; path++) {
		if (*path == '/')
			buf_add_str(to, "/");
		else
			uri_encode(to, path, 1);
	}
}

static void add_lower(struct buf *to, const char *name)
{
	for (; *name; name++) {
		char c = *name;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		buf_add(to, &c, 1);
	}
}

/* By insertion: there are about six headers. */
static int sort_headers(const struct sign_request *r,
			const struct sign_header **sorted)
{
	size_t i, at;

	if (!r->n_headers || r->n_headers > SIGN_MAX_HEADERS)
		return -EINVAL;
	for (i = 0; i < r->n_headers; i++) {
		const struct sign_header *h = &r->headers[i];

		for (at = i;
		     at && strcasecmp(sorted[at - 1]->name, h->name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = h;
	}
	return 0;
}

static void add_names(struct buf *to, const struct sign_header **sorted,
		      size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		buf_add_str(to, i ? ";" : "");
		add_lower(to, sorted[i]->name);
	}
}

static int add_canonical(struct buf *to, const struct sign_request *r,
			 const struct sign_header **sorted)
{
	size_t i;

	buf_add_str(to, r->method);
	buf_add_str(to, "\n");
	add_path(to, r->path);
	buf_add_str(to, "\n\n"); /* no query string */
	for (i = 0; i < r->n_headers; i++) {
		add_lower(to, sorted[i]->name);
		buf_add_str(to, ":");
		buf_add_str(to, sorted[i]->value);
		buf_add_str(to, "\n");
	}
	buf_add_str(to, "\n");
	add_names(to, sorted, r->n_headers);
	buf_add_str(to, "\n");
	add_hash(to, r->body, r->body_len);
	return to->failed ? -ENOMEM : 0;
}

/* Replaces key by HMAC-SHA256(key, text). */
static bool hmac(uint8_t key[SHA256_DIGEST_LENGTH], const char *text)
{
	uint8_t out[SHA256_DIGEST_LENGTH];
	unsigned int n = 0;
	bool ok = HMAC(EVP_sha256(), key, SHA256_DIGEST_LENGTH,
		       (const uint8_t *)text, strlen(text), out, &n) != NULL;

	memcpy(key, out, sizeof(out));
	OPENSSL_cleanse(out, sizeof(out));
	return ok;
}

/* Derives the signing key, then signs text. */
static int sign(uint8_t sig[SHA256_DIGEST_LENGTH],
		const struct sign_scope *scope, const char *day,
		const char *text)
{
	struct buf secret = {0};
	unsigned int n = 0;
	bool ok;

	/* Reserve it all: realloc() would leave a copy in freed memory. */
	buf_reserve(&secret, strlen(scope->secret) + 8);
	buf_add_str(&secret, "AWS4");
	buf_add_str(&secret, scope->secret);
	ok = !secret.failed &&
	     HMAC(EVP_sha256(), secret.p, (int)secret.len, (const uint8_t *)day,
		  strlen(day), sig, &n) &&
	     hmac(sig, scope->region) && hmac(sig, scope->service) &&
	     hmac(sig, "aws4_request") && hmac(sig, text);
	secret_free_buf(&secret);
	return ok ? 0 : -ENOMEM;
}

static void add_scope(struct buf *to, const struct sign_scope *scope,
		      const char *day)
{
	buf_add_str(to, day);
	buf_add_str(to, "/");
	buf_add_str(to, scope->region);
	buf_add_str(to, "/");
	buf_add_str(to, scope->service);
	buf_add_str(to, "/aws4_request");
}

int sign_authorization(struct buf *to, const struct sign_request *r,
		       const struct sign_scope *scope)
{
	const struct sign_header *sorted[SIGN_MAX_HEADERS];
	struct buf canonical = {0}, text = {0};
	uint8_t sig[SHA256_DIGEST_LENGTH] = {0};
	char date[SIGN_DATE_LEN], day[9];
	int error = sort_headers(r, sorted);

	if (error)
		return error;
	sign_date(scope->when, date);
	memcpy(day, date, 8);
	day[8] = 0;

	buf_reserve(&canonical, CANONICAL_SIZE);
	error = add_canonical(&canonical, r, sorted);
	if (!error) {
		buf_add_str(&text, ALGORITHM "\n");
		buf_add_str(&text, date);
		buf_add_str(&text, "\n");
		add_scope(&text, scope, day);
		buf_add_str(&text, "\n");
		add_hash(&text, canonical.p, canonical.len);
		buf_add(&text, "", 1);
		error = text.failed
				? -ENOMEM
				: sign(sig, scope, day, (const char *)text.p);
	}
	secret_free_buf(&canonical);
	buf_free(&text);
	if (error)
		return error;

	buf_add_str(to, ALGORITHM " Credential=");
	buf_add_str(to, scope->access_key);
	buf_add_str(to, "/");
	add_scope(to, scope, day);
	buf_add_str(to, ", SignedHeaders=");
	add_names(to, sorted, r->n_headers);
	buf_add_str(to, ", Signature=");
	add_hex(to, sig, sizeof(sig));
	return to->failed ? -ENOMEM : 0;
}
