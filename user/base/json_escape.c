/* SPDX-License-Identifier: MIT */
/*
 * The portable escaper: eight bytes at a time while all are plain, one character
 * otherwise. It also validates UTF-8, for the vector versions too.
 */
#include "base/json_escape.h"

static const char hex_digits[16] = "0123456789abcdef";

/* Length of the UTF-8 sequence at p, 0 if invalid (Unicode 15, table 3-7). */
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

/* The letter that follows the backslash, 0 for characters that have no short
 * escape. */
static inline uint8_t short_escape(uint8_t c)
{
	static const uint8_t letter[16] = {0,	0,   0,	  0, 0,	  0,   0, 0,
					   'b', 't', 'n', 0, 'f', 'r', 0, 0};

	return c < 16 ? letter[c] : c == '"' || c == '\\' ? c : 0;
}

uint8_t *json_escape_one(uint8_t *w, const uint8_t **at, const uint8_t *end,
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
			/* memcpy() of a constant size needs no call. */
			if (n == 3)
				memcpy(w, p, 3);
			else if (n == 2)
				memcpy(w, p, 2);
			else
				memcpy(w, p, 4);
			w += n;
			continue;
		}
		if (invalid == JSON_REJECT)
			return NULL;
		memcpy(w, "\xef\xbf\xbd", 3);
		w += 3;
		n = 1;
	}
	*at = p;
	return w;
}

uint8_t *json_escape_portable(uint8_t *w, const uint8_t *p, size_t n,
			      enum json_invalid invalid)
{
	const uint8_t *end = p + n;

	while (p < end) {
		if (end - p >= 8 && !json_not_plain(json_load64(p))) {
			memcpy(w, p, 8);
			p += 8;
			w += 8;
			continue;
		}
		w = json_escape_one(w, &p, end, invalid);
		if (!w)
			return NULL;
	}
	return w;
}
