/* SPDX-License-Identifier: MIT */
/*
 * One context per digest and thread, so that no call looks anything up. Records are
 * opened into memory that is wiped with the context.
 */
#include "tls/crypto.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tls/hello.h"
#include "tls/names.h"
#include "tls/record.h"

#define HASH_SIZE_MAX 64u

/* The names of OpenSSL's ciphers, by the part of the suite's name. */
static const struct cipher_row {
	const char *prefix, *evp;
	bool aead;
	uint8_t key_len, iv_len, explicit_len, tag_len, block;
} rows[] = {
	{"AES_128_GCM_", "AES-128-GCM", true, 16, 4, 8, 16, 0},
	{"AES_256_GCM_", "AES-256-GCM", true, 32, 4, 8, 16, 0},
	{"AES_128_CCM_8", "AES-128-CCM", true, 16, 4, 8, 8, 0},
	{"AES_256_CCM_8", "AES-256-CCM", true, 32, 4, 8, 8, 0},
	{"AES_128_CCM", "AES-128-CCM", true, 16, 4, 8, 16, 0},
	{"AES_256_CCM", "AES-256-CCM", true, 32, 4, 8, 16, 0},
	{"CHACHA20_POLY1305_", "ChaCha20-Poly1305", true, 32, 12, 0, 16, 0},
	{"AES_128_CBC_", "AES-128-CBC", false, 16, 16, 0, 0, 16},
	{"AES_256_CBC_", "AES-256-CBC", false, 32, 16, 0, 0, 16},
	{"CAMELLIA_128_CBC_", "CAMELLIA-128-CBC", false, 16, 16, 0, 0, 16},
	{"CAMELLIA_256_CBC_", "CAMELLIA-256-CBC", false, 32, 16, 0, 0, 16},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

struct tls_crypto {
	EVP_CIPHER *cipher[N_ROWS];
	EVP_MAC_CTX *hmac[N_HASHES];
	EVP_MD *sha256;
	uint8_t plain[RECORD_PLAIN + 64];
};

static const char *const hash_names[N_HASHES] = {"MD5", "SHA1", "SHA256",
						 "SHA384"};

uint32_t tls_hash_size(enum tls_hash hash)
{
	static const uint8_t sizes[N_HASHES] = {16, 20, 32, 48};

	return sizes[hash];
}

/* Without MD5 (FIPS), only TLS before 1.2 is not read. */
static bool load_hashes(struct tls_crypto *y)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	for (unsigned int i = 0; mac && i < N_HASHES; i++) {
		char name[16];
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
							 name, 0),
			OSSL_PARAM_construct_end(),
		};

		memcpy(name, hash_names[i], strlen(hash_names[i]) + 1);
		y->hmac[i] = EVP_MAC_CTX_new(mac);
		if (y->hmac[i] && !EVP_MAC_CTX_set_params(y->hmac[i], params)) {
			EVP_MAC_CTX_free(y->hmac[i]);
			y->hmac[i] = NULL;
		}
	}
	EVP_MAC_free(mac);
	y->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	return y->hmac[HASH_SHA256] && y->hmac[HASH_SHA384] && y->sha256;
}

struct tls_crypto *tls_crypto_new(void)
{
	struct tls_crypto *y = calloc(1, sizeof(*y));

	if (!y)
		return NULL;
	for (size_t i = 0; i < N_ROWS; i++)
		y->cipher[i] = EVP_CIPHER_fetch(NULL, rows[i].evp, NULL);
	if (load_hashes(y))
		return y;
	tls_crypto_free(y);
	return NULL;
}

void tls_crypto_free(struct tls_crypto *y)
{
	if (!y)
		return;
	for (size_t i = 0; i < N_ROWS; i++)
		EVP_CIPHER_free(y->cipher[i]);
	for (unsigned int i = 0; i < N_HASHES; i++)
		EVP_MAC_CTX_free(y->hmac[i]);
	EVP_MD_free(y->sha256);
	OPENSSL_cleanse(y, sizeof(*y));
	free(y);
}

bool tls_digest(struct tls_crypto *y, const uint8_t *p, size_t n,
		uint8_t out[32])
{
	return EVP_Digest(p, n, out, NULL, y->sha256, NULL);
}

/* --- suites ---------------------------------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

bool tls_suite_find(struct tls_suite *out, uint16_t id, uint16_t version)
{
	const char *name = tls_cipher_name(id), *p;

	if (!name)
		return false;
	p = strstr(name, "_WITH_");
	if (!p != (version >= TLS_1_3))
		return false;
	p = p ? p + strlen("_WITH_") : name + strlen("TLS_");
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct cipher_row *r = &rows[i];

		if (strncmp(p, r->prefix, strlen(r->prefix)) != 0)
			continue;
		*out = (struct tls_suite){
			.cipher = (uint8_t)i,
			.aead = r->aead,
			.hash = ends_with(name, "_SHA384") ? HASH_SHA384
							   : HASH_SHA256,
			.key_len = r->key_len,
			.iv_len = r->iv_len,
			.explicit_len = r->explicit_len,
			.tag_len = r->tag_len,
			.block = r->block,
		};
		out->mac = ends_with(name, "_SHA") ? HASH_SHA1 : out->hash;
		if (version >= TLS_1_3) {
			out->iv_len = 12;
			out->explicit_len = 0;
		}
		return r->aead || version < TLS_1_3;
	}
	return false;
}

/* --- key schedules ----------------------------------------------------------------- */

struct mac_part {
	const void *p;
	size_t n;
};

static bool hmac(struct tls_crypto *y, enum tls_hash hash, const uint8_t *key,
		 size_t key_len, const struct mac_part *parts, unsigned int n,
		 uint8_t *out)
{
	EVP_MAC_CTX *ctx = y->hmac[hash];
	size_t len;

	if (!ctx || !EVP_MAC_init(ctx, key, key_len, NULL))
		return false;
	for (unsigned int i = 0; i < n; i++)
		if (parts[i].n && !EVP_MAC_update(ctx, parts[i].p, parts[i].n))
			return false;
	return EVP_MAC_final(ctx, out, &len, HASH_SIZE_MAX);
}

bool tls_expand_label(struct tls_crypto *y, enum tls_hash hash,
		      const uint8_t *secret, const char *label, uint8_t *out,
		      size_t n)
{
	const uint8_t head[3] = {(uint8_t)(n >> 8), (uint8_t)n,
				 (uint8_t)(strlen(label) + 6)};
	const struct mac_part parts[] = {
		{head, 3},
		{"tls13 ", 6},
		{label, strlen(label)},
		{"\0\1", 2}, /* no context; the first block */
	};
	uint8_t block[HASH_SIZE_MAX];
	bool ok = n <= tls_hash_size(hash) &&
		  hmac(y, hash, secret, tls_hash_size(hash), parts, 4, block);

	if (ok)
		memcpy(out, block, n);
	OPENSSL_cleanse(block, sizeof(block));
	return ok;
}

/* P_hash, which is added to out (RFC 5246 section 5, RFC 2246 section 5). */
static bool p_hash(struct tls_crypto *y, enum tls_hash hash, const uint8_t *key,
		   size_t key_len, const struct mac_part seed[3], uint8_t *out,
		   size_t n)
{
	const size_t size = tls_hash_size(hash);
	uint8_t a[HASH_SIZE_MAX], block[HASH_SIZE_MAX];
	struct mac_part parts[4] = {{a, size}, seed[0], seed[1], seed[2]};
	bool ok = hmac(y, hash, key, key_len, seed, 3, a);

	for (size_t at = 0; ok && at < n; at += size) {
		ok = hmac(y, hash, key, key_len, parts, 4, block) &&
		     hmac(y, hash, key, key_len, parts, 1, a);
		for (size_t i = 0; ok && i < size && at + i < n; i++)
			out[at + i] ^= block[i];
	}
	OPENSSL_cleanse(a, sizeof(a));
	OPENSSL_cleanse(block, sizeof(block));
	return ok;
}

bool tls_prf(struct tls_crypto *y, uint16_t version, enum tls_hash hash,
	     const uint8_t secret[48], const char *label,
	     const uint8_t a[RANDOM_SIZE], const uint8_t b[RANDOM_SIZE],
	     uint8_t *out, size_t n)
{
	const struct mac_part seed[3] = {
		{label, strlen(label)}, {a, RANDOM_SIZE}, {b, RANDOM_SIZE}};

	memset(out, 0, n);
	if (version >= TLS_1_2)
		return p_hash(y, hash, secret, 48, seed, out, n);
	return p_hash(y, HASH_MD5, secret, 24, seed, out, n) &&
	       p_hash(y, HASH_SHA1, secret + 24, 24, seed, out, n);
}

/* --- keys of a direction ------------------------------------------------------------ */

static bool set_key(const struct tls_crypto *y, struct record_keys *k,
		    const uint8_t *key)
{
	const EVP_CIPHER *cipher = y->cipher[k->suite.cipher];
	const bool ccm =
		cipher && EVP_CIPHER_get_mode(cipher) == EVP_CIPH_CCM_MODE;

	k->ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (!k->ctx || !EVP_DecryptInit_ex2(k->ctx, cipher, NULL, NULL, NULL))
		return false;
	if (k->suite.aead &&
	    EVP_CIPHER_CTX_ctrl(k->ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) <= 0)
		return false;
	if (ccm && EVP_CIPHER_CTX_ctrl(k->ctx, EVP_CTRL_AEAD_SET_TAG,
				       k->suite.tag_len, NULL) <= 0)
		return false;
	if (!EVP_DecryptInit_ex2(k->ctx, NULL, key, NULL, NULL))
		return false;
	if (!k->suite.aead)
		EVP_CIPHER_CTX_set_padding(k->ctx, 0);
	return true;
}

bool record_keys_13(struct tls_crypto *y, struct record_keys *k,
		    const struct tls_suite *suite, const uint8_t *secret)
{
	uint8_t key[32];
	bool ok;

	*k = (struct record_keys){.suite = *suite, .version = TLS_1_3};
	ok = tls_expand_label(y, suite->hash, secret, "key", key,
			      suite->key_len) &&
	     tls_expand_label(y, suite->hash, secret, "iv", k->iv, 12) &&
	     set_key(y, k, key);
	OPENSSL_cleanse(key, sizeof(key));
	if (!ok)
		record_keys_free(k);
	return ok;
}

bool record_keys_12(struct tls_crypto *y, struct record_keys *k,
		    const struct tls_suite *suite, uint16_t version, bool etm,
		    const uint8_t master[48], const uint8_t client[RANDOM_SIZE],
		    const uint8_t server[RANDOM_SIZE], bool of_server)
{
	const uint32_t mac = suite->aead ? 0 : tls_hash_size(suite->mac);
	const uint32_t n = 2u * (mac + suite->key_len + suite->iv_len);
	uint8_t block[2 * (SECRET_MAX + 32 + 16)];
	const uint8_t *p = block;
	bool ok;

	*k = (struct record_keys){
		.suite = *suite, .version = version, .etm = etm};
	ok = tls_prf(y, version, suite->hash, master, "key expansion", server,
		     client, block, n);
	if (ok) {
		memcpy(k->mac_key, p + of_server * mac, mac);
		p += 2 * (size_t)mac;
		memcpy(k->iv,
		       p + 2 * (size_t)suite->key_len +
			       of_server * (size_t)suite->iv_len,
		       suite->iv_len);
		ok = set_key(y, k, p + of_server * (size_t)suite->key_len);
	}
	OPENSSL_cleanse(block, sizeof(block));
	if (!ok)
		record_keys_free(k);
	return ok;
}

void record_keys_free(struct record_keys *k)
{
	EVP_CIPHER_CTX_free(k->ctx); /* wipes what it holds */
	OPENSSL_cleanse(k, sizeof(*k));
}

/* --- records -------------------------------------------------------------------------- */

static void put_u64(uint8_t *p, uint64_t v)
{
	for (unsigned int i = 8; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

/* What is authenticated besides the contents (RFC 5246 section 6.2.3). */
static void additional(uint8_t out[13], uint64_t seq, const uint8_t *head,
		       size_t n)
{
	put_u64(out, seq);
	memcpy(out + 8, head, 3);
	out[11] = (uint8_t)(n >> 8);
	out[12] = (uint8_t)n;
}

/* The nonce: the IV with the number of the record, or with what it brings. */
static void nonce_of(const struct record_keys *k, uint64_t seq,
		     const uint8_t *explicit_part, uint8_t out[12])
{
	uint8_t number[8];

	memcpy(out, k->iv, 12);
	if (k->suite.explicit_len) {
		memcpy(out + 4, explicit_part, 8);
		return;
	}
	put_u64(number, seq);
	for (unsigned int i = 0; i < 8; i++)
		out[4 + i] ^= number[i];
}

static bool open_aead(struct tls_crypto *y, struct record_keys *k, uint64_t seq,
		      const uint8_t *p, size_t n, struct opened *out)
{
	const struct tls_suite *s = &k->suite;
	const uint8_t *body = p + RECORD_HEADER_SIZE + s->explicit_len;
	uint8_t aad[13], nonce[12], tag[16];
	size_t extra =
		(size_t)RECORD_HEADER_SIZE + s->explicit_len + s->tag_len;
	int len, unused, aad_len = 13;
	bool ccm = EVP_CIPHER_CTX_get_mode(k->ctx) == EVP_CIPH_CCM_MODE;

	if (n < extra || n - extra > RECORD_PLAIN)
		return false;
	len = (int)(n - extra);
	nonce_of(k, seq, p + RECORD_HEADER_SIZE, nonce);
	if (k->version >= TLS_1_3) {
		memcpy(aad, p, RECORD_HEADER_SIZE);
		aad_len = RECORD_HEADER_SIZE;
	} else {
		additional(aad, seq, p, (size_t)len);
	}
	memcpy(tag, body + len, s->tag_len);
	if (!EVP_DecryptInit_ex2(k->ctx, NULL, NULL, nonce, NULL) ||
	    EVP_CIPHER_CTX_ctrl(k->ctx, EVP_CTRL_AEAD_SET_TAG, s->tag_len,
				tag) <= 0)
		return false;
	if (ccm && !EVP_DecryptUpdate(k->ctx, NULL, &unused, NULL, len))
		return false;
	if (!EVP_DecryptUpdate(k->ctx, NULL, &unused, aad, aad_len) ||
	    EVP_DecryptUpdate(k->ctx, y->plain, &unused, body, len) <= 0)
		return false;
	/* CCM has checked the tag already. */
	if (!ccm && EVP_DecryptFinal_ex(k->ctx, y->plain + len, &unused) <= 0)
		return false;
	out->len = (uint32_t)len;
	return true;
}

static bool mac_matches(struct tls_crypto *y, const struct record_keys *k,
			uint64_t seq, const uint8_t *head, const uint8_t *a,
			size_t a_len, const uint8_t *b, size_t b_len,
			const uint8_t *mac)
{
	const size_t size = tls_hash_size(k->suite.mac);
	uint8_t extra[13], is[HASH_SIZE_MAX];
	const struct mac_part parts[] = {{extra, 13}, {a, a_len}, {b, b_len}};

	additional(extra, seq, head, a_len + b_len);
	return hmac(y, k->suite.mac, k->mac_key, size, parts, 3, is) &&
	       !CRYPTO_memcmp(is, mac, size);
}

/* CBC (RFC 5246 section 6.2.3.2). The padding is all the same byte; timing does not
 * matter to who only listens. */
static bool open_cbc(struct tls_crypto *y, struct record_keys *k, uint64_t seq,
		     const uint8_t *p, size_t n, struct opened *out)
{
	const size_t mac = tls_hash_size(k->suite.mac), block = k->suite.block;
	const uint8_t *body = p + RECORD_HEADER_SIZE, *iv = k->iv;
	size_t len = n - RECORD_HEADER_SIZE, pad;
	int written;

	if (k->etm) {
		if (len < mac)
			return false;
		len -= mac;
		if (!mac_matches(y, k, seq, p, body, len, NULL, 0, body + len))
			return false;
	}
	if (k->version > 0x0301) { /* an IV of its own */
		if (len < block)
			return false;
		iv = body;
		body += block;
		len -= block;
	}
	if (!len || len % block || len > RECORD_PLAIN ||
	    !EVP_DecryptInit_ex2(k->ctx, NULL, NULL, iv, NULL) ||
	    !EVP_DecryptUpdate(k->ctx, y->plain, &written, body, (int)len))
		return false;
	pad = y->plain[len - 1];
	if (pad + 1 + (k->etm ? 0 : mac) > len)
		return false;
	for (size_t i = 0; i < pad; i++)
		if (y->plain[len - 2 - i] != pad)
			return false;
	len -= pad + 1;
	if (!k->etm) {
		len -= mac;
		if (!mac_matches(y, k, seq, p, y->plain, len, NULL, 0,
				 y->plain + len))
			return false;
	}
	out->len = (uint32_t)len;
	out->padded = true;
	return true;
}

void record_pass(struct record_keys *k, const uint8_t *p, size_t n)
{
	size_t end = n;

	if (k->suite.aead || k->version > 0x0301)
		return;
	/* TLS 1.0: the last block of ciphertext is the next IV. */
	if (k->etm)
		end -= tls_hash_size(k->suite.mac) < n
			       ? tls_hash_size(k->suite.mac)
			       : 0;
	if (end >= RECORD_HEADER_SIZE + (size_t)k->suite.block)
		memcpy(k->iv, p + end - k->suite.block, k->suite.block);
}

bool record_open(struct tls_crypto *y, struct record_keys *k, uint64_t seq,
		 const uint8_t *p, size_t n, struct opened *out)
{
	*out = (struct opened){.p = y->plain, .type = p[0]};
	if (n < RECORD_HEADER_SIZE)
		return false;
	if (k->suite.aead ? !open_aead(y, k, seq, p, n, out)
			  : !open_cbc(y, k, seq, p, n, out))
		return false;
	if (k->version < TLS_1_3)
		return true;
	/* Zeros after the type (RFC 8446 section 5.4). */
	while (out->len && !y->plain[out->len - 1]) {
		out->len--;
		out->padded = true;
	}
	if (!out->len)
		return false;
	out->type = y->plain[--out->len];
	return true;
}
