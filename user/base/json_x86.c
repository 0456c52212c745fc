/* SPDX-License-Identifier: MIT */
/*
 * json_escape() with x86 vector instructions. Both versions classify a vector
 * of text at a time: "simple" characters need a backslash in front; "hard" ones
 * are neither simple nor printable ASCII and are left to json_escape_one().
 * Quotes are frequent in JSON, so all backslashes of a vector are inserted at
 * once rather than with a branch each. The first loop handles ASCII only; at
 * the first other byte a second loop takes over, which also validates UTF-8.
 */
#if defined(__x86_64__)

#include <immintrin.h>

#include "base/control.h"
#include "base/json_x86.h"

/* Indexed by control character: the letter after the backslash. */
#define LETTERS 0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0
/* Indexed by the lower half of a byte: the ASCII byte that needs a backslash, or
 * one that never equals it. */
#define QUOTED -1, -1, '"', -1, -1, -1, -1, -1, -1, -1, -1, -1, '\\', -1, -1, -1

/*
 * Validates UTF-8 (Unicode 15, table 3-7) a vector at a time. Lead bytes
 * determine where continuation bytes must follow, and some of them restrict the
 * first one's range. A sequence may continue in the next vector. After an
 * invalid one, json_escape_one() resumes at the last lead byte.
 */
struct octets { /* bit masks: bytes >= or == the value in the name */
	uint32_t ge80, ge90, gea0, gec0, gec2, gee0, gef0, gef5;
	uint32_t ise0, ised, isf0, isf4;
};

/* Carried over from the previous vector; bit 0 is the next byte. */
struct utf8 {
	uint32_t must; /* bytes that must be continuations */
	uint32_t e0, ed, f0, f4;
};

static inline bool utf8_next(struct utf8 *u, const struct octets *o)
{
	uint64_t must = (uint64_t)o->gec2 << 1 | (uint64_t)o->gee0 << 2 |
			(uint64_t)o->gef0 << 3 | u->must;
	uint64_t e0 = (uint64_t)o->ise0 << 1 | u->e0;
	uint64_t ed = (uint64_t)o->ised << 1 | u->ed;
	uint64_t f0 = (uint64_t)o->isf0 << 1 | u->f0;
	uint64_t f4 = (uint64_t)o->isf4 << 1 | u->f4;
	uint32_t wrong = (o->ge80 & ~o->gec0) ^ (uint32_t)must;

	wrong |= (o->gec0 & ~o->gec2) | o->gef5;
	wrong |= (uint32_t)e0 & ~o->gea0;
	wrong |= (uint32_t)ed & o->gea0;
	wrong |= (uint32_t)f0 & ~o->ge90;
	wrong |= (uint32_t)f4 & o->ge90;
	*u = (struct utf8){
		.must = (uint32_t)(must >> 32),
		.e0 = (uint32_t)(e0 >> 32),
		.ed = (uint32_t)(ed >> 32),
		.f0 = (uint32_t)(f0 >> 32),
		.f4 = (uint32_t)(f4 >> 32),
	};
	return !wrong;
}

/* The masks of the bytes in x, by ge(x, value) and is(x, value). */
#define OCTETS(x, ge, is)                                                      \
	{                                                                      \
		.ge80 = ge(x, 0x80), .ge90 = ge(x, 0x90), .gea0 = ge(x, 0xa0), \
		.gec0 = ge(x, 0xc0), .gec2 = ge(x, 0xc2), .gee0 = ge(x, 0xe0), \
		.gef0 = ge(x, 0xf0), .gef5 = ge(x, 0xf5), .ise0 = is(x, 0xe0), \
		.ised = is(x, 0xed), .isf0 = is(x, 0xf0), .isf4 = is(x, 0xf4), \
	}

/* The number of bytes before p that belong to a sequence still incomplete. */
static size_t utf8_open(const uint8_t *p, const struct utf8 *u)
{
	size_t n = 0;

	if (u->must)
		while ((p[-1 - (ptrdiff_t)n++] & 0xc0) == 0x80)
			;
	return n;
}

/* Where control characters may start: c2, e2, and d8 unless another byte than 9c
 * follows. */
#define LEADS(x, is)                 \
	(is(x, 0xc2) | is(x, 0xe2) | \
	 (is(x, 0xd8) ? is(x, 0xd8) & (is(x, 0x9c) >> 1 | 1u << 31) : 0))

/* The first control character among the sequences of valid UTF-8 that start at
 * the bits of leads, as a mask of its position. */
static inline uint32_t first_control(const uint8_t *p, const uint8_t *end,
				     uint32_t leads)
{
	for (; leads; leads &= leads - 1)
		if (control_length(p + __builtin_ctz(leads), end))
			return leads & -leads;
	return 0;
}

/* --- AVX2 ------------------------------------------------------------------ */

#define AVX2 __attribute__((target("avx2,popcnt")))

/*
 * spread[mask] is a shuffle of 8 bytes that inserts a backslash before each
 * byte in mask; bytes 8 and up of its source are backslashes. Byte i moves to i
 * plus the number of bits set up to and including bit i. Anything past the last
 * byte is overwritten later.
 */
#define PLACE(m, i) ((i) + __builtin_popcount((m) & ((2 << (i)) - 1)))
#define AT(place, half, value) \
	((place) / 8 == (half) ? (uint64_t)(value) << 8 * ((place)&7) : 0)
#define BYTE(m, i, half)            \
	(AT(PLACE(m, i), half, i) | \
	 ((m) >> (i)&1 ? AT(PLACE(m, i) - 1, half, 8) : 0))
#define HALF(m, half)                                             \
	(BYTE(m, 0, half) | BYTE(m, 1, half) | BYTE(m, 2, half) | \
	 BYTE(m, 3, half) | BYTE(m, 4, half) | BYTE(m, 5, half) | \
	 BYTE(m, 6, half) | BYTE(m, 7, half))
#define ROW(m)                         \
	{                              \
		HALF(m, 0), HALF(m, 1) \
	}
#define ROWS4(m)  ROW(m), ROW((m) + 1), ROW((m) + 2), ROW((m) + 3)
#define ROWS16(m) ROWS4(m), ROWS4((m) + 4), ROWS4((m) + 8), ROWS4((m) + 12)
#define ROWS64(m) \
	ROWS16(m), ROWS16((m) + 16), ROWS16((m) + 32), ROWS16((m) + 48)

static const uint64_t spread[256][2] = {ROWS64(0), ROWS64(64), ROWS64(128),
					ROWS64(192)};

/* Unsigned, because int would have to be sign-extended to index with it. */
__attribute__((target("popcnt"))) static inline unsigned int
count(uint32_t mask)
{
	return (unsigned int)__builtin_popcount(mask);
}

/* One shuffle for each lane. */
AVX2 static inline __m256i orders(unsigned int low, unsigned int high)
{
	return _mm256_loadu2_m128i((const __m128i *)spread[high],
				   (const __m128i *)spread[low]);
}

/* Writes 32 bytes with a backslash before each byte in simple, in groups of
 * 8. */
AVX2 static inline void put_avx2(uint8_t *w, __m256i x, uint32_t simple)
{
	const __m256i slashes = _mm256_set1_epi8('\\');
	__m256i even, odd;
	uint8_t *to;

	if (!simple) {
		_mm256_storeu_si256((__m256i *)w, x);
		return;
	}
	/* Groups 0 and 2 are in the lower halves of the lanes of x. */
	even = _mm256_shuffle_epi8(_mm256_unpacklo_epi64(x, slashes),
				   orders(simple & 0xff, simple >> 16 & 0xff));
	odd = _mm256_shuffle_epi8(_mm256_unpackhi_epi64(x, slashes),
				  orders(simple >> 8 & 0xff, simple >> 24));
	/* In ascending order: each overwrites what the last wrote past its end. */
	_mm_storeu_si128((__m128i *)w, _mm256_castsi256_si128(even));
	to = w + 8 + count(simple & 0xff);
	_mm_storeu_si128((__m128i *)to, _mm256_castsi256_si128(odd));
	to = w + 16 + count(simple & 0xffff);
	_mm_storeu_si128((__m128i *)to, _mm256_extracti128_si256(even, 1));
	to = w + 24 + count(simple & 0xffffff);
	_mm_storeu_si128((__m128i *)to, _mm256_extracti128_si256(odd, 1));
}

/* Loads 1 to 15 bytes without reading past them, padded with zeros. */
AVX2 static inline __m128i load_below16(const uint8_t *p, size_t n)
{
	uint64_t lo = 0, hi = 0;
	uint32_t a, b;

	if (n >= 8) {
		lo = json_load64(p);
		hi = n > 8 ? json_load64(p + n - 8) >> (8 * (16 - n)) : 0;
	} else if (n >= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, p + n - 4, 4);
		lo = a | (uint64_t)b << (8 * (n - 4));
	} else {
		lo = p[0];
		lo |= (uint64_t)p[n / 2] << (8 * (n / 2));
		lo |= (uint64_t)p[n - 1] << (8 * (n - 1));
	}
	return _mm_set_epi64x((long long)hi, (long long)lo);
}

/* The same for 0 to 31 bytes. */
AVX2 static inline __m256i load_partial(const uint8_t *p, size_t n)
{
	__m128i low, high = _mm_setzero_si128();

	if (n >= 16) {
		low = _mm_loadu_si128((const __m128i *)p);
		if (n > 16)
			high = load_below16(p + 16, n - 16);
	} else {
		low = n ? load_below16(p, n) : high;
	}
	return _mm256_set_m128i(high, low);
}

/* Returns the mask of simple bytes and replaces them in *x by the letter that
 * follows the backslash. Bytes outside valid are 0 and ignored. */
AVX2 static inline uint32_t classify_avx2(__m256i *x, uint32_t valid,
					  uint32_t *hard)
{
	const __m256i letters = _mm256_setr_epi8(LETTERS, LETTERS);
	const __m256i quotes = _mm256_setr_epi8(QUOTED, QUOTED);
	__m256i v = *x, letter, named;
	uint32_t simple;

	/* Bytes above 0x7e wrap around to negative, or 0xff to 0. */
	*hard = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(
			_mm256_set1_epi8(0x21),
			_mm256_add_epi8(v, _mm256_set1_epi8(1)))) &
		valid;
	simple = (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(_mm256_shuffle_epi8(quotes, v), v));
	if (*hard) {
		named = _mm256_cmpeq_epi8(
			_mm256_min_epu8(v, _mm256_set1_epi8(15)), v);
		letter = _mm256_and_si256(_mm256_shuffle_epi8(letters, v),
					  named);
		named = _mm256_cmpgt_epi8(letter, _mm256_setzero_si256());
		*x = _mm256_blendv_epi8(v, letter, named);
		simple |= (uint32_t)_mm256_movemask_epi8(named);
		*hard &= ~simple;
	}
	return simple;
}

AVX2 static inline uint32_t ge_avx2(__m256i x, unsigned int c)
{
	__m256i least = _mm256_set1_epi8((char)c);

	return (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(_mm256_max_epu8(x, least), x));
}

AVX2 static inline uint32_t is_avx2(__m256i x, unsigned int c)
{
	return (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)c)));
}

/* Escapes any text. */
AVX2 static __attribute__((noinline)) uint8_t *
escape_mixed_avx2(uint8_t *w, const uint8_t *p, const uint8_t *end,
		  enum json_invalid invalid)
{
	uint32_t simple, hard, valid;
	struct utf8 utf8 = {0};
	unsigned int take;
	__m256i x;

	while (p < end || utf8.must) {
		take = end - p < 32 ? (unsigned int)(end - p) : 32;
		valid = (uint32_t)((1ull << take) - 1);
		x = take == 32 ? _mm256_loadu_si256((const __m256i *)p)
			       : load_partial(p, take);
		simple = classify_avx2(&x, valid, &hard);
		if (hard | utf8.must) {
			const struct octets o = OCTETS(x, ge_avx2, is_avx2);
			const struct utf8 before = utf8;

			if (utf8_next(&utf8, &o)) {
				hard &= ~o.ge80;
				hard |= first_control(p, end,
						      LEADS(x, is_avx2));
			} else if (before.must) {
				size_t open = utf8_open(p, &before);

				p -= open;
				w -= open;
				goto one;
			}
			if (hard) {
				take = (unsigned int)__builtin_ctz(hard);
				simple &= (1u << take) - 1;
			}
		}
		put_avx2(w, x, simple);
		w += take + count(simple);
		p += take;
		if (!hard)
			continue;
	one:
		utf8 = (struct utf8){0};
		w = json_escape_one(w, &p, end, invalid);
		if (!w)
			return NULL;
	}
	return w;
}

AVX2 uint8_t *json_escape_avx2(uint8_t *w, const uint8_t *p, size_t n,
			       enum json_invalid invalid)
{
	const uint8_t *end = p + n;
	uint32_t simple, hard;
	__m256i x;

	for (; end - p >= 32; p += 32) {
		x = _mm256_loadu_si256((const __m256i *)p);
		simple = classify_avx2(&x, 0xffffffff, &hard);
		if (hard)
			break;
		put_avx2(w, x, simple);
		w += 32 + count(simple);
	}
	if (p == end)
		return w;
	n = (size_t)(end - p);
	if (n < 32) {
		x = load_partial(p, n);
		simple = classify_avx2(&x, (1u << n) - 1, &hard);
		if (!hard) {
			put_avx2(w, x, simple);
			return w + n + count(simple);
		}
	}
	return escape_mixed_avx2(w, p, end, invalid);
}

/* --- AVX-512 with VBMI2 ---------------------------------------------------- */

#define VBMI2 \
	__attribute__((target("avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")))

/* Like classify_avx2(). */
VBMI2 static inline uint32_t classify_vbmi2(__m256i *x, uint32_t valid,
					    uint32_t *hard)
{
	const __m256i letters = _mm256_setr_epi8(LETTERS, LETTERS);
	const __m256i quotes = _mm256_setr_epi8(QUOTED, QUOTED);
	__m256i v = *x;
	uint32_t simple, named;

	*hard = _mm256_mask_cmplt_epi8_mask(
		valid, _mm256_add_epi8(v, _mm256_set1_epi8(1)),
		_mm256_set1_epi8(0x21));
	simple = _mm256_cmpeq_epi8_mask(_mm256_shuffle_epi8(quotes, v), v);
	if (*hard) {
		named = _mm256_mask_cmplt_epu8_mask(*hard, v,
						    _mm256_set1_epi8(16));
		v = _mm256_maskz_shuffle_epi8(named, letters, v);
		named = _mm256_test_epi8_mask(v, v);
		*x = _mm256_mask_mov_epi8(*x, named, v);
		simple |= named;
		*hard &= ~named;
	}
	return simple;
}

/* Puts a backslash before every byte, then compresses the unneeded ones away. */
VBMI2 static inline void put_vbmi2(uint8_t *w, __m256i x, uint32_t simple)
{
	uint64_t keep;
	__m512i wide;

	if (!simple) {
		_mm256_storeu_si256((__m256i *)w, x);
		return;
	}
	wide = _mm512_slli_epi16(_mm512_cvtepu8_epi16(x), 8);
	wide = _mm512_or_si512(wide, _mm512_set1_epi16('\\'));
	keep = _pdep_u64(simple, 0x5555555555555555ull) | 0xaaaaaaaaaaaaaaaaull;
	_mm512_storeu_si512(w, _mm512_maskz_compress_epi8(keep, wide));
}

VBMI2 static inline uint32_t ge_vbmi2(__m256i x, unsigned int c)
{
	return _mm256_cmpge_epu8_mask(x, _mm256_set1_epi8((char)c));
}

VBMI2 static inline uint32_t is_vbmi2(__m256i x, unsigned int c)
{
	return _mm256_cmpeq_epi8_mask(x, _mm256_set1_epi8((char)c));
}

/* Escapes any text. */
VBMI2 static __attribute__((noinline)) uint8_t *
escape_mixed_vbmi2(uint8_t *w, const uint8_t *p, const uint8_t *end,
		   enum json_invalid invalid)
{
	uint32_t simple, hard, valid;
	struct utf8 utf8 = {0};
	unsigned int take;
	__m256i x;

	while (p < end || utf8.must) {
		take = end - p < 32 ? (unsigned int)(end - p) : 32;
		valid = (uint32_t)((1ull << take) - 1);
		x = _mm256_maskz_loadu_epi8(valid, p);
		simple = classify_vbmi2(&x, valid, &hard);
		if (hard | utf8.must) {
			const struct octets o = OCTETS(x, ge_vbmi2, is_vbmi2);
			const struct utf8 before = utf8;

			if (utf8_next(&utf8, &o)) {
				hard &= ~o.ge80;
				hard |= first_control(p, end,
						      LEADS(x, is_vbmi2));
			} else if (before.must) {
				size_t open = utf8_open(p, &before);

				p -= open;
				w -= open;
				goto one;
			}
			if (hard) {
				take = (unsigned int)__builtin_ctz(hard);
				simple &= (1u << take) - 1;
			}
		}
		put_vbmi2(w, x, simple);
		w += take + count(simple);
		p += take;
		if (!hard)
			continue;
	one:
		utf8 = (struct utf8){0};
		w = json_escape_one(w, &p, end, invalid);
		if (!w)
			return NULL;
	}
	return w;
}

VBMI2 uint8_t *json_escape_vbmi2(uint8_t *w, const uint8_t *p, size_t n,
				 enum json_invalid invalid)
{
	const uint8_t *end = p + n;
	uint32_t simple, hard;
	__m256i x;

	for (; end - p >= 32; p += 32) {
		x = _mm256_loadu_si256((const __m256i *)p);
		simple = classify_vbmi2(&x, 0xffffffff, &hard);
		if (hard)
			break;
		put_vbmi2(w, x, simple);
		w += 32 + count(simple);
	}
	if (p == end)
		return w;
	n = (size_t)(end - p);
	if (n < 32) {
		x = _mm256_maskz_loadu_epi8((1u << n) - 1, p);
		simple = classify_vbmi2(&x, (1u << n) - 1, &hard);
		if (!hard) {
			put_vbmi2(w, x, simple);
			return w + n + count(simple);
		}
	}
	return escape_mixed_vbmi2(w, p, end, invalid);
}

#endif
