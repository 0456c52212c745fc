/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON text (RFC 8259). Two levels: raw pointers for the hot path that
 * writes trace lines, and struct buf for everything else.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/buf.h"
#include "base/json_escape.h"

/* Space that json_escape() needs at its destination for n bytes. */
#define JSON_ESCAPE_ROOM(n) ((size_t)(n)*6 + 64)
/* Space that json_put_u64() needs: the digits, and bytes that it may overwrite
 * past them. */
#define JSON_U64_ROOM 24
/* Space that json_base64() needs for n bytes. */
#define JSON_BASE64_ROOM(n) (((size_t)(n) + 2) / 3 * 4 + 16)

uint8_t *json_escape(uint8_t *w, const uint8_t *p, size_t n,
		     enum json_invalid invalid);

/* For tests: json_escape() itself and every version of it that this CPU can
 * run, by index; NULL after the last. */
json_escape_fn *json_escape_variant(unsigned int i);

/* Number of bytes that json_copy_plain() reads and writes. */
#define JSON_PLAIN_MAX 32

/* Copies n <= JSON_PLAIN_MAX bytes; reads and writes JSON_PLAIN_MAX bytes
 * whatever n is. False if some of the n bytes may need escaping: then
 * json_escape() must copy them. */
static inline bool json_copy_plain(uint8_t *w, const uint8_t *p, size_t n)
{
#if defined(__SSE2__)
	uint32_t plain = 0;

	for (int i = 0; i < 2; i++) {
		__m128i x = _mm_loadu_si128((const __m128i *)p + i);
		/* Bytes above 0x7e wrap around to negative, or 0xff to 0. */
		__m128i m = _mm_cmpgt_epi8(_mm_add_epi8(x, _mm_set1_epi8(1)),
					   _mm_set1_epi8(0x20));
		__m128i quoted =
			_mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')),
				     _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));

		m = _mm_andnot_si128(quoted, m);
		plain |= (uint32_t)_mm_movemask_epi8(m) << 16 * i;
		_mm_storeu_si128((__m128i *)w + i, x);
	}
	/* The upper half is all ones: the result is at most JSON_PLAIN_MAX. */
	return (size_t)__builtin_ctzll(~(uint64_t)plain) >= n;
#else
	uint64_t special = 0;

	memcpy(w, p, JSON_PLAIN_MAX);
	for (size_t i = 0; i < n; i += 8)
		special |= json_not_plain(json_load64(p + i));
	return !special;
#endif
}

/* The length of the text without a UTF-8 sequence that is cut off at its
 * end. */
size_t json_utf8_complete(const uint8_t *p, size_t n);

/* Writes v in decimal and returns the end; see JSON_U64_ROOM. */
uint8_t *json_put_u64(uint8_t *w, uint64_t v);

/* Writes v < 10^16 as 16 digits, with leading zeros. */
void json_put_16_digits(uint8_t *w, uint64_t v);

/* Writes base64 (RFC 4648 section 4), with padding, and returns the end. */
uint8_t *json_base64(uint8_t *w, const uint8_t *p, size_t n);

/* Appends a string with its quotes, replacing invalid UTF-8. */
void json_add_string(struct buf *b, const void *p, size_t n);
void json_add_u64(struct buf *b, uint64_t v);

#endif
