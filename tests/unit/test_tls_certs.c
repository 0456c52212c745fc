/* SPDX-License-Identifier: MIT */
/* Reading certificates, and the cache in front of that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "tls/certs.h"

/* DER of a new certificate of key, freed with OPENSSL_free(). */
static uint8_t *make(EVP_PKEY *key, const EVP_MD *md, const char *cn,
		     const char *names, size_t *n)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *ext;
	uint8_t *der = NULL;
	int len;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 0x1f2e);
	ASN1_TIME_set_string(X509_getm_notBefore(x), "20260102030405Z");
	ASN1_TIME_set_string(X509_getm_notAfter(x), "20560102030405Z");
	X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC,
				   (const uint8_t *)"NL", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
				   (const uint8_t *)cn, -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	if (names) {
		ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
					  names);
		assert_non_null(ext);
		X509_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
	}
	assert_true(X509_sign(x, key, md) > 0);
	len = i2d_X509(x, &der);
	assert_true(len > 0);
	X509_free(x);
	*n = (size_t)len;
	return der;
}

static void assert_span(const struct tls_span *s, const char *want)
{
	assert_int_equal(s->len, strlen(want));
	assert_memory_equal(s->p, want, s->len);
}

static void test_read(void **state)
{
	size_t memory = 0, n;
	struct cert_cache *c = cert_cache_new(&memory);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t *der = make(
		key, EVP_sha256(), "b\xc3\xbc, x",
		"DNS:a.example,IP:10.1.2.3,IP:fd00::1,URI:https://u/,email:e@x,RID:1.2.3",
		&n);
	const struct certificate *cert;
	uint8_t hash[32];

	(void)state;
	cert = cert_get(c, der, n, 1);
	assert_non_null(cert);
	assert_true(cert->parsed && cert->hashed);
	assert_int_equal(cert->bytes, n);
	EVP_Digest(der, n, hash, NULL, EVP_sha256(), NULL);
	assert_memory_equal(cert->sha256, hash, 32);
	assert_span(&cert->subject, "CN=b\xc3\xbc\\, x,C=NL");
	assert_span(&cert->issuer, "CN=b\xc3\xbc\\, x,C=NL");
	assert_span(&cert->serial, "1f2e");
	assert_string_equal(cert->not_before, "2026-01-02T03:04:05Z");
	assert_string_equal(cert->not_after, "2056-01-02T03:04:05Z");
	assert_string_equal(cert->key, "EC");
	assert_string_equal(cert->curve, "secp256r1");
	assert_string_equal(cert->signature, "ecdsa-with-SHA256");
	assert_int_equal(cert->key_bits, 0);
	assert_int_equal(cert->total_names, 6);
	assert_int_equal(cert->n_names, 5);
	assert_int_equal(cert->names[0].type, CERT_DNS);
	assert_span(&cert->names[0].text, "a.example");
	assert_int_equal(cert->names[1].type, CERT_IP);
	assert_span(&cert->names[1].text, "\x0a\1\2\3");
	assert_int_equal(cert->names[2].text.len, 16);
	assert_span(&cert->names[3].text, "https://u/");
	assert_int_equal(cert->names[4].type, CERT_EMAIL);
	cert_put(c, cert);
	/* The same bytes are not read again. */
	assert_ptr_equal(cert_get(c, der, n, 1), cert);
	cert_put(c, cert);
	assert_int_equal(cert_cache_stats(c)->read, 1);
	assert_int_equal(cert_cache_stats(c)->known, 1);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
	cert_cache_free(c);
	assert_int_equal(memory, 0);
}

static void test_keys(void **state)
{
	static const struct {
		const char *type;
		unsigned int bits;
		const char *key, *signature;
	} keys[] = {
		{"RSA", 1024, "RSA", "RSA-SHA256"},
		{"RSA", 1030, "RSA", "RSA-SHA256"},
		{"ED25519", 0, "Ed25519", "ED25519"},
		{"ED448", 0, "Ed448", "ED448"},
	};
	size_t memory = 0, n;
	struct cert_cache *c = cert_cache_new(&memory);

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		EVP_PKEY *key = keys[i].bits ? EVP_RSA_gen(keys[i].bits)
					     : EVP_PKEY_Q_keygen(NULL, NULL,
								 keys[i].type);
		uint8_t *der = make(key, keys[i].bits ? EVP_sha256() : NULL,
				    "x", NULL, &n);
		const struct certificate *cert = cert_get(c, der, n, 1);

		assert_true(cert->parsed);
		assert_string_equal(cert->key, keys[i].key);
		assert_int_equal(cert->key_bits, keys[i].bits);
		assert_string_equal(cert->signature, keys[i].signature);
		assert_null(cert->curve);
		assert_int_equal(cert->total_names, 0);
		cert_put(c, cert);
		EVP_PKEY_free(key);
		OPENSSL_free(der);
	}
	cert_cache_free(c);
}

/* Cut or followed by something, it is not read, but hashed. */
static void test_unreadable(void **state)
{
	size_t memory = 0, n;
	struct cert_cache *c = cert_cache_new(&memory);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t *der = make(key, EVP_sha256(), "x", "DNS:a", &n), *longer;
	const struct certificate *cert;

	(void)state;
	for (size_t cut = 0; cut < n; cut += 7) {
		/* in packet time, so that the rate does not matter */
		cert = cert_get(c, der, cut, cut * NSEC_PER_SEC);
		assert_false(cert->parsed);
		assert_true(cert->hashed);
		assert_null(cert->subject.p);
		assert_int_equal(cert->n_names, 0);
		cert_put(c, cert);
	}
	longer = calloc(1, n + 1);
	memcpy(longer, der, n);
	cert = cert_get(c, longer, n + 1, 1000 * NSEC_PER_SEC);
	assert_false(cert->parsed);
	cert_put(c, cert);
	assert_int_equal(cert_cache_stats(c)->read, 0);
	free(longer);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
	cert_cache_free(c);
	assert_int_equal(memory, 0);
}

/* A flood of new ones: a part is examined, and the cache stays small. */
static void test_flood(void **state)
{
	static uint8_t der[8000];
	size_t memory = 0;
	struct cert_cache *c = cert_cache_new(&memory);
	const struct certificate *held = NULL, *cert;
	const struct cert_stats *s = cert_cache_stats(c);

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		memcpy(der, &i, sizeof(i));
		cert = cert_get(c, der, sizeof(der), 5 * NSEC_PER_SEC);
		assert_non_null(cert);
		assert_int_equal(cert->bytes, sizeof(der));
		if (held)
			cert_put(c, cert);
		else
			held = cert;
	}
	assert_true(s->skipped > 2000);
	assert_int_equal(s->skipped + s->unreadable, 3000);
	/* A second later there is room again. */
	cert = cert_get(c, der, sizeof(der), 7 * NSEC_PER_SEC);
	assert_true(cert->hashed);
	cert_put(c, cert);
	for (uint32_t second = 0; second < 3; second++) {
		for (uint32_t i = 0; i < 300; i++) {
			uint32_t v = 10000 + 1000 * second + i;

			memcpy(der, &v, sizeof(v));
			cert_put(c, cert_get(c, der, sizeof(der),
					     (10 + 2 * second) * NSEC_PER_SEC));
		}
		assert_true(memory < 3 << 20);
	}
	/* One that is in use outlives its place in the cache. */
	assert_int_equal(held->bytes, sizeof(der));
	assert_true(held->hashed);
	cert_put(c, held);
	cert_cache_free(c);
	assert_int_equal(memory, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
