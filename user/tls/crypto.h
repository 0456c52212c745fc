/* SPDX-License-Identifier: MIT */
/*
 * The cryptography of TLS records, on OpenSSL's EVP: key schedules (RFC 8446
 * section 7.1, RFC 5246 sections 5 and 6.3) and opening records. Nothing is returned
 * that was not authenticated.
 */
#ifndef TLS_CRYPTO_H
#define TLS_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX   48u
#define RANDOM_SIZE  32u
#define RECORD_PLAIN ((1u << 14) + 2048u)

enum tls_hash { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384, N_HASHES };

/* How a cipher suite protects records. */
struct tls_suite {
	uint8_t cipher; /* index of EVP ciphers */
	bool aead;
	enum tls_hash hash; /* of the key schedule */
	enum tls_hash mac;  /* of suites without AEAD */
	uint8_t key_len, iv_len, explicit_len, tag_len, block;
};

/* Digests and ciphers of one thread, and scratch memory. */
struct tls_crypto;

/* NULL: out of memory. Loads all that is needed later. */
struct tls_crypto *tls_crypto_new(void);
void tls_crypto_free(struct tls_crypto *y);

/* False: not a suite that can be read. */
bool tls_suite_find(struct tls_suite *out, uint16_t id, uint16_t version);

uint32_t tls_hash_size(enum tls_hash hash);

/* HKDF-Expand-Label with an empty context; n is at most the size of the hash. */
bool tls_expand_label(struct tls_crypto *y, enum tls_hash hash,
		      const uint8_t *secret, const char *label, uint8_t *out,
		      size_t n);
/* The PRF of TLS 1.0 to 1.2 with the seed a then b. */
bool tls_prf(struct tls_crypto *y, uint16_t version, enum tls_hash hash,
	     const uint8_t secret[48], const char *label,
	     const uint8_t a[RANDOM_SIZE], const uint8_t b[RANDOM_SIZE],
	     uint8_t *out, size_t n);

/* The keys of one direction, until the next change. */
struct record_keys {
	struct tls_suite suite;
	uint16_t version;
	bool etm; /* encrypt-then-MAC, RFC 7366 */
	uint8_t iv[16];
	uint8_t mac_key[SECRET_MAX];
	struct evp_cipher_ctx_st *ctx;
};

/* Sets keys from a traffic secret of TLS 1.3. */
bool record_keys_13(struct tls_crypto *y, struct record_keys *k,
		    const struct tls_suite *suite, const uint8_t *secret);
/* Sets the keys of the client or of the server from the master secret. */
bool record_keys_12(struct tls_crypto *y, struct record_keys *k,
		    const struct tls_suite *suite, uint16_t version, bool etm,
		    const uint8_t master[48], const uint8_t client[RANDOM_SIZE],
		    const uint8_t server[RANDOM_SIZE], bool of_server);
/* Wipes them. */
void record_keys_free(struct record_keys *k);

struct opened {
	const uint8_t *p; /* valid until the next call */
	uint32_t len;
	uint8_t type;
	bool padded; /* with more than what the cipher needs */
};

/* Decrypts the record whose header and fragment begin at p, as number seq. False:
 * it is not authentic. */
bool record_open(struct tls_crypto *y, struct record_keys *k, uint64_t seq,
		 const uint8_t *p, size_t n, struct opened *out);
/* A record that is not opened is passed over. */
void record_pass(struct record_keys *k, const uint8_t *p, size_t n);

/* The SHA-256 of bytes. */
bool tls_digest(struct tls_crypto *y, const uint8_t *p, size_t n,
		uint8_t out[32]);

#endif
