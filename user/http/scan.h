/* SPDX-License-Identifier: MIT */
/*
 * Byte scanning for heads, 16 bytes at a time with SSE2 (part of x86-64) or
 * NEON (part of AArch64), otherwise byte by byte. Never reads past end: a
 * chunk may end at the end of a page.
 */
#ifndef HTTP_SCAN_H
#define HTTP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* tchar of RFC 9110 section 5.6.2: nonzero for octets of a token. */
extern const uint8_t http_token_table[256];

static inline bool scan_is_token(uint8_t c)
{
	return http_token_table[c] & 1;
}

static inline bool scan_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static inline bool scan_is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') <= 9;
}

static inline bool scan_is_ctl(uint8_t c)
{
	return (c < 0x20 && c != '\t') || c == 0x7f;
}

#if defined(__SSE2__)
#define SCAN_STEP 16
/* Bit i is set if p[i] is a control character other than HTAB. */
static inline uint64_t scan_ctl_mask(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
	__m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

	return (unsigned int)_mm_movemask_epi8(
		_mm_or_si128(_mm_andnot_si128(tab, low), del));
}

/* Bit i is set if p[i] is SP, a control character or not ASCII. */
static inline uint64_t scan_odd_mask(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	/* a signed comparison: 0x80..0xff count as below 0x21, too */
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x21));
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

	return (unsigned int)_mm_movemask_epi8(_mm_or_si128(low, del));
}

/* Bit i is set if p[i] is not ALPHA, DIGIT or "-". */
static inline uint64_t scan_name_mask(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	/* Comparisons are signed, so move each range up to end at 0x7f. */
	__m128i letter = _mm_add_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)),
				      _mm_set1_epi8(0x7f - 'z'));
	__m128i digit = _mm_add_epi8(v, _mm_set1_epi8(0x7f - '9'));
	__m128i ok =
		_mm_or_si128(_mm_cmpgt_epi8(letter, _mm_set1_epi8(0x7f - 26)),
			     _mm_cmpgt_epi8(digit, _mm_set1_epi8(0x7f - 10)));

	ok = _mm_or_si128(ok, _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
	return (unsigned int)_mm_movemask_epi8(ok) ^ 0xffffu;
}
#define SCAN_MASK_SHIFT 0
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define SCAN_STEP	16
/* NEON lacks movemask: narrow to four bits per byte. */
static inline uint64_t scan_neon_mask(uint8x16_t m)
{
	return vget_lane_u64(
		vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(m), 4)),
		0);
}

static inline uint64_t scan_ctl_mask(const uint8_t *p)
{
	uint8x16_t v = vld1q_u8(p);
	uint8x16_t low = vcltq_u8(v, vdupq_n_u8(0x20));

	low = vbicq_u8(low, vceqq_u8(v, vdupq_n_u8('\t')));
	return scan_neon_mask(vorrq_u8(low, vceqq_u8(v, vdupq_n_u8(0x7f))));
}

static inline uint64_t scan_odd_mask(const uint8_t *p)
{
	uint8x16_t v = vld1q_u8(p);

	return scan_neon_mask(vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x21)),
				       vcgeq_u8(v, vdupq_n_u8(0x7f))));
}

static inline uint64_t scan_name_mask(const uint8_t *p)
{
	uint8x16_t v = vld1q_u8(p);
	uint8x16_t letter =
		vsubq_u8(vorrq_u8(v, vdupq_n_u8(0x20)), vdupq_n_u8('a'));
	uint8x16_t digit = vsubq_u8(v, vdupq_n_u8('0'));
	uint8x16_t ok = vorrq_u8(vcleq_u8(letter, vdupq_n_u8(25)),
				 vcleq_u8(digit, vdupq_n_u8(9)));

	ok = vorrq_u8(ok, vceqq_u8(v, vdupq_n_u8('-')));
	return ~scan_neon_mask(ok);
}
#define SCAN_MASK_SHIFT 2
#endif

#ifdef SCAN_STEP
/* The index of the first octet of a mask, which is not 0. */
static inline unsigned int scan_first(uint64_t m)
{
	return (unsigned int)__builtin_ctzll(m) >> SCAN_MASK_SHIFT;
}

/* The first octet in [p, end) whose bit mask() sets, or end, which is at least
 * SCAN_STEP octets away. */
__attribute__((always_inline)) static inline const uint8_t *
scan_steps(const uint8_t *p, const uint8_t *end,
	   uint64_t (*mask)(const uint8_t *p))
{
	const uint8_t *last = end - SCAN_STEP;
	uint64_t m;

	for (; p < last; p += SCAN_STEP) {
		m = mask(p);
		if (m)
			return p + scan_first(m);
	}
	/* May overlap octets whose bits are known not to be set. */
	m = mask(last);
	return m ? last + scan_first(m) : end;
}
#endif

/* First control character other than HTAB in [p, end), or end. */
static inline const uint8_t *scan_ctl(const uint8_t *p, const uint8_t *end)
{
#ifdef SCAN_STEP
	if (end - p >= SCAN_STEP)
		return scan_steps(p, end, scan_ctl_mask);
#endif
	while (p < end && !scan_is_ctl(*p))
		p++;
	return p;
}

/* First SP, control character or non-ASCII octet in [p, end), or end. */
static inline const uint8_t *scan_odd(const uint8_t *p, const uint8_t *end)
{
#ifdef SCAN_STEP
	if (end - p >= SCAN_STEP)
		return scan_steps(p, end, scan_odd_mask);
#endif
	while (p<end && * p> 0x20 && *p < 0x7f)
		p++;
	return p;
}

/* First octet in [p, end) that is not a tchar, or end. */
static inline const uint8_t *scan_token(const uint8_t *p, const uint8_t *end)
{
#ifdef SCAN_STEP
	while (end - p >= SCAN_STEP) {
		uint64_t m = scan_name_mask(p);

		if (!m) {
			p += SCAN_STEP;
			continue;
		}
		p += scan_first(m);
		if (!scan_is_token(*p))
			return p;
		p++;
	}
#endif
	while (p < end && scan_is_token(*p))
		p++;
	return p;
}

#endif
