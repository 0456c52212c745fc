/* SPDX-License-Identifier: MIT */
/* CRC-32C by the CPU's own instruction, or else by a table of 16 words. */
#include <string.h>

#include "base/crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* bit-reversed */

/* Four bits at a time, so that the table is small enough to be a constant. */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n)
{
	static const uint32_t step[16] = {
#define BIT(c)	  ((c) >> 1 ^ ((c)&1 ? POLYNOMIAL : 0))
#define NIBBLE(c) BIT(BIT(BIT(BIT((uint32_t)(c)))))
		NIBBLE(0),  NIBBLE(1),	NIBBLE(2),  NIBBLE(3),
		NIBBLE(4),  NIBBLE(5),	NIBBLE(6),  NIBBLE(7),
		NIBBLE(8),  NIBBLE(9),	NIBBLE(10), NIBBLE(11),
		NIBBLE(12), NIBBLE(13), NIBBLE(14), NIBBLE(15),
#undef NIBBLE
#undef BIT
	};
	const uint8_t *b = p;

	crc = ~crc;
	for (; n; n--, b++) {
		crc ^= *b;
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t
crc32c_sse42(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t c = (uint32_t)~crc, v;

	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&v, b, 8);
		c = __builtin_ia32_crc32di(c, v);
	}
	for (; n; n--, b++)
		c = __builtin_ia32_crc32qi((uint32_t)c, *b);
	return ~(uint32_t)c;
}

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, p, n);
	return crc32c_portable(crc, p, n);
}

#elif defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t v;

	crc = ~crc;
	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&v, b, 8);
		crc = __crc32cd(crc, v);
	}
	for (; n; n--, b++)
		crc = __crc32cb(crc, *b);
	return ~crc;
}

#else

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	return crc32c_portable(crc, p, n);
}

#endif
