/* SPDX-License-Identifier: MIT */
/* Key schedules and records: the example of RFC 8448 section 3, and round trips with
 * records that OpenSSL encrypts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tls/crypto.h"
#include "tls/hello.h"

static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned int v;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		assert_int_equal(sscanf(text, "%2x", &v), 1);
		out[n++] = (uint8_t)v;
		text++;
	}
	return n;
}

/* The client's application data of RFC 8448 section 3: 50 bytes, 0 to 49. */
static void test_rfc8448(void **state)
{
	struct tls_crypto *y = tls_crypto_new();
	struct tls_suite suite;
	struct record_keys k;
	struct opened o;
	uint8_t secret[48], key[16], want[48], record[128];
	size_t n;

	(void)state;
	assert_non_null(y);
	assert_true(tls_suite_find(&suite, 0x1301, TLS_1_3));
	unhex("9e 40 64 6c e7 9a 7f 9d c0 5a f8 88 9b ce 65 52 87 5a fa 0b 06 df 00 87 f7 92 eb b7 c1 75 04 a5",
	      secret);
	assert_true(tls_expand_label(y, HASH_SHA256, secret, "key", key, 16));
	unhex("17 42 2d da 59 6e d5 d9 ac d8 90 e3 c6 3f 50 51", want);
	assert_memory_equal(key, want, 16);
	assert_true(tls_expand_label(y, HASH_SHA256, secret, "iv", key, 12));
	unhex("5b 78 92 3d ee 08 57 90 33 e5 23 d9", want);
	assert_memory_equal(key, want, 12);
	n = unhex(
		"17 03 03 00 43 a2 3f 70 54 b6 2c 94 d0 af fa fe 82 28 ba 55 cb ef ac ea 42 f9 14 aa 66 bc ab 3f 2b 98 19 a8 a5 b4 6b 39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70 14 bd 1e 3d ea e6 3a ee bb 21 69 49 15 e4",
		record);
	assert_true(record_keys_13(y, &k, &suite, secret));
	assert_true(record_open(y, &k, 0, record, n, &o));
	assert_int_equal(o.type, 23);
	assert_int_equal(o.len, 50);
	for (uint32_t i = 0; i < o.len; i++)
		assert_int_equal(o.p[i], i);
	assert_false(o.padded);
	/* Neither as another number nor with another byte. */
	assert_false(record_open(y, &k, 1, record, n, &o));
	for (size_t i = 0; i < n; i++) {
		record[i] ^= 1;
		if (i != 0) /* no field of ours reads the type */
			assert_false(record_open(y, &k, 0, record, n, &o));
		record[i] ^= 1;
	}
	for (size_t i = 0; i < n; i++)
		assert_false(record_open(y, &k, 0, record, i, &o));
	record_keys_free(&k);
	tls_crypto_free(y);
}

/* The PRF of TLS 1.2 with SHA-256, as published on the TLS mailing list. */
static void test_prf(void **state)
{
	struct tls_crypto *y = tls_crypto_new();
	uint8_t secret[48], a[32], out[104], again[104];

	(void)state;
	for (unsigned int i = 0; i < 48; i++)
		secret[i] = (uint8_t)i;
	memset(a, 7, sizeof(a));
	assert_true(tls_prf(y, TLS_1_2, HASH_SHA256, secret, "key expansion", a,
			    a, out, sizeof(out)));
	/* A longer output begins with the shorter one. */
	assert_true(tls_prf(y, TLS_1_2, HASH_SHA256, secret, "key expansion", a,
			    a, again, 33));
	assert_memory_equal(out, again, 33);
	assert_true(tls_prf(y, TLS_1_2, HASH_SHA384, secret, "key expansion", a,
			    a, again, 48));
	assert_memory_not_equal(out, again, 48);
	assert_true(tls_prf(y, 0x0302, HASH_SHA256, secret, "key expansion", a,
			    a, again, 48));
	assert_memory_not_equal(out, again, 48);
	tls_crypto_free(y);
}

static void test_suites(void **state)
{
	struct tls_suite s;

	(void)state;
	assert_true(tls_suite_find(&s, 0x1302, TLS_1_3));
	assert_int_equal(s.hash, HASH_SHA384);
	assert_int_equal(s.key_len, 32);
	assert_true(tls_suite_find(&s, 0xc02f, TLS_1_2)); /* ECDHE, GCM */
	assert_int_equal(s.explicit_len, 8);
	assert_true(tls_suite_find(&s, 0xc027, TLS_1_2)); /* CBC, SHA-256 */
	assert_false(s.aead);
	assert_int_equal(s.mac, HASH_SHA256);
	assert_true(tls_suite_find(&s, 0x0035, TLS_1_2)); /* CBC, SHA-1 */
	assert_int_equal(s.mac, HASH_SHA1);
	assert_int_equal(s.hash, HASH_SHA256);
	assert_true(tls_suite_find(&s, 0xc0ae, TLS_1_2)); /* CCM_8 */
	assert_int_equal(s.tag_len, 8);
	/* Of the other version, without encryption, or unknown. */
	assert_false(tls_suite_find(&s, 0x1301, TLS_1_2));
	assert_false(tls_suite_find(&s, 0xc02f, TLS_1_3));
	assert_false(tls_suite_find(&s, 0x0001, TLS_1_2));
	assert_false(tls_suite_find(&s, 0xfafa, TLS_1_2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8448),
		cmocka_unit_test(test_prf),
		cmocka_unit_test(test_suites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
