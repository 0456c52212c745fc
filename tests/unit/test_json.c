/* SPDX-License-Identifier: MIT */
/* JSON output: escaping, compared with a byte-at-a-time reference; UTF-8, base64
 * and numbers. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/json.h"

#include <arpa/inet.h>

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Length of a valid sequence (RFC 3629), by decoding the code point. */
static size_t reference_sequence(const uint8_t *p, size_t n)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xc0 ? 0
		     : p[0] < 0xe0 ? 2
		     : p[0] < 0xf0 ? 3
		     : p[0] < 0xf8 ? 4
				   : 0;
	uint32_t c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	size_t i;

	if (!len || len > n)
		return 0;
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= least[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff)
		       ? len
		       : 0;
}

/* The code point of the valid sequence of len bytes at p. */
static uint32_t reference_decode(const uint8_t *p, size_t len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* Must the character be escaped, because it controls a terminal or the direction
 * of text, or separates lines? */
static bool reference_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static bool reference_escape(struct buf *b, const uint8_t *p, size_t n)
{
	bool valid = true;
	char text[8];
	size_t i, len;

	for (i = 0; i < n; i += len) {
		const char *named =
			p[i] ? strchr("\"\"\\\\\bb\tt\nn\ff\rr", p[i]) : NULL;

		len = reference_sequence(p + i, n - i);
		if (!len) {
			valid = false;
			buf_add_str(b, "\xef\xbf\xbd");
			len = 1;
		} else if (named &&
			   (p[i] < 0x20 || p[i] == '"' || p[i] == '\\')) {
			buf_add_str(b, "\\");
			buf_add(b, named + 1, 1);
		} else if (reference_control(reference_decode(p + i, len))) {
			snprintf(text, sizeof(text), "\\u%04x",
				 reference_decode(p + i, len));
			buf_add_str(b, text);
		} else {
			buf_add(b, p + i, len);
		}
	}
	return valid;
}

/* Random text of several kinds, so that every branch is taken often. */
static void fill(uint8_t *p, size_t n, uint64_t *state)
{
	static const char *const flavour[] = {
		"abcdefgh \"",
		"\"\\\n\t\r\b\f/",
		"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		"{\"a\":1,\"b\":\"x\\ny\"}\n\t",
		"\x7f~\xc2\x85\xc2\xa0z\xd8\x9c\xd8\xa7\xe2\x80\x8e\xe2\x80\x99",
		"\xe2\x80\xa8\xe2\x81\xa6\xe2\x82\xac \xe2\x80\xae\xe2\x80\x9c",
	};
	unsigned int kind = next_random(state) % 8;
	size_t i, len;

	for (i = 0; i < n; i++) {
		if (kind == 6) {
			p[i] = (uint8_t)next_random(state);
		} else if (kind == 7) {
			p[i] = 0x70 + next_random(state) % 0x60;
		} else {
			len = strlen(flavour[kind]);
			/* Mostly in sequence, so that UTF-8 is mostly valid. */
			p[i] = (uint8_t)flavour[kind][i % len];
			if (next_random(state) % 64 == 0)
				p[i] = (uint8_t)next_random(state);
		}
	}
}

static void test_escape_equals_reference(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	unsigned int round;

	(void)state;
	for (round = 0; round < 60000; round++) {
		size_t n = next_random(&seed) % 200;
		/* Exactly n bytes on the heap, so that ASan detects overreads. */
		uint8_t *in = malloc(n + !n);
		uint8_t *out = malloc(JSON_ESCAPE_ROOM(n)), *end;
		struct buf expected = {0};
		json_escape_fn *way;
		unsigned int i;
		bool valid;

		assert_non_null(in);
		assert_non_null(out);
		fill(in, n, &seed);
		valid = reference_escape(&expected, in, n);
		for (i = 0; (way = json_escape_variant(i)); i++) {
			end = way(out, in, n, JSON_REPLACE);
			assert_int_equal(end - out, expected.len);
			if (expected.len)
				assert_memory_equal(out, expected.p,
						    expected.len);
			end = way(out, in, n, JSON_REJECT);
			assert_true((end != NULL) == valid);
			if (valid && n)
				assert_memory_equal(out, expected.p,
						    expected.len);
		}
		buf_free(&expected);
		free(in);
		free(out);
	}
}

/* Every byte at every position in a vector. */
static void test_escape_every_byte(void **state)
{
	unsigned int c, at, n;

	(void)state;
	for (n = 1; n <= 40; n++) {
		for (at = 0; at < n; at++) {
			for (c = 0; c < 256; c++) {
				uint8_t in[40], out[JSON_ESCAPE_ROOM(40)];
				struct buf expected = {0};
				json_escape_fn *way;
				unsigned int i;

				memset(in, 'x', sizeof(in));
				in[at] = (uint8_t)c;
				reference_escape(&expected, in, n);
				for (i = 0; (way = json_escape_variant(i));
				     i++) {
					assert_int_equal(
						way(out, in, n, JSON_REPLACE) -
							out,
						expected.len);
					assert_memory_equal(out, expected.p,
							    expected.len);
				}
				buf_free(&expected);
			}
		}
	}
}

/* Every pair of bytes, followed by continuation bytes, across the end of a
 * vector of each size. */
static void test_escape_every_pair(void **state)
{
	static const uint8_t places[] = {13, 14, 15, 16, 29, 30, 31, 32};

	(void)state;
	for (unsigned int k = 0; k < sizeof(places) * 65536; k++) {
		uint8_t in[37], out[JSON_ESCAPE_ROOM(37)];
		struct buf expected = {0};
		uint8_t at = places[k >> 16];
		json_escape_fn *way;

		memset(in, 'x', sizeof(in));
		in[at] = (uint8_t)(k >> 8);
		in[at + 1] = (uint8_t)k;
		memset(in + at + 2, 0x80, 2);
		/* mostly bytes that continue the sequence correctly */
		if (in[at] < 0xf0)
			in[at + 3] = 'y';
		if (in[at] < 0xe0)
			in[at + 2] = '"';
		reference_escape(&expected, in, sizeof(in));
		for (unsigned int i = 0; (way = json_escape_variant(i)); i++) {
			uint8_t *end = way(out, in, sizeof(in), JSON_REPLACE);

			assert_int_equal(end - out, expected.len);
			if (memcmp(out, expected.p, expected.len) != 0)
				fail_msg("way %u: %02x %02x at %u", i, in[at],
					 in[at + 1], at);
		}
		buf_free(&expected);
	}
}

/* Every character of up to three bytes, at every place around the end of a
 * vector, between ASCII and between other sequences. */
static void test_escape_every_character(void **state)
{
	static const uint8_t places[] = {0, 12, 13, 14, 15, 28, 29, 30, 31};

	(void)state;
	for (uint32_t c = 0x80; c < 0x10000; c++) {
		uint8_t in[40], out[JSON_ESCAPE_ROOM(40)];
		/* The others are covered by pairs and random text. */
		bool near = c < 0x700 || (c >= 0x1ff0 && c < 0x20b0);

		for (unsigned int k = 0; near && k < 2 * sizeof(places); k++) {
			struct buf expected = {0};
			uint8_t *w = in + places[k / 2];
			json_escape_fn *way;

			for (unsigned int i = 0; i < sizeof(in); i++)
				in[i] = !(k % 2) ? 'x' : i % 2 ? 0xa9 : 0xc3;
			if (c >= 0x800) {
				*w++ = (uint8_t)(0xe0 | c >> 12);
				*w++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			} else {
				*w++ = (uint8_t)(0xc0 | c >> 6);
			}
			*w = (uint8_t)(0x80 | (c & 0x3f));
			reference_escape(&expected, in, sizeof(in));
			for (unsigned int i = 0; (way = json_escape_variant(i));
			     i++) {
				uint8_t *end =
					way(out, in, sizeof(in), JSON_REPLACE);

				assert_int_equal(end - out, expected.len);
				if (memcmp(out, expected.p, expected.len) != 0)
					fail_msg("way %u: U+%04x", i, c);
			}
			buf_free(&expected);
		}
	}
}

/* The copy of short text refuses exactly what must be escaped. */
static void test_copy_plain(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < 256; c++)
		for (unsigned int at = 0; at < JSON_PLAIN_MAX; at++) {
			uint8_t in[JSON_PLAIN_MAX], out[JSON_PLAIN_MAX];
			bool plain =
				c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

			memset(in, '~', sizeof(in));
			in[at] = (uint8_t)c;
			assert_int_equal(
				json_copy_plain(out, in, JSON_PLAIN_MAX),
				plain);
			assert_true(json_copy_plain(out, in, at));
		}
}

static void test_utf8_complete(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{"", 0},
		{"abc", 3},
		{"ab\xc3", 2},
		{"ab\xc3\xa9", 4},
		{"\xe2\x82", 0},
		{"a\xe2", 1},
		{"a\xe2\x82\xac", 4},
		{"a\xf0\x9f\x98", 1},
		{"a\xf0\x9f\x98\x80", 5},
		/* Invalid rather than cut off: left to the escaper. */
		{"a\x80\x80\x80\x80", 5},
		{"\x80", 1},
		{"a\xff", 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			json_utf8_complete((const uint8_t *)cases[i].text,
					   strlen(cases[i].text)),
			cases[i].len);
}

static size_t reference_base64(char *to, const uint8_t *p, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t bits = n * 8, i, k, len = 0;

	for (i = 0; i < bits; i += 6) {
		unsigned int v = 0;

		for (k = i; k < i + 6; k++)
			v = v << 1 |
			    (k < bits ? p[k / 8] >> (7 - k % 8) & 1 : 0);
		to[len++] = digits[v];
	}
	while (len % 4)
		to[len++] = '=';
	return len;
}

static void test_base64(void **state)
{
	uint64_t seed = 7;
	size_t n, i;

	(void)state;
	for (n = 0; n < 300; n++) {
		uint8_t *in = malloc(n + !n),
			*out = malloc(JSON_BASE64_ROOM(n));
		char expected[500];
		size_t len;

		assert_non_null(in);
		assert_non_null(out);
		for (i = 0; i < n; i++)
			in[i] = (uint8_t)(next_random(&seed) >> 20);
		len = reference_base64(expected, in, n);
		assert_int_equal(json_base64(out, in, n) - out, len);
		if (len)
			assert_memory_equal(out, expected, len);
		free(in);
		free(out);
	}
}

/* json_put_u64() and, if it has at most 16 digits, json_put_16_digits(). */
static void check_u64(uint64_t v)
{
	uint8_t out[JSON_U64_ROOM + 1];
	char expected[24];

	snprintf(expected, sizeof(expected), "%" PRIu64, v);
	*json_put_u64(out, v) = 0;
	assert_string_equal((char *)out, expected);
	if (v >= 10000000000000000ull)
		return;
	snprintf(expected, sizeof(expected), "%016" PRIu64, v);
	json_put_16_digits(out, v);
	out[16] = 0;
	assert_string_equal((char *)out, expected);
}

/* Every group of digits, at every place. */
static void test_digits(void **state)
{
	uint64_t power, v, seed = 3;

	(void)state;
	for (power = 1; power < 10000000000000000ull; power *= 10)
		for (v = 0; v < 1100; v++) {
			check_u64(power * v);
			check_u64(power * v + power - 1);
		}
	for (v = 0; v < 100000; v++)
		check_u64(next_random(&seed) >> (v & 63));
}

static void test_u64(void **state)
{
	uint64_t v = 1;
	unsigned int i, k;
	int d;

	(void)state;
	for (i = 0; i < 65; i++, v = i < 64 ? 1ull << i : 0) {
		for (d = -1; d <= 1; d++)
			check_u64(v + (uint64_t)d);
	}
	for (v = 1, k = 0; k < 20; k++, v *= 10) {
		struct buf b = {0};
		char expected[24];

		snprintf(expected, sizeof(expected), "%llu",
			 (unsigned long long)v);
		json_add_u64(&b, v);
		assert_int_equal(b.len, strlen(expected));
		assert_memory_equal(b.p, expected, b.len);
		buf_free(&b);
	}
}

static void test_add_string(void **state)
{
	static const char expected[] = "\"a\\\"\\u0001\xef\xbf\xbd\"";
	struct buf b = {0};

	(void)state;
	json_add_string(&b, "a\"\1\xff", 4);
	assert_int_equal(b.len, sizeof(expected) - 1);
	assert_memory_equal(b.p, expected, b.len);
	buf_free(&b);
}

static void test_addresses(void **state)
{
	uint64_t seed = 99;
	unsigned int round, i;

	(void)state;
	for (round = 0; round < 200000; round++) {
		uint64_t zeros = next_random(&seed);
		uint8_t addr[16], text[ADDR_TEXT_MAX];
		char expected[INET6_ADDRSTRLEN];

		for (i = 0; i < 16; i++)
			addr[i] = zeros >> (i / 2 * 3) & 3
					  ? (uint8_t)next_random(&seed)
					  : 0;
		if (round % 16 == 0)
			memset(addr + 10, 0xff, 2);
		*addr_put(text, addr, true) = 0;
		inet_ntop(AF_INET6, addr, expected, sizeof(expected));
		assert_string_equal((char *)text, expected);
		*addr_put(text, addr, false) = 0;
		inet_ntop(AF_INET, addr + 12, expected, sizeof(expected));
		assert_string_equal((char *)text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape_equals_reference),
		cmocka_unit_test(test_escape_every_byte),
		cmocka_unit_test(test_escape_every_pair),
		cmocka_unit_test(test_escape_every_character),
		cmocka_unit_test(test_copy_plain),
		cmocka_unit_test(test_utf8_complete),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_add_string),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
