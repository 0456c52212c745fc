/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char hex_digits[16] = "0123456789abcdef";

/* Length of the valid UTF-8 sequence at p (Unicode 15, table 3-7), else 0. */
static inline unsigned int utf8_sequence(const uint8_t *p, const uint8_t *end)
{
	size_t n = (size_t)(end - p);
	uint8_t c = p[0], lo = 0x80, hi = 0xbf;

	if (c < 0x80)
		return 1;
	if (c < 0xe0)
		return c >= 0xc2 && n >= 2 && p[1] >> 6 == 2 ? 2 : 0;
	if (c < 0xf0) {
		if (c == 0xe0)
			lo = 0xa0;
		else if (c == 0xed)
			hi = 0x9f;
		return n >= 3 && p[1] >= lo && p[1] <= hi && p[2] >> 6 == 2 ? 3
									    : 0;
	}
	if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	return c <= 0xf4 && n >= 4 && p[1] >= lo && p[1] <= hi &&
			       p[2] >> 6 == 2 && p[3] >> 6 == 2
		       ? 4
		       : 0;
}

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

/* The letter after the backslash for the control characters that have one. */
static inline uint8_t short_escape(uint8_t c)
{
	static const uint8_t letter[16] = {0,	0,   0,	  0, 0,	  0,   0, 0,
					   'b', 't', 'n', 0, 'f', 'r', 0, 0};

	return c < 16 ? letter[c] : c == '"' || c == '\\' ? c : 0;
}

/* Writes what stands at *p: one ASCII character, or a run of others. NULL at
 * invalid UTF-8 that is to be refused. */
static uint8_t *escape_one(uint8_t *w, const uint8_t **at, const uint8_t *end,
			   enum json_invalid invalid)
{
	const uint8_t *p = *at;
	unsigned int n;
	uint8_t c = *p;

	if (c < 0x80) {
		*at = p + 1;
		if (short_escape(c)) {
			*w++ = '\\';
			*w++ = short_escape(c);
		} else if (c < 0x20) {
			memcpy(w, "\\u00", 4);
			w[4] = (uint8_t)hex_digits[c >> 4];
			w[5] = (uint8_t)hex_digits[c & 15];
			w += 6;
		} else {
			*w++ = c;
		}
		return w;
	}
	for (; p < end && *p >= 0x80; p += n) {
		n = utf8_sequence(p, end);
		if (n) {
			/* Fixed sizes: a variable one is a call. */
			if (n == 3)
				memcpy(w, p, 3);
			else if (n == 2)
				memcpy(w, p, 2);
			else
				memcpy(w, p, 4);
			w += n;
			continue;
		}
		if (invalid == JSON_REFUSE)
			return NULL;
		memcpy(w, "\xef\xbf\xbd", 3);
		w += 3;
		n = 1;
	}
	*at = p;
	return w;
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* Non-zero if one of 8 bytes is not plain: < 0x20, > 0x7f, '"' or '\'. The
 * usual zero-in-word tests; false alarms cost time only. */
static inline uint64_t not_plain(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101ull, high = ones << 7;
	uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');

	return ((v - ones * 0x20) | v | (quote - ones) | (slash - ones)) & high;
}

uint8_t *json_escape_portable(uint8_t *w, const uint8_t *p, size_t n,
			      enum json_invalid invalid)
{
	const uint8_t *end = p + n;

	while (p < end) {
		if (end - p >= 8 && !not_plain(load64(p))) {
			memcpy(w, p, 8);
			p += 8;
			w += 8;
			continue;
		}
		w = escape_one(w, &p, end, invalid);
		if (!w)
			return NULL;
	}
	return w;
}

#if defined(__x86_64__)

#define TARGET __attribute__((target("ssse3,popcnt")))

/* Where the up to 4 bytes of a group go when those in the mask get a
 * backslash in front (0x80). What is behind is overwritten later. */
static const uint8_t spread[16][8] = {
	{0, 1, 2, 3, 0, 0, 0, 0},	   {0x80, 0, 1, 2, 3, 0, 0, 0},
	{0, 0x80, 1, 2, 3, 0, 0, 0},	   {0x80, 0, 0x80, 1, 2, 3, 0, 0},
	{0, 1, 0x80, 2, 3, 0, 0, 0},	   {0x80, 0, 1, 0x80, 2, 3, 0, 0},
	{0, 0x80, 1, 0x80, 2, 3, 0, 0},	   {0x80, 0, 0x80, 1, 0x80, 2, 3, 0},
	{0, 1, 2, 0x80, 3, 0, 0, 0},	   {0x80, 0, 1, 2, 0x80, 3, 0, 0},
	{0, 0x80, 1, 2, 0x80, 3, 0, 0},	   {0x80, 0, 0x80, 1, 2, 0x80, 3, 0},
	{0, 1, 0x80, 2, 0x80, 3, 0, 0},	   {0x80, 0, 1, 0x80, 2, 0x80, 3, 0},
	{0, 0x80, 1, 0x80, 2, 0x80, 3, 0}, {0x80, 0, 0x80, 1, 0x80, 2, 0x80, 3},
};

/* Four bytes of x with the backslashes that the mask asks for. */
TARGET static inline uint8_t *put_group(uint8_t *w, __m128i x,
					unsigned int mask)
{
	__m128i order = _mm_loadl_epi64((const __m128i *)spread[mask]);
	__m128i slashes =
		_mm_and_si128(_mm_cmplt_epi8(order, _mm_setzero_si128()),
			      _mm_set1_epi8('\\'));

	_mm_storel_epi64((__m128i *)w,
			 _mm_or_si128(_mm_shuffle_epi8(x, order), slashes));
	return w + 4 + __builtin_popcount(mask);
}

/* 1 to 15 bytes without reading beyond them; the rest is zero. */
TARGET static inline __m128i load_partial(const uint8_t *p, size_t n)
{
	uint64_t lo = 0, hi = 0;
	uint32_t a, b;

	if (n >= 8) {
		lo = load64(p);
		hi = n > 8 ? load64(p + n - 8) >> (8 * (16 - n)) : 0;
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

/* Which of the 16 bytes get a backslash (simple; *x then holds the letters)
 * and which need more than that (hard). */
TARGET static inline unsigned int classify(__m128i *x, unsigned int *hard)
{
	const __m128i letters = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't',
					      'n', 0, 'f', 'r', 0, 0);
	__m128i v = *x, small, letter, quoted;
	unsigned int simple;

	/* Signed: bytes over 0x7f count as below 0x20 here. */
	*hard = (unsigned int)_mm_movemask_epi8(
		_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)));
	quoted = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
			      _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
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

TARGET static uint8_t *escape_ssse3(uint8_t *w, const uint8_t *p, size_t n,
				    enum json_invalid invalid)
{
	const uint8_t *end = p + n;
	unsigned int simple, hard, take;
	__m128i x;

	while (p < end) {
		take = end - p < 16 ? (unsigned int)(end - p) : 16;
		x = take == 16 ? _mm_loadu_si128((const __m128i *)p)
			       : load_partial(p, take);
		simple = classify(&x, &hard);
		hard &= (1u << take) - 1;
		if (hard)
			take = (unsigned int)__builtin_ctz(hard);
		simple &= (1u << take) - 1;
		if (!simple) {
			_mm_storeu_si128((__m128i *)w, x);
			w += take;
		} else {
			uint8_t *to = w;

			to = put_group(to, x, simple & 15);
			to = put_group(to, _mm_srli_si128(x, 4),
				       simple >> 4 & 15);
			to = put_group(to, _mm_srli_si128(x, 8),
				       simple >> 8 & 15);
			put_group(to, _mm_srli_si128(x, 12), simple >> 12);
			w += take + (unsigned int)__builtin_popcount(simple);
		}
		p += take;
		if (hard) {
			w = escape_one(w, &p, end, invalid);
			if (!w)
				return NULL;
		}
	}
	return w;
}

/* 12 bytes to 16 characters per step, reading 16; returns how many bytes were
 * taken. 6-bit fields are moved by multiplication, then each range of the
 * alphabet gets its offset from a table. */
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
#if defined(__x86_64__)
	if (__builtin_cpu_supports("ssse3") && __builtin_cpu_supports("popcnt"))
		return escape_ssse3(w, p, n, invalid);
#endif
	return json_escape_portable(w, p, n, invalid);
}

uint8_t *json_base64(uint8_t *w, const uint8_t *p, size_t n)
{
	static const char alphabet[64] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		"+/";
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

uint8_t *json_put_u64(uint8_t *w, uint64_t v)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";
	uint8_t text[20], *p = text + sizeof(text);

	for (; v >= 100; v /= 100) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
	}
	if (v >= 10) {
		p -= 2;
		memcpy(p, pairs + v * 2, 2);
	} else {
		*--p = (uint8_t)('0' + v);
	}
	memcpy(w, p, (size_t)(text + sizeof(text) - p));
	return w + (text + sizeof(text) - p);
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
