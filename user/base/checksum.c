/* SPDX-License-Identifier: MIT */
/*
 * Sums whole vectors: one's complement addition commutes, so that the words may
 * be added in any grouping, and only the total is folded.
 */
#include <string.h>

#include "base/checksum.h"

/* Less than 2^33. */
static uint64_t fold(uint64_t sum)
{
	return (sum & 0xffffffff) + (sum >> 32);
}

/* Eight bytes at a time. */
static uint64_t sum_words(const uint8_t *p, size_t n)
{
	uint64_t sum = 0, word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		sum += (word & 0xffffffff) + (word >> 32);
	}
	if (n) {
		word = 0;
		memcpy(&word, p, n);
		sum += (word & 0xffffffff) + (word >> 32);
	}
	return sum;
}

#if defined(__x86_64__)

#include <immintrin.h>

/*
 * vpmaddwd adds pairs of words, but as signed ones: each is reduced by 2^15
 * before, and the total increased again. A lane changes by at most 2^16 per
 * vector, so that 1 MiB cannot overflow it.
 */
__attribute__((target("avx2"))) static uint64_t sum_avx2(const uint8_t *p,
							 size_t vectors)
{
	const __m256i sign = _mm256_set1_epi16(INT16_MIN);
	const __m256i ones = _mm256_set1_epi16(1);
	__m256i a = _mm256_setzero_si256(), b = a;
	int32_t lane[8];
	int64_t sum = 0;
	size_t i = 0;

	for (; i + 2 <= vectors; i += 2) {
		__m256i v = _mm256_loadu_si256((const void *)(p + 32 * i));
		__m256i w = _mm256_loadu_si256((const void *)(p + 32 * i + 32));

		v = _mm256_madd_epi16(_mm256_xor_si256(v, sign), ones);
		w = _mm256_madd_epi16(_mm256_xor_si256(w, sign), ones);
		a = _mm256_add_epi32(a, v);
		b = _mm256_add_epi32(b, w);
	}
	if (i < vectors) {
		__m256i v = _mm256_loadu_si256((const void *)(p + 32 * i));

		v = _mm256_madd_epi16(_mm256_xor_si256(v, sign), ones);
		a = _mm256_add_epi32(a, v);
	}
	_mm256_storeu_si256((void *)lane, _mm256_add_epi32(a, b));
	for (i = 0; i < 8; i++)
		sum += lane[i];
	return (uint64_t)(sum + (int64_t)(vectors * 16 << 15));
}

uint32_t checksum_sum(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t sum = 0;

	if (n >= 64 && __builtin_cpu_supports("avx2")) {
		sum = sum_avx2(p, n / 32);
		p += n / 32 * 32;
		n %= 32;
	}
	return (uint32_t)fold(fold(sum + sum_words(p, n)));
}

#else

uint32_t checksum_sum(const void *data, size_t n)
{
	return (uint32_t)fold(fold(sum_words(data, n)));
}

#endif
