/* SPDX-License-Identifier: MIT */
/* What every version of json_escape() is made of: its type, the word-at-a-time
 * test, and the portable version, which needs no vector instructions. */
#ifndef BASE_JSON_ESCAPE_H
#define BASE_JSON_ESCAPE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What json_escape() does with invalid UTF-8. */
enum json_invalid {
	JSON_REPLACE, /* replaces each invalid byte by U+FFFD */
	JSON_REJECT,  /* returns NULL */
};

/* Copies n bytes to w, escaped for use between quotes, and returns the end of
 * the output. */
typedef uint8_t *json_escape_fn(uint8_t *w, const uint8_t *p, size_t n,
				enum json_invalid invalid);

static inline uint64_t json_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* Non-zero if one of the 8 bytes is not plain, that is < 0x20, > 0x7e, '"' or
 * '\\'. Classic zero-byte tests, whose false positives only cost time: v + ones
 * sets the high bit of 0x7f, and may carry only out of a byte > 0x7f. */
static inline uint64_t json_not_plain(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101ull, high = ones << 7;
	uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');

	return ((v - ones * 0x20) | v | (v + ones) | (quote - ones) |
		(slash - ones)) &
	       high;
}

uint8_t *json_escape_portable(uint8_t *w, const uint8_t *p, size_t n,
			      enum json_invalid invalid);

/* Writes the character at *at, or the whole run that starts there of control
 * characters or of non-ASCII bytes, and advances *at. Returns the end of the
 * output, or NULL at invalid UTF-8 under JSON_REJECT. */
uint8_t *json_escape_one(uint8_t *w, const uint8_t **at, const uint8_t *end,
			 enum json_invalid invalid);

#endif
