/* SPDX-License-Identifier: MIT */
/* CRC-32C: the test vectors of RFC 3720, and equality of both versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"

static void test_known(void **state)
{
	uint8_t b[32];

	(void)state;
	memset(b, 0, sizeof(b));
	assert_int_equal(crc32c(0, b, 32), 0x8a9136aa);
	memset(b, 0xff, sizeof(b));
	assert_int_equal(crc32c(0, b, 32), 0x62a8ab43);
	for (unsigned int i = 0; i < 32; i++)
		b[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, b, 32), 0x46dd794e);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, NULL, 0), 0);
}

static void test_alike(void **state)
{
	uint8_t b[300];
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(b); i++) {
		x = x * 1664525 + 1013904223;
		b[i] = (uint8_t)(x >> 24);
	}
	for (size_t from = 0; from < 9; from++)
		for (size_t n = 0; from + n <= sizeof(b); n++) {
			uint32_t all = crc32c(0, b + from, n);

			assert_int_equal(all, crc32c_portable(0, b + from, n));
			/* In two steps. */
			assert_int_equal(all,
					 crc32c(crc32c(0, b + from, n / 3),
						b + from + n / 3, n - n / 3));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_alike),
	};

	return cmocka_run_group_tests_name("crc32c", tests, NULL, NULL);
}
