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

static inline bool utf8_next(struct utf8 *u, const struct octets *o,
			     unsigned int width)
{
	const uint32_t all = 0xffffffffu >> (32 - width);
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
		.must = (uint32_t)(must >> width),
		.e0 = (uint32_t)(e0 >> width),
		.ed = (uint32_t)(ed >> width),
		.f0 = (uint32_t)(f0 >> width),
		.f4 = (uint32_t)(f4 >> width),
	};
	return !(wrong & all);
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

/* --- SSSE3 ----------------------------------------------------------------- */

#define SSSE3 __attribute__((target("ssse3,popcnt")))

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

/* Writes the lower 8 bytes of x with a backslash before each byte in mask. The
 * upper half of x is all backslashes. */
SSSE3 static inline uint8_t *put_group(uint8_t *w, __m128i x, unsigned int mask)
{
	__m128i order = _mm_loadu_si128((const __m128i *)spread[mask]);

	_mm_storeu_si128((__m128i *)w, _mm_shuffle_epi8(x, order));
	return w + 8 + __builtin_popcount(mask);
}

/* Loads 1 to 15 bytes without reading past them, padded with zeros. */
SSSE3 static inline __m128i load_partial(const uint8_t *p, size_t n)
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

/* Returns the mask of simple bytes and replaces them in *x by the letter that
 * follows the backslash. */
SSSE3 static inline unsigned int classify(__m128i *x, unsigned int *hard)
{
	const __m128i letters = _mm_setr_epi8(LETTERS);
	const __m128i quotes = _mm_setr_epi8(QUOTED);
	__m128i v = *x, small, letter, quoted;
	unsigned int simple;

	/* Bytes above 0x7e wrap around to negative, or 0xff to 0. */
	*hard = (unsigned int)_mm_movemask_epi8(_mm_cmplt_epi8(
		_mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x21)));
	quoted = _mm_cmpeq_epi8(_mm_shuffle_epi8(quotes, v), v);
	simple = (unsigned int)_mm_movemask_epi8(quoted);
	if (*hard) {
		small = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(15)), v);
		letter = _mm_and_si128(_mm_shuffle_epi8(letters, v), small);
		small = _mm_cmpgt_epi8(letter, _mm_setzero_si128());
		*x = _mm_or_si128(_mm_andnot_si128(small, v), letter);
		simple |= (unsigned int)_mm_movemask_epi8(small);
		*hard &= ~simple;
	}
	return simple;
}

SSSE3 static inline uint32_t ge16(__m128i x, unsigned int c)
{
	__m128i least = _mm_set1_epi8((char)c);

	return (uint32_t)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_max_epu8(x, least), x));
}

SSSE3 static inline uint32_t is16(__m128i x, unsigned int c)
{
	return (uint32_t)_mm_movemask_epi8(
		_mm_cmpeq_epi8(x, _mm_set1_epi8((char)c)));
}

SSSE3 static inline bool utf8_next16(struct utf8 *u, __m128i x)
{
	const struct octets o = {
		.ge80 = ge16(x, 0x80),
		.ge90 = ge16(x, 0x90),
		.gea0 = ge16(x, 0xa0),
		.gec0 = ge16(x, 0xc0),
		.gec2 = ge16(x, 0xc2),
		.gee0 = ge16(x, 0xe0),
		.gef0 = ge16(x, 0xf0),
		.gef5 = ge16(x, 0xf5),
		.ise0 = is16(x, 0xe0),
		.ised = is16(x, 0xed),
		.isf0 = is16(x, 0xf0),
		.isf4 = is16(x, 0xf4),
	};

	return utf8_next(u, &o, 16);
}

/* Where control characters may start: c2, e2, and d8 unless another byte than 9c
 * follows. */
SSSE3 static inline uint32_t control_leads16(__m128i x)
{
	uint32_t leads = is16(x, 0xc2) | is16(x, 0xe2), d8 = is16(x, 0xd8);

	return d8 ? leads | (d8 & (is16(x, 0x9c) >> 1 | 1u << 15)) : leads;
}

/* Writes 16 bytes with a backslash before each byte in simple. */
SSSE3 static inline void put16(uint8_t *w, __m128i x, unsigned int simple)
{
	const __m128i slashes = _mm_set1_epi8('\\');

	if (!simple)
		_mm_storeu_si128((__m128i *)w, x);
	else
		put_group(put_group(w, _mm_unpacklo_epi64(x, slashes),
				    simple & 255),
			  _mm_unpackhi_epi64(x, slashes), simple >> 8);
}

/* Escapes any text. */
SSSE3 static __attribute__((noinline)) uint8_t *
escape_mixed16(uint8_t *w, const uint8_t *p, const uint8_t *end,
	       enum json_invalid invalid)
{
	unsigned int simple, hard, take;
	struct utf8 utf8 = {0};
	__m128i x;

	while (p < end || utf8.must) {
		take = end - p < 16 ? (unsigned int)(end - p) : 16;
		x = take == 16 ? _mm_loadu_si128((const __m128i *)p)
		    : take     ? load_partial(p, take)
			       : _mm_setzero_si128();
		simple = classify(&x, &hard);
		hard &= (1u << take) - 1;
		if (hard | utf8.must) {
			const struct utf8 before = utf8;

			if (utf8_next16(&utf8, x)) {
				hard &= ~(unsigned int)_mm_movemask_epi8(x);
				hard |= first_control(p, end,
						      control_leads16(x));
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
		put16(w, x, simple);
		w += take + (unsigned int)__builtin_popcount(simple);
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

SSSE3 uint8_t *json_escape_ssse3(uint8_t *w, const uint8_t *p, size_t n,
				 enum json_invalid invalid)
{
	const uint8_t *end = p + n;
	unsigned int simple, hard;
	__m128i x;

	for (; end - p >= 16; p += 16) {
		x = _mm_loadu_si128((const __m128i *)p);
		simple = classify(&x, &hard);
		if (hard)
			break;
		put16(w, x, simple);
		w += 16 + __builtin_popcount(simple);
	}
	return p < end ? escape_mixed16(w, p, end, invalid) : w;
}

/* --- AVX-512 with VBMI2 ---------------------------------------------------- */

#define VBMI2 \
	__attribute__((target("avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")))

/* Like classify(). Bytes outside valid are 0 and ignored. */
VBMI2 static inline uint32_t classify32(__m256i *x, uint32_t valid,
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
VBMI2 static inline void put32(uint8_t *w, __m256i x, uint32_t simple)
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

VBMI2 static inline bool utf8_next32(struct utf8 *u, __m256i x)
{
#define GE(c) _mm256_cmpge_epu8_mask(x, _mm256_set1_epi8((char)(c)))
#define IS(c) _mm256_cmpeq_epi8_mask(x, _mm256_set1_epi8((char)(c)))
	const struct octets o = {
		.ge80 = GE(0x80),
		.ge90 = GE(0x90),
		.gea0 = GE(0xa0),
		.gec0 = GE(0xc0),
		.gec2 = GE(0xc2),
		.gee0 = GE(0xe0),
		.gef0 = GE(0xf0),
		.gef5 = GE(0xf5),
		.ise0 = IS(0xe0),
		.ised = IS(0xed),
		.isf0 = IS(0xf0),
		.isf4 = IS(0xf4),
	};
#undef GE
#undef IS

	return utf8_next(u, &o, 32);
}

/* Like control_leads16(). */
VBMI2 static inline uint32_t control_leads32(__m256i x)
{
#define IS(c) _mm256_cmpeq_epi8_mask(x, _mm256_set1_epi8((char)(c)))
	uint32_t leads = IS(0xc2) | IS(0xe2), d8 = IS(0xd8);

	return d8 ? leads | (d8 & (IS(0x9c) >> 1 | 1u << 31)) : leads;
#undef IS
}

/* Escapes any text. */
VBMI2 static __attribute__((noinline)) uint8_t *
escape_mixed32(uint8_t *w, const uint8_t *p, const uint8_t *end,
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
		simple = classify32(&x, valid, &hard);
		if (hard | utf8.must) {
			const struct utf8 before = utf8;

			if (utf8_next32(&utf8, x)) {
				hard &= ~(uint32_t)_mm256_movepi8_mask(x);
				hard |= first_control(p, end,
						      control_leads32(x));
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
		put32(w, x, simple);
		w += take + (unsigned int)__builtin_popcount(simple);
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
		simple = classify32(&x, 0xffffffff, &hard);
		if (hard)
			break;
		put32(w, x, simple);
		w += 32 + __builtin_popcount(simple);
	}
	return p < end ? escape_mixed32(w, p, end, invalid) : w;
}

#endif
