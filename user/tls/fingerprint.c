/* SPDX-License-Identifier: MIT */
/*
 * Digests are fetched once, because a lookup by name costs more than the digest.
 * The work is linear in the length of the hello.
 */
#include "tls/fingerprint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/json.h"

struct fingerprints {
	EVP_MD *md5, *sha256;
	EVP_MD_CTX *ctx;
	struct buf text;
	struct buf numbers; /* uint16_t to be sorted */
};

#define JA4_EMPTY     "000000000000"
#define JA4_HASH_SIZE 12
#define JA4_COUNT_MAX 99u

struct fingerprints *fingerprints_new(void)
{
	struct fingerprints *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	f->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	f->ctx = EVP_MD_CTX_new();
	if (f->sha256 && f->ctx)
		return f;
	fingerprints_free(f);
	return NULL;
}

void fingerprints_free(struct fingerprints *f)
{
	if (!f)
		return;
	EVP_MD_free(f->md5);
	EVP_MD_free(f->sha256);
	EVP_MD_CTX_free(f->ctx);
	buf_free(&f->text);
	buf_free(&f->numbers);
	free(f);
}

const struct buf *fingerprint_text(const struct fingerprints *f)
{
	return &f->text;
}

static bool digest(struct fingerprints *f, const EVP_MD *md, uint8_t *out)
{
	return md && !f->text.failed && EVP_DigestInit_ex(f->ctx, md, NULL) &&
	       EVP_DigestUpdate(f->ctx, f->text.p, f->text.len) &&
	       EVP_DigestFinal_ex(f->ctx, out, NULL);
}

static void add_number(struct buf *b, uint32_t v)
{
	uint8_t *w = buf_reserve(b, JSON_U64_ROOM);

	if (w)
		b->len += (size_t)(json_put_u64(w, v) - w);
}

/* Adds a number and the dash before it unless it is the first. */
static void add_dashed(struct buf *b, uint32_t v, bool *first)
{
	if (!*first)
		buf_add(b, "-", 1);
	*first = false;
	add_number(b, v);
}

static void add_numbers(struct buf *b, const struct tls_span *list)
{
	bool first = true;

	for (uint32_t i = 0; i < list->len / 2; i++)
		if (!tls_is_grease(wire_u16(list, i)))
			add_dashed(b, wire_u16(list, i), &first);
}

static void add_types(struct buf *b, const struct tls_span *extensions)
{
	struct wire w = wire_span(extensions);
	struct tls_span data;
	bool first = true;
	uint16_t type;

	while (extension_next(&w, &type, &data))
		if (!tls_is_grease(type))
			add_dashed(b, type, &first);
}

bool fingerprint_ja3(struct fingerprints *f, const struct client_hello *h,
		     uint8_t out[JA3_SIZE])
{
	struct buf *b = &f->text;
	bool first = true;

	buf_clear(b);
	add_number(b, h->legacy_version);
	buf_add(b, ",", 1);
	add_numbers(b, &h->ciphers);
	buf_add(b, ",", 1);
	add_types(b, &h->extensions);
	buf_add(b, ",", 1);
	add_numbers(b, &h->groups);
	buf_add(b, ",", 1);
	for (uint32_t i = 0; i < h->point_formats.len; i++)
		add_dashed(b, h->point_formats.p[i], &first);
	return digest(f, f->md5, out);
}

bool fingerprint_ja3s(struct fingerprints *f, const struct server_hello *h,
		      uint8_t out[JA3_SIZE])
{
	struct buf *b = &f->text;

	buf_clear(b);
	add_number(b, h->legacy_version);
	buf_add(b, ",", 1);
	add_number(b, h->cipher);
	buf_add(b, ",", 1);
	add_types(b, &h->extensions);
	return digest(f, f->md5, out);
}

/* --- JA4 ------------------------------------------------------------------ */

/* Numbers that are sorted by insertion, which is faster for so few. */
#define INSERT_MAX 48u

static void insert(uint16_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const uint16_t x = v[i];
		size_t k = i;

		for (; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* Sorts by the low byte and then by the high one, in time linear in n, which a
 * client chooses. tmp has room for n numbers. */
static void sort(uint16_t *v, uint16_t *tmp, size_t n)
{
	if (n <= INSERT_MAX) {
		insert(v, n);
		return;
	}
	for (unsigned int shift = 0; shift < 16; shift += 8) {
		uint16_t *from = shift ? tmp : v, *to = shift ? v : tmp;
		size_t start[257] = {0};

		for (size_t i = 0; i < n; i++)
			start[(from[i] >> shift & 255) + 1]++;
		for (unsigned int i = 1; i < 256; i++)
			start[i] += start[i - 1];
		for (size_t i = 0; i < n; i++)
			to[start[from[i] >> shift & 255]++] = from[i];
	}
}

static void add_hex(struct buf *b, uint16_t v, bool *first)
{
	static const char digits[] = "0123456789abcdef";
	const char text[] = {',', digits[v >> 12], digits[v >> 8 & 15],
			     digits[v >> 4 & 15], digits[v & 15]};

	buf_add(b, text + *first, sizeof(text) - *first);
	*first = false;
}

/* Adds the collected numbers in ascending order. */
static void add_sorted(struct fingerprints *f)
{
	size_t n = f->numbers.len / sizeof(uint16_t);
	uint16_t *tmp = (void *)buf_reserve(&f->numbers, f->numbers.len + 1);
	uint16_t *v = (void *)f->numbers.p;
	bool first = true;

	f->text.failed |= f->numbers.failed;
	if (!tmp || !v)
		return;
	sort(v, tmp, n);
	for (size_t i = 0; i < n; i++)
		add_hex(&f->text, v[i], &first);
}

/* The first half of the SHA-256 of the text, in hexadecimal. */
static bool put_hash(struct fingerprints *f, char *to)
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (!f->text.failed && !f->text.len) {
		memcpy(to, JA4_EMPTY, JA4_HASH_SIZE);
		return true;
	}
	if (!digest(f, f->sha256, hash))
		return false;
	for (unsigned int i = 0; i < JA4_HASH_SIZE; i++)
		to[i] = "0123456789abcdef"[hash[i / 2] >> (i & 1 ? 0 : 4) & 15];
	return true;
}

static void put_count(char *to, size_t n)
{
	if (n > JA4_COUNT_MAX)
		n = JA4_COUNT_MAX;
	to[0] = (char)('0' + n / 10);
	to[1] = (char)('0' + n % 10);
}

/* The highest version that the client offers. */
static void put_version(char *to, const struct client_hello *h)
{
	uint16_t best = h->has_versions ? 0 : h->legacy_version;

	for (uint32_t i = 0; i < h->versions.len / 2; i++) {
		uint16_t v = wire_u16(&h->versions, i);

		if (!tls_is_grease(v) && v > best)
			best = v;
	}
	switch (best) {
	case 0x0304:
		memcpy(to, "13", 2);
		break;
	case 0x0303:
		memcpy(to, "12", 2);
		break;
	case 0x0302:
		memcpy(to, "11", 2);
		break;
	case 0x0301:
		memcpy(to, "10", 2);
		break;
	case 0x0300:
		memcpy(to, "s3", 2);
		break;
	case 0x0002:
		memcpy(to, "s2", 2);
		break;
	default:
		memcpy(to, "00", 2);
	}
}

static bool is_alnum(uint8_t c)
{
	return c < 0x80 && isalnum(c);
}

/* First and last octet of the first name, or hexadecimal digit if one of these is
 * neither a letter nor a digit. */
static void put_alpn(char *to, const struct client_hello *h)
{
	static const char digits[] = "0123456789abcdef";
	struct wire w = wire_span(&h->alpn);
	struct tls_span name = wire_vector(&w, 1);
	uint8_t a, z;

	memcpy(to, "00", 2);
	if (!name.len)
		return;
	a = name.p[0];
	z = name.p[name.len - 1];
	to[0] = (char)a;
	to[1] = (char)z;
	if (!is_alnum(a) || !is_alnum(z)) {
		to[0] = digits[a >> 4];
		to[1] = digits[z & 15];
	}
}

/* Collects the ciphers; returns how many. */
static size_t collect_ciphers(struct fingerprints *f,
			      const struct client_hello *h)
{
	buf_clear(&f->numbers);
	for (uint32_t i = 0; i < h->ciphers.len / 2; i++) {
		uint16_t v = wire_u16(&h->ciphers, i);

		if (!tls_is_grease(v))
			buf_add(&f->numbers, &v, sizeof(v));
	}
	return f->numbers.len / sizeof(uint16_t);
}

/* Collects the extensions but SNI and ALPN; returns how many there are with
 * these. */
static size_t collect_extensions(struct fingerprints *f,
				 const struct client_hello *h)
{
	struct wire w = wire_span(&h->extensions);
	struct tls_span data;
	uint16_t type;
	size_t n = 0;

	buf_clear(&f->numbers);
	while (extension_next(&w, &type, &data)) {
		if (tls_is_grease(type))
			continue;
		n++;
		if (type != 0 && type != 16)
			buf_add(&f->numbers, &type, sizeof(type));
	}
	return n;
}

static void add_signatures(struct buf *b, const struct tls_span *list)
{
	bool first = true;

	for (uint32_t i = 0; i < list->len / 2; i++) {
		if (tls_is_grease(wire_u16(list, i)))
			continue;
		if (first)
			buf_add(b, "_", 1);
		add_hex(b, wire_u16(list, i), &first);
	}
}

bool fingerprint_ja4(struct fingerprints *f, const struct client_hello *h,
		     enum ja4_transport transport, char out[JA4_SIZE])
{
	bool ok;

	out[0] = (char)transport;
	put_version(out + 1, h);
	out[3] = h->has_sni ? 'd' : 'i';
	buf_clear(&f->text);
	put_count(out + 4, collect_ciphers(f, h));
	add_sorted(f);
	out[10] = '_';
	ok = put_hash(f, out + 11);
	out[23] = '_';
	buf_clear(&f->text);
	put_count(out + 6, collect_extensions(f, h));
	put_alpn(out + 8, h);
	add_sorted(f);
	if (f->text.len)
		add_signatures(&f->text, &h->signatures);
	return put_hash(f, out + 24) && ok;
}
