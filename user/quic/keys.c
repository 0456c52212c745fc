/* SPDX-License-Identifier: MIT */
/*
 * Algorithms are fetched once, before system calls are restricted, and because a
 * lookup by name costs more than the rest.
 */
#include "quic/keys.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define HASH_SIZE   32u
#define TAG_SIZE    16u
#define SAMPLE_SIZE 16u
#define SAMPLE_AT   4u /* after the start of the packet number */
#define LABEL_MAX   24u
/* Bits of the first byte that are protected in long headers. */
#define FIRST_MASK 0x0f

struct quic_crypto {
	EVP_MAC_CTX *hmac;
	EVP_CIPHER_CTX *gcm, *ecb;
};

struct protection {
	uint8_t salt[20];
	const char *key, *iv, *hp; /* labels */
};

static const struct protection v1 = {
	{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
	"quic key",
	"quic iv",
	"quic hp",
};
static const struct protection v2 = {
	{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
	"quicv2 key",
	"quicv2 iv",
	"quicv2 hp",
};

static EVP_MAC_CTX *new_hmac(void)
{
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
						 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac); /* the context holds a reference */
	if (ctx && !EVP_MAC_CTX_set_params(ctx, params)) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

/* Encrypts, or decrypts with the tag that is set later. */
static EVP_CIPHER_CTX *new_cipher(const char *name, bool encrypt)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;

	if (ctx &&
	    !EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypt, NULL)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher);
	return ctx;
}

struct quic_crypto *quic_crypto_new(void)
{
	struct quic_crypto *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->hmac = new_hmac();
	c->gcm = new_cipher("AES-128-GCM", false);
	c->ecb = new_cipher("AES-128-ECB", true);
	if (c->hmac && c->gcm && c->ecb)
		return c;
	quic_crypto_free(c);
	return NULL;
}

void quic_crypto_free(struct quic_crypto *c)
{
	if (!c)
		return;
	EVP_MAC_CTX_free(c->hmac);
	EVP_CIPHER_CTX_free(c->gcm);
	EVP_CIPHER_CTX_free(c->ecb);
	free(c);
}

/* --- derivation (RFC 5869, RFC 8446 section 7.1) --------------------------------- */

static bool hmac(struct quic_crypto *c, const uint8_t *key, size_t key_len,
		 const uint8_t *p, size_t n, uint8_t out[HASH_SIZE])
{
	size_t len;

	return EVP_MAC_init(c->hmac, key, key_len, NULL) &&
	       EVP_MAC_update(c->hmac, p, n) &&
	       EVP_MAC_final(c->hmac, out, &len, HASH_SIZE) && len == HASH_SIZE;
}

/* HKDF-Expand-Label() without a context, of at most one block. */
static bool expand(struct quic_crypto *c, const uint8_t secret[HASH_SIZE],
		   const char *label, uint8_t *out, size_t n)
{
	static const char prefix[] = "tls13 ";
	const size_t len = strlen(label), prefix_len = sizeof(prefix) - 1;
	uint8_t info[LABEL_MAX + 5], block[HASH_SIZE], *w = info;

	*w++ = 0;
	*w++ = (uint8_t)n;
	*w++ = (uint8_t)(prefix_len + len);
	memcpy(w, prefix, prefix_len);
	memcpy(w + prefix_len, label, len);
	w += prefix_len + len;
	*w++ = 0; /* no context */
	*w++ = 1; /* number of the block */
	if (!hmac(c, secret, HASH_SIZE, info, (size_t)(w - info), block))
		return false;
	memcpy(out, block, n);
	return true;
}

bool quic_derive(struct quic_crypto *c, uint32_t version,
		 const struct tls_span *dcid, enum quic_side side,
		 struct quic_keys *out)
{
	const struct protection *p = version == QUIC_V2 ? &v2 : &v1;
	uint8_t initial[HASH_SIZE], secret[HASH_SIZE];

	return hmac(c, p->salt, sizeof(p->salt), dcid->p, dcid->len, initial) &&
	       expand(c, initial,
		      side == QUIC_SERVER ? "server in" : "client in", secret,
		      sizeof(secret)) &&
	       expand(c, secret, p->key, out->key, sizeof(out->key)) &&
	       expand(c, secret, p->iv, out->iv, sizeof(out->iv)) &&
	       expand(c, secret, p->hp, out->hp, sizeof(out->hp));
}

/* --- protection ------------------------------------------------------------------ */

static bool mask_of(struct quic_crypto *c, const struct quic_keys *keys,
		    const uint8_t sample[SAMPLE_SIZE], uint8_t out[SAMPLE_SIZE])
{
	int n;

	return EVP_CipherInit_ex2(c->ecb, NULL, keys->hp, NULL, 1, NULL) &&
	       EVP_CIPHER_CTX_set_padding(c->ecb, 0) &&
	       EVP_CipherUpdate(c->ecb, out, &n, sample, SAMPLE_SIZE) &&
	       n == SAMPLE_SIZE;
}

/* The number whose lowest bits are these (RFC 9000 appendix A.3). */
static uint64_t whole_number(int64_t largest, uint32_t low, unsigned int bytes)
{
	const uint64_t next = (uint64_t)(largest + 1);
	const uint64_t window = 1ull << 8 * bytes, half = window / 2;
	uint64_t n = (next & ~(window - 1)) | low;

	if (n + half <= next)
		return n + window;
	return n > next + half && n >= window ? n - window : n;
}

static bool open_packet(struct quic_crypto *c, const struct quic_keys *keys,
			const struct quic_packet *p, const uint8_t *number,
			unsigned int number_len, uint8_t first, uint64_t nonce,
			uint8_t *out, uint32_t *len)
{
	const uint8_t *body = p->bytes.p + p->number + number_len;
	const int n = (int)(p->bytes.len - p->number - number_len - TAG_SIZE);
	uint8_t iv[sizeof(keys->iv)], tag[TAG_SIZE];
	int done, rest;

	memcpy(iv, keys->iv, sizeof(iv));
	for (unsigned int i = 0; i < 8; i++)
		iv[sizeof(iv) - 1 - i] ^= (uint8_t)(nonce >> 8 * i);
	memcpy(tag, body + n, TAG_SIZE);
	/* The header is authenticated without its protection. */
	if (!EVP_CipherInit_ex2(c->gcm, NULL, keys->key, iv, 0, NULL) ||
	    !EVP_CIPHER_CTX_ctrl(c->gcm, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
				 tag) ||
	    !EVP_CipherUpdate(c->gcm, NULL, &done, &first, 1) ||
	    !EVP_CipherUpdate(c->gcm, NULL, &done, p->bytes.p + 1,
			      (int)p->number - 1) ||
	    !EVP_CipherUpdate(c->gcm, NULL, &done, number, (int)number_len) ||
	    !EVP_CipherUpdate(c->gcm, out, &done, body, n) ||
	    EVP_CipherFinal_ex(c->gcm, out + done, &rest) <= 0)
		return false;
	*len = (uint32_t)(done + rest);
	return true;
}

bool quic_unprotect(struct quic_crypto *c, const struct quic_keys *keys,
		    const struct quic_packet *p, int64_t *largest, uint8_t *out,
		    uint32_t *len)
{
	const uint8_t *at = p->bytes.p + p->number;
	uint8_t mask[SAMPLE_SIZE], number[4], first;
	unsigned int number_len;
	uint32_t low = 0;
	uint64_t n;

	if (p->bytes.len - p->number < SAMPLE_AT + SAMPLE_SIZE ||
	    !mask_of(c, keys, at + SAMPLE_AT, mask))
		return false;
	first = p->bytes.p[0] ^ (mask[0] & FIRST_MASK);
	number_len = (first & 3) + 1u;
	for (unsigned int i = 0; i < number_len; i++) {
		number[i] = at[i] ^ mask[1 + i];
		low = low << 8 | number[i];
	}
	n = whole_number(*largest, low, number_len);
	if (!open_packet(c, keys, p, number, number_len, first, n, out, len))
		return false;
	if ((int64_t)n > *largest)
		*largest = (int64_t)n;
	return true;
}
