/* SPDX-License-Identifier: MIT */
/*
 * JSON text (RFC 8259), append-only. Two levels: raw pointers for the hot path
 * of the trace writer, and struct buf for everything else.
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

/* Room that json_escape() needs at its destination for n bytes. */
#define JSON_ESCAPE_ROOM(n) ((size_t)(n)*6 + 64)
/* Digits of a 64-bit number, and what json_put_u64() may overwrite. */
#define JSON_U64_ROOM 24
/* Room that json_base64() needs for n bytes. */
#define JSON_BASE64_ROOM(n) (((size_t)(n) + 2) / 3 * 4 + 16)

json_escape_fn json_escape;

/* For tests: the ways in which this machine can do it, one of which is what
 * json_escape() does. NULL behind the last. */
json_escape_fn *json_escape_way(unsigned int i);

/* Bytes that json_copy_plain() reads and writes. */
#define JSON_PLAIN_MAX 32

/* Copies n <= JSON_PLAIN_MAX bytes and more, up to that number. False: some
 * of the n may need escaping, so that json_escape() has to do it. */
static inline bool json_copy_plain(uint8_t *w, const uint8_t *p, size_t n)
{
#if defined(__SSE2__)
	uint32_t special = 0;

	for (int i = 0; i < 2; i++) {
		__m128i x = _mm_loadu_si128((const __m128i *)p + i);
		/* Signed: bytes over 0x7f count as below 0x20. */
		__m128i m = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20));

		m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('"')));
		m = _mm_or_si128(m, _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
		special |= (uint32_t)_mm_movemask_epi8(m) << 16 * i;
		_mm_storeu_si128((__m128i *)w + i, x);
	}
	return !(special & ((1ull << n) - 1));
#else
	uint64_t special = 0;

	memcpy(w, p, JSON_PLAIN_MAX);
	for (size_t i = 0; i < n; i += 8)
		special |= json_not_plain(json_load64(p + i));
	return !special;
#endif
}

/* Length without a UTF-8 sequence that the end of the text cuts in two. */
size_t json_utf8_complete(const uint8_t *p, size_t n);

uint8_t *json_put_u64(uint8_t *w, uint64_t v);

/* RFC 4648 section 4, with padding. */
uint8_t *json_base64(uint8_t *w, const uint8_t *p, size_t n);

/* "text" with quotes; invalid UTF-8 is replaced. */
void json_add_string(struct buf *b, const void *p, size_t n);
void json_add_u64(struct buf *b, uint64_t v);

#endif
