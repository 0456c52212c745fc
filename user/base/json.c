/* SPDX-License-Identifier: MIT */
/*
 * Escaping, base64 and decimal numbers for JSON. Each picks the fastest version
 * that the CPU supports at run time; all versions produce the same output.
 */
#include <endian.h>

#include "base/json.h"
#include "base/json_x86.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

size_t json_utf8_complete(const uint8_t *p, size_t n)
{
	size_t back, need;
	uint8_t c;

	for (back = 1; back <= 3 && back <= n; back++) {
		c = p[n - back];
		if (c >> 6 == 2)
			continue;
		need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
		return need > back ? n - back : n;
	}
	return n;
}

#if defined(__x86_64__)
#define TARGET __attribute__((target("ssse3")))

/* Encodes 12 bytes as 16 characters per step, while 16 are readable; returns
 * the number of bytes encoded. Multiplications move the 6-bit fields into
 * place, then a table maps each range of the alphabet to its offset. */
TARGET static size_t base64_ssse3(uint8_t *w, const uint8_t *p, size_t n)
{
	const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7,
					    10, 9, 11, 10);
	const __m128i offsets =
		_mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
			      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
			      '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
	__m128i x, hi, lo, six, range;
	size_t i = 0;

	for (; i + 16 <= n; i += 12, w += 16) {
		x = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + i)),
				     order);
		hi = _mm_mulhi_epu16(
			_mm_and_si128(x, _mm_set1_epi32(0x0fc0fc00)),
			_mm_set1_epi32(0x04000040));
		lo = _mm_mullo_epi16(
			_mm_and_si128(x, _mm_set1_epi32(0x003f03f0)),
			_mm_set1_epi32(0x01000010));
		six = _mm_or_si128(hi, lo);
		/* 0..25 -> 13, 26..51 -> 0, 52..61 -> 1..10, 62 -> 11,
		 * 63 -> 12 */
		range = _mm_subs_epu8(six, _mm_set1_epi8(51));
		range = _mm_or_si128(
			range,
			_mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), six),
				      _mm_set1_epi8(13)));
		_mm_storeu_si128(
			(__m128i *)w,
			_mm_add_epi8(six, _mm_shuffle_epi8(offsets, range)));
	}
	return i;
}
#endif

uint8_t *json_escape(uint8_t *w, const uint8_t *p, size_t n,
		     enum json_invalid invalid)
{
	/* An empty string may have no address, which no version may add to. */
	if (!n)
		return w;
#if defined(__x86_64__)
	if (json_cpu_has_vbmi2())
		return json_escape_vbmi2(w, p, n, invalid);
	if (json_cpu_has_avx2())
		return json_escape_avx2(w, p, n, invalid);
#endif
	return json_escape_portable(w, p, n, invalid);
}

json_escape_fn *json_escape_variant(unsigned int i)
{
	json_escape_fn *variants[4] = {json_escape, json_escape_portable};

#if defined(__x86_64__)
	unsigned int n = 2;

	if (json_cpu_has_avx2())
		variants[n++] = json_escape_avx2;
	if (json_cpu_has_vbmi2())
		variants[n++] = json_escape_vbmi2;
#endif
	return i < 4 ? variants[i] : NULL;
}

uint8_t *json_base64(uint8_t *w, const uint8_t *p, size_t n)
{
	static const char alphabet[64] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i = 0;
	uint32_t v;

#if defined(__x86_64__)
	if (__builtin_cpu_supports("ssse3")) {
		i = base64_ssse3(w, p, n);
		w += i / 3 * 4;
	}
#endif
	for (; i + 3 <= n; i += 3, w += 4) {
		v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
		w[0] = (uint8_t)alphabet[v >> 18];
		w[1] = (uint8_t)alphabet[v >> 12 & 63];
		w[2] = (uint8_t)alphabet[v >> 6 & 63];
		w[3] = (uint8_t)alphabet[v & 63];
	}
	if (i < n) {
		v = (uint32_t)p[i] << 16 |
		    (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0);
		w[0] = (uint8_t)alphabet[v >> 18];
		w[1] = (uint8_t)alphabet[v >> 12 & 63];
		w[2] = i + 1 < n ? (uint8_t)alphabet[v >> 6 & 63] : '=';
		w[3] = '=';
		w += 4;
	}
	return w;
}

/* The 8 decimal digits of v < 10^8, one per byte, the most significant in the
 * lowest byte. Splits the number into halves of 4, 2 and 1 digits, all of a
 * size in parallel. The multiplications that replace divisions by 100 and 10
 * are exact in this range. */
static inline uint64_t digits8(uint32_t v)
{
	uint64_t x = v / 10000 | (uint64_t)(v % 10000) << 32, high;

	high = (x * 10486 >> 20) & 0x0000007f0000007full;
	x = high | (x - high * 100) << 16;
	high = (x * 103 >> 10) & 0x000f000f000f000full;
	return high | (x - high * 10) << 8;
}

static inline void store_le64(uint8_t *w, uint64_t v)
{
	v = htole64(v);
	memcpy(w, &v, 8);
}

#define ZEROS8 0x3030303030303030ull

/* The numbers below 1000 with leading zeros, the first digit in the lowest byte; the
 * highest byte is how many bits those zeros take. */
#define DIGIT(n, of) ('0' + (n) / (of) % 10)
#define THREE(n)                                                 \
	((uint32_t)DIGIT(n, 100) | (uint32_t)DIGIT(n, 10) << 8 | \
	 (uint32_t)DIGIT(n, 1) << 16 |                           \
	 (uint32_t)((n) < 10	? 16                             \
		    : (n) < 100 ? 8                              \
				: 0)                             \
		 << 24)
#define THREE5(n) \
	THREE(n), THREE((n) + 1), THREE((n) + 2), THREE((n) + 3), THREE((n) + 4)
#define THREE25(n)                                                      \
	THREE5(n), THREE5((n) + 5), THREE5((n) + 10), THREE5((n) + 15), \
		THREE5((n) + 20)
#define THREE125(n)                                                          \
	THREE25(n), THREE25((n) + 25), THREE25((n) + 50), THREE25((n) + 75), \
		THREE25((n) + 100)

static const uint32_t three[1000] = {
	THREE125(0),   THREE125(125), THREE125(250), THREE125(375),
	THREE125(500), THREE125(625), THREE125(750), THREE125(875)};

static inline void store_le32(uint8_t *w, uint32_t v)
{
	v = htole32(v);
	memcpy(w, &v, 4);
}

static inline uint8_t *put_below_1e3(uint8_t *w, uint32_t v)
{
	unsigned int zeros = three[v] >> 24;

	store_le32(w, three[v] >> zeros);
	return w + 3 - zeros / 8;
}

static inline uint8_t *put_below_1e8(uint8_t *w, uint32_t v)
{
	unsigned int zeros;

	if (v < 1000)
		return put_below_1e3(w, v);
	if (v < 1000000) {
		w = put_below_1e3(w, v / 1000);
		store_le32(w, three[v % 1000]);
		return w + 3;
	}
	zeros = v < 10000000;
	store_le64(w, (digits8(v) | ZEROS8) >> 8 * zeros);
	return w + 8 - zeros;
}

#if defined(__SSE2__)
/* Both halves of 8 digits at once, then their halves and so on. The multiplications
 * that replace divisions are exact in their ranges. */
void json_put_16_digits(uint8_t *w, uint64_t v)
{
	const uint64_t e8 = 100000000, high = v / e8;
	__m128i x, q;

	x = _mm_set_epi64x((long long)(v - high * e8), (long long)high);
	q = _mm_srli_epi64(_mm_mul_epu32(x, _mm_set1_epi64x(3518437209)), 45);
	x = _mm_sub_epi64(x, _mm_mul_epu32(q, _mm_set1_epi64x(10000)));
	x = _mm_or_si128(q, _mm_slli_epi64(x, 32)); /* 4 below 10^4 */
	q = _mm_srli_epi16(_mm_mulhi_epu16(x, _mm_set1_epi16(5243)), 3);
	x = _mm_sub_epi16(x, _mm_mullo_epi16(q, _mm_set1_epi16(100)));
	x = _mm_or_si128(q, _mm_slli_epi32(x, 16)); /* 8 below 100 */
	q = _mm_mulhi_epu16(x, _mm_set1_epi16(6554));
	x = _mm_sub_epi16(x, _mm_mullo_epi16(q, _mm_set1_epi16(10)));
	x = _mm_or_si128(q, _mm_slli_epi16(x, 8));
	_mm_storeu_si128((__m128i *)w, _mm_or_si128(x, _mm_set1_epi8('0')));
}
#else
void json_put_16_digits(uint8_t *w, uint64_t v)
{
	const uint64_t e8 = 100000000;

	store_le64(w, digits8((uint32_t)(v / e8)) | ZEROS8);
	store_le64(w + 8, digits8((uint32_t)(v % e8)) | ZEROS8);
}
#endif

uint8_t *json_put_u64(uint8_t *w, uint64_t v)
{
	const uint64_t e8 = 100000000;

	if (v < e8)
		return put_below_1e8(w, (uint32_t)v);
	if (v < e8 * e8) {
		w = put_below_1e8(w, (uint32_t)(v / e8));
	} else {
		w = put_below_1e8(w, (uint32_t)(v / (e8 * e8)));
		json_put_16_digits(w, v % (e8 * e8));
		return w + 16;
	}
	store_le64(w, digits8((uint32_t)(v % e8)) | ZEROS8);
	return w + 8;
}

void json_add_string(struct buf *b, const void *p, size_t n)
{
	uint8_t *w = n <= SIZE_MAX / 8 ? buf_reserve(b, JSON_ESCAPE_ROOM(n) + 2)
				       : NULL;

	if (!w) {
		b->failed = true;
		return;
	}
	w[0] = '"';
	w = json_escape(w + 1, p, n, JSON_REPLACE);
	w[0] = '"';
	b->len = (size_t)(w + 1 - b->p);
}

void json_add_u64(struct buf *b, uint64_t v)
{
	uint8_t *w = buf_reserve(b, JSON_U64_ROOM);

	if (w)
		b->len = (size_t)(json_put_u64(w, v) - b->p);
}
