/* SPDX-License-Identifier: MIT */
/* The vector version of the sum, against words added one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"

#define SIZE (1u << 20)

static uint32_t plain(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i += 2) {
		uint16_t word = 0;

		memcpy(&word, p + i, n - i < 2 ? 1 : 2);
		sum += word;
	}
	return (uint32_t)(sum % 0xffff);
}

static void check(const uint8_t *p, size_t n)
{
	assert_int_equal(checksum_sum(p, n) % 0xffff, plain(p, n));
}

static void test_lengths(void **state)
{
	uint8_t *p = malloc(SIZE);

	(void)state;
	assert_non_null(p);
	srand(1);
	for (size_t i = 0; i < SIZE; i++)
		p[i] = (uint8_t)rand();
	for (size_t n = 0; n <= 600; n++)
		for (size_t at = 0; at < 3; at++)
			check(p + at, n);
	check(p, SIZE);
	/* Lanes come closest to an overflow where all words are equal. */
	for (int byte = 0; byte <= 0xff; byte += 0x55) {
		memset(p, byte, SIZE);
		check(p, SIZE);
	}
	free(p);
}

/* An example of RFC 1071 section 3, with its checksum behind. */
static void test_right(void **state)
{
	uint8_t p[] = {0x00, 0x01, 0xf2, 0x03, 0xf4,
		       0xf5, 0xf6, 0xf7, 0x22, 0x0d};

	(void)state;
	assert_true(checksum_right(checksum_sum(p, sizeof(p))));
	for (size_t i = 0; i < sizeof(p); i++) {
		p[i] ^= 0x10;
		assert_false(checksum_right(checksum_sum(p, sizeof(p))));
		p[i] ^= 0x10;
	}
	assert_false(checksum_right(0));
	assert_true(checksum_right(0xffffffffffffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_right),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
