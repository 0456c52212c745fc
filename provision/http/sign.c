/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "http/secret.h"
#include "http/query.h"
#include "http/sign.h"
#include "base/parse.h"

#define ALGORITHM      "AWS4-HMAC-SHA256"
#define MAX_PARTS      256 /* headers, path segments or query parameters */
#define CANONICAL_ROOM (32 << 10)

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

/* A piece of text that is not NUL-terminated. */
struct piece {
	const char *p;
	size_t n;
};

/* "/a/./b//../c" without what means nothing. */
static int add_path_normal(struct buf *to, const char *path)
{
	struct piece parts[MAX_PARTS];
	size_t n = 0, i;
	const char *p = path;
	bool slash = true;

	while (*p) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (!len)
			break;
		slash = p[len] == '/';
		if (len == 1 && p[0] == '.') {
			slash = true;
		} else if (len == 2 && p[0] == '.' && p[1] == '.') {
			n -= n > 0;
			slash = true;
		} else {
			if (n == MAX_PARTS)
				return -EINVAL;
			parts[n++] = (struct piece){p, len};
		}
		p += len;
	}
	for (i = 0; i < n; i++) {
		buf_add_str(to, "/");
		uri_encode(to, parts[i].p, parts[i].n);
	}
	if (!n || slash)
		buf_add_str(to, "/");
	return 0;
}

static int add_path(struct buf *to, const struct sign_request *r)
{
	const char *p = r->path;

	if (!r->keep_path)
		return add_path_normal(to, p);
	if (*p != '/')
		buf_add_str(to, "/");
	for (;;) {
		size_t len = strcspn(p, "/");

		uri_encode(to, p, len);
		p += len;
		if (!*p)
			return 0;
		buf_add_str(to, "/");
		p++;
	}
}

/* What the URL has encoded is decoded first, so that it is encoded once. */
static void add_encoded_again(struct buf *to, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int high = -1, low = -1;
		char c = p[i];

		if (c == '%' && i + 2 < n) {
			high = parse_hex_digit((uint8_t)p[i + 1]);
			low = parse_hex_digit((uint8_t)p[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		uri_encode(to, &c, 1);
	}
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Parameters as "name=value", encoded, in the order of their names and then
 * values: '=' would sort after '-' and '.', which names may contain. So a
 * byte 1 stands in its place while they are sorted. */
static int add_query(struct buf *to, const char *query)
{
	struct buf parts = {0};
	const char *p = query;
	char *sorted[MAX_PARTS];
	size_t n = 0, i;
	int error = 0;

	while (*p) {
		size_t len = strcspn(p, "&"), name = strcspn(p, "=&");

		if (len) {
			add_encoded_again(&parts, p, name);
			buf_add(&parts, "\1", 1);
			if (name < len)
				add_encoded_again(&parts, p + name + 1,
						  len - name - 1);
			buf_add(&parts, "", 1);
			n++;
		}
		p += len + (p[len] == '&');
	}
	if (parts.failed)
		error = -ENOMEM;
	else if (n > MAX_PARTS)
		error = -EINVAL;
	for (i = 0, p = (char *)parts.p; !error && i < n; i++) {
		sorted[i] = (char *)p;
		p += strlen(p) + 1;
	}
	if (!error && n)
		qsort(sorted, n, sizeof(sorted[0]), compare_texts);
	for (i = 0; !error && i < n; i++) {
		char *equals = strchr(sorted[i], 1);

		*equals = '=';
		buf_add_str(to, i ? "&" : "");
		buf_add_str(to, sorted[i]);
	}
	buf_free(&parts);
	return error;
}

/* Outer blanks go, inner ones become one. */
static void add_value(struct buf *to, const char *v)
{
	const char *p = v + strspn(v, " \t\r\n");

	while (*p) {
		size_t len = strcspn(p, " \t\r\n");

		buf_add(to, p, len);
		p += len;
		p += strspn(p, " \t\r\n");
		if (*p)
			buf_add_str(to, " ");
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

/* By name; those of one name stay in their order. */
static int sort_headers(const struct sign_request *r,
			const struct sign_header **sorted)
{
	size_t i, at;

	if (!r->n_headers || r->n_headers > MAX_PARTS)
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
		if (i && !strcasecmp(sorted[i]->name, sorted[i - 1]->name))
			continue;
		buf_add_str(to, i ? ";" : "");
		add_lower(to, sorted[i]->name);
	}
}

static int add_canonical(struct buf *to, const struct sign_request *r,
			 const struct sign_header **sorted)
{
	size_t i;
	int error;

	buf_add_str(to, r->method);
	buf_add_str(to, "\n");
	error = add_path(to, r);
	if (error)
		return error;
	buf_add_str(to, "\n");
	error = add_query(to, r->query ? r->query : "");
	if (error)
		return error;
	for (i = 0; i < r->n_headers; i++) {
		if (i && !strcasecmp(sorted[i]->name, sorted[i - 1]->name)) {
			buf_add_str(to, ",");
		} else {
			buf_add_str(to, "\n");
			add_lower(to, sorted[i]->name);
			buf_add_str(to, ":");
		}
		add_value(to, sorted[i]->value);
	}
	buf_add_str(to, "\n\n");
	add_names(to, sorted, r->n_headers);
	buf_add_str(to, "\n");
	add_hash(to, r->body, r->body_len);
	return to->failed ? -ENOMEM : 0;
}

static bool hmac(uint8_t key[SHA256_DIGEST_LENGTH], size_t key_len,
		 const char *text)
{
	uint8_t out[SHA256_DIGEST_LENGTH];
	unsigned int n = 0;
	bool ok = HMAC(EVP_sha256(), key, (int)key_len, (const uint8_t *)text,
		       strlen(text), out, &n) != NULL;

	memcpy(key, out, sizeof(out));
	OPENSSL_cleanse(out, sizeof(out));
	return ok;
}

/* The key of the day, region and service; then the signature of text. */
static int signature(uint8_t sig[SHA256_DIGEST_LENGTH],
		     const struct sign_scope *scope, const char *day,
		     const char *text)
{
	struct buf secret = {0};
	uint8_t first[SHA256_DIGEST_LENGTH];
	unsigned int n = 0;
	bool ok;

	/* All at once: what grows leaves copies behind. */
	buf_reserve(&secret, strlen(scope->secret) + 8);
	buf_add_str(&secret, "AWS4");
	buf_add_str(&secret, scope->secret);
	ok = !secret.failed &&
	     HMAC(EVP_sha256(), secret.p, (int)secret.len, (const uint8_t *)day,
		  strlen(day), first, &n);
	secret_free_buf(&secret);
	ok = ok && hmac(first, sizeof(first), scope->region) &&
	     hmac(first, sizeof(first), scope->service) &&
	     hmac(first, sizeof(first), "aws4_request") &&
	     hmac(first, sizeof(first), text);
	memcpy(sig, first, sizeof(first));
	OPENSSL_cleanse(first, sizeof(first));
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
	const struct sign_header *sorted[MAX_PARTS];
	struct buf canonical = {0}, text = {0};
	uint8_t sig[SHA256_DIGEST_LENGTH] = {0};
	char date[SIGN_DATE_LEN], day[9];
	int error = sort_headers(r, sorted);

	if (error)
		return error;
	sign_date(scope->when, date);
	memcpy(day, date, 8);
	day[8] = 0;

	/* The session token is in it: no copies by growing, and wiped. */
	buf_reserve(&canonical, CANONICAL_ROOM);
	error = add_canonical(&canonical, r, sorted);
	if (!error) {
		buf_add_str(&text, ALGORITHM "\n");
		buf_add_str(&text, date);
		buf_add_str(&text, "\n");
		add_scope(&text, scope, day);
		buf_add_str(&text, "\n");
		add_hash(&text, canonical.p, canonical.len);
		buf_add(&text, "", 1);
		error = text.failed ? -ENOMEM
				    : signature(sig, scope, day,
						(const char *)text.p);
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
