/* SPDX-License-Identifier: MIT */
/* Hellos and their fingerprints. The examples of JA3 and JA4 are those that their
 * authors publish. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tls/fingerprint.h"
#include "tls/names.h"
#include "tls_kit.h"

static void hex(char *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sprintf(to + 2 * i, "%02x", p[i]);
}

static void assert_ja3(const struct buf *hello, const char *text,
		       const char *want)
{
	struct fingerprints *f = fingerprints_new();
	struct client_hello h;
	uint8_t ja3[JA3_SIZE];
	char got[2 * JA3_SIZE + 1];

	assert_non_null(f);
	assert_true(client_hello_parse(&h, hello->p, hello->len));
	assert_true(fingerprint_ja3(f, &h, ja3));
	assert_int_equal(fingerprint_text(f)->len, strlen(text));
	assert_memory_equal(fingerprint_text(f)->p, text, strlen(text));
	hex(got, ja3, sizeof(ja3));
	assert_string_equal(got, want);
	fingerprints_free(f);
}

static void test_ja3(void **state)
{
	static const uint16_t some[] = {47,    53, 5,  10, 49161, 49162, 49171,
					49172, 50, 56, 19, 4,	  0};
	static const uint16_t old[] = {4, 5, 10, 9,  100, 98,
				       3, 6, 19, 18, 99,  0};
	struct buf x = {0}, b = {0};

	(void)state;
	tls_put_extension(&x, 0, "", 0);
	tls_put_extension(&x, 10, "\0\6\0\x17\0\x18\0\x19", 8);
	tls_put_extension(&x, 11, "\1\0", 2);
	tls_put_client_hello(&b, 0x0301, some, &x);
	assert_ja3(
		&b,
		"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
		"ada70206e40642a3e4461f35503241d5");
	buf_clear(&b);
	tls_put_client_hello(&b, 0x0301, old, NULL);
	assert_ja3(&b, "769,4-5-10-9-100-98-3-6-19-18-99,,,",
		   "de350869b8c85de67a350c8d186f11e6");
	buf_free(&x);
	buf_free(&b);
}

static void assert_ja4(const struct buf *hello, const char *want)
{
	struct fingerprints *f = fingerprints_new();
	struct client_hello h;
	char got[JA4_SIZE + 1] = "";

	assert_non_null(f);
	assert_true(client_hello_parse(&h, hello->p, hello->len));
	assert_true(fingerprint_ja4(f, &h, JA4_TCP, got));
	assert_string_equal(got, want);
	fingerprints_free(f);
}

static void test_ja4(void **state)
{
	static const uint16_t ciphers[] = {
		0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
		0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
		0x009c, 0x009d, 0x002f, 0x0035, 0};
	static const uint16_t empty[] = {0x1b, 0,    0x33, 0x12,   0x05,  0x17,
					 0x23, 0x2d, 0x0b, 0x4469, 0xff01};
	static const uint16_t none[] = {0};
	struct buf x = {0}, b = {0};

	(void)state;
	tls_put_extension(&x, 0x1a1a, "", 0);
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		if (empty[i] != 0x0b)
			tls_put_extension(&x, empty[i], "", 0);
	tls_put_extension(&x, 0x0b, "\1\0", 2);
	tls_put_extension(&x, 0x10, "\0\x0c\2h2\x08http/1.1", 14);
	tls_put_extension(&x, 0x0a, "\0\4\xba\xba\0\x1d", 6);
	tls_put_extension(
		&x, 0x0d,
		"\0\x12\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01\x1a\x1a",
		20);
	tls_put_extension(&x, 0x2b, "\4\x8a\x8a\3\4", 5);
	tls_put_extension(&x, 0x15, "", 0);
	tls_put_client_hello(&b, 0x0303, ciphers, &x);
	assert_ja4(&b, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	/* nothing at all */
	buf_clear(&b);
	tls_put_client_hello(&b, 0x0301, none, NULL);
	assert_ja4(&b, "t10i000000_000000000000_000000000000");
	buf_free(&x);
	buf_free(&b);
}

/* The characters for ALPN and for the version. */
static void test_ja4_parts(void **state)
{
	static const struct {
		const char *alpn;
		size_t n;
		const char *want;
	} alpn[] = {
		{"\0\0", 2, "00"},	   {"\0\2\1a", 4, "aa"},
		{"\0\2\1 ", 4, "20"},	   {"\0\3\2a ", 5, "60"},
		{"\0\2\1\xab", 4, "ab"},   {"\0\3\2\xab\xcd", 5, "ad"},
		{"\0\4\3_h2", 6, "52"},	   {"\0\6\5h3-29", 8, "h9"},
		{"\0\3\2H2", 5, "H2"},	   {"\0\6\5h3-29\0", 8, "h9"},
		{"\0\4\3\n\n\n", 6, "0a"},
	};
	static const struct {
		uint16_t legacy;
		const char *versions;
		size_t n;
		const char *want;
	} version[] = {
		{0x0303, NULL, 0, "12"},
		{0x0300, NULL, 0, "s3"},
		{0x0305, NULL, 0, "00"},
		{0x0303, "\4\3\4\3\3", 5, "13"},
		{0x0303, "\4\x7f\x1c\3\3", 5, "00"}, /* a draft */
		{0x0303, "\4\xfa\xfa\3\2", 5, "11"}, /* GREASE */
		{0x0303, "\0", 1, "00"},
	};
	static const uint16_t cipher[] = {0x1301, 0};
	char want[JA4_SIZE + 1], got[JA4_SIZE + 1] = "";
	struct fingerprints *f = fingerprints_new();
	struct buf x = {0}, b = {0};
	struct client_hello h;

	(void)state;
	for (size_t i = 0; i < sizeof(alpn) / sizeof(alpn[0]); i++) {
		buf_clear(&x);
		buf_clear(&b);
		tls_put_extension(&x, 16, alpn[i].alpn, alpn[i].n);
		tls_put_client_hello(&b, 0x0303, cipher, &x);
		assert_true(client_hello_parse(&h, b.p, b.len));
		assert_true(fingerprint_ja4(f, &h, JA4_TCP, got));
		snprintf(want, sizeof(want), "t12i0101%s", alpn[i].want);
		got[10] = '\0';
		assert_string_equal(got, want);
	}
	for (size_t i = 0; i < sizeof(version) / sizeof(version[0]); i++) {
		buf_clear(&x);
		buf_clear(&b);
		if (version[i].versions)
			tls_put_extension(&x, 43, version[i].versions,
					  version[i].n);
		tls_put_client_hello(&b, version[i].legacy, cipher, &x);
		assert_true(client_hello_parse(&h, b.p, b.len));
		assert_true(fingerprint_ja4(f, &h, JA4_TCP, got));
		got[3] = '\0';
		assert_string_equal(got + 1, version[i].want);
	}
	fingerprints_free(f);
	buf_free(&x);
	buf_free(&b);
}

/* More ciphers than are counted, in no order. */
static void test_ja4_many(void **state)
{
	static uint16_t many[3001];
	struct fingerprints *f = fingerprints_new();
	struct client_hello h;
	char a[JA4_SIZE + 1] = "", b[JA4_SIZE + 1] = "";
	struct buf up = {0}, down = {0};

	(void)state;
	for (unsigned int i = 0; i < 3000; i++)
		many[i] = (uint16_t)(0x0100 + 7 * i);
	tls_put_client_hello(&up, 0x0303, many, NULL);
	for (unsigned int i = 0; i < 3000; i++)
		many[2999 - i] = (uint16_t)(0x0100 + 7 * i);
	tls_put_client_hello(&down, 0x0303, many, NULL);
	assert_true(client_hello_parse(&h, up.p, up.len));
	assert_true(fingerprint_ja4(f, &h, JA4_TCP, a));
	assert_true(client_hello_parse(&h, down.p, down.len));
	assert_true(fingerprint_ja4(f, &h, JA4_TCP, b));
	assert_string_equal(a, b);
	assert_memory_equal(a, "t12i9900", 8);
	fingerprints_free(f);
	buf_free(&up);
	buf_free(&down);
}

static void test_grease(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (unsigned int v = 0; v < 65536; v++)
		n += tls_is_grease((uint16_t)v);
	assert_int_equal(n, 16);
	assert_true(tls_is_grease(0x0a0a));
	assert_true(tls_is_grease(0xfafa));
	assert_false(tls_is_grease(0x0a1a));
	assert_false(tls_is_grease(0x0101));
}

static void test_server_hello(void **state)
{
	struct buf x = {0}, b = {0};
	struct server_hello h;

	(void)state;
	tls_put_extension(&x, 43, "\3\4", 2);
	tls_put_extension(&x, 51, "\x11\xec\0\0", 4);
	tls_put_server_hello(&b, 0x0303, 0x1302, true, &x);
	assert_true(server_hello_parse(&h, b.p, b.len));
	assert_true(h.retry);
	assert_int_equal(h.version, TLS_1_3);
	assert_int_equal(h.legacy_version, TLS_1_2);
	assert_int_equal(h.cipher, 0x1302);
	assert_string_equal(tls_group_name(h.group), "X25519MLKEM768");
	/* A draft of TLS 1.3 without session id and compression. */
	buf_clear(&b);
	tls_put(&b, 0x7f12, 2);
	for (unsigned int i = 0; i < 32; i++)
		tls_put(&b, i, 1);
	tls_put(&b, 0x1301, 2);
	tls_put(&b, 0, 2);
	assert_true(server_hello_parse(&h, b.p, b.len));
	assert_int_equal(h.version, 0x7f12);
	assert_int_equal(h.cipher, 0x1301);
	buf_free(&x);
	buf_free(&b);
}

/* Cut anywhere, a hello is malformed, and nothing beyond its end is read. A ClientHello
 * may end before its extensions. */
static void test_cut(void **state)
{
	struct buf b = {0};
	struct client_hello c;
	struct server_hello s;
	unsigned int whole = 0;

	(void)state;
	tls_put_typical_client(&b);
	for (size_t n = 0; n <= b.len - 9; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, b.p + 9, n);
		whole += client_hello_parse(&c, copy, n);
		free(copy);
	}
	assert_int_equal(whole, 2);
	buf_clear(&b);
	whole = 0;
	tls_put_typical_server(&b, 0x0304, true);
	for (size_t n = 0; n <= b.len - 9; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, b.p + 9, n);
		whole += server_hello_parse(&s, copy, n);
		free(copy);
	}
	assert_int_equal(whole, 2);
	buf_free(&b);
}

static void test_malformed(void **state)
{
	static const struct {
		uint16_t type;
		const char *data;
		size_t n;
		bool ok;
	} extension[] = {
		{0, "", 0, true},
		{0, "\0\5\0\0\3a", 6, false}, /* the list is longer */
		{0, "\0\4\0\0\1a", 6, true},
		{0, "\0\4\0\0\1ax", 7, false},	/* bytes after it */
		{0, "\0\3\0\0\1", 5, false},	/* the name is longer */
		{10, "\0\3\0\x1d\0", 5, false}, /* half a group */
		{16, "\0\3\3h2", 5, false},
		{16, "\0\0", 2, true},
		{43, "\3\3\4\3", 4, false},
		{43, "", 0, false},
		{0x1234, "\xff", 1, true},
	};
	static const uint16_t cipher[] = {0x1301, 0};
	struct buf x = {0}, b = {0};
	struct client_hello h;

	(void)state;
	for (size_t i = 0; i < sizeof(extension) / sizeof(extension[0]); i++) {
		buf_clear(&x);
		buf_clear(&b);
		tls_put_extension(&x, extension[i].type, extension[i].data,
				  extension[i].n);
		tls_put_client_hello(&b, 0x0303, cipher, &x);
		assert_int_equal(client_hello_parse(&h, b.p, b.len),
				 extension[i].ok);
	}
	buf_free(&x);
	buf_free(&b);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(tls_cipher_name(0x1301), "TLS_AES_128_GCM_SHA256");
	assert_string_equal(tls_cipher_name(0x0000), "TLS_NULL_WITH_NULL_NULL");
	assert_string_equal(tls_cipher_name(0xcca9),
			    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
	assert_null(tls_cipher_name(0x1a1a));
	assert_string_equal(tls_version_name(0x0300), "SSL 3.0");
	assert_string_equal(tls_alert_name(48), "unknown_ca");
	assert_null(tls_alert_name(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ja3),
		cmocka_unit_test(test_ja4),
		cmocka_unit_test(test_ja4_parts),
		cmocka_unit_test(test_ja4_many),
		cmocka_unit_test(test_grease),
		cmocka_unit_test(test_server_hello),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
