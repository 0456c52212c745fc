/* SPDX-License-Identifier: MIT */
/* What every version of json_escape() is made of: its type, the word-at-a-time
 * test, and the portable version, which needs no vector instructions. */
#ifndef BASE_JSON_ESCAPE_H
#define BASE_JSON_ESCAPE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum json_invalid {
	JSON_REPLACE, /* each byte that is not UTF-8 becomes U+FFFD */
	JSON_REFUSE,  /* NULL is returned */
};

/* Copies n bytes to w, escaped for use between quotes, and returns the end of
 * what was written. */
typedef uint8_t *json_escape_fn(uint8_t *w, const uint8_t *p, size_t n,
				enum json_invalid invalid);

static inline uint64_t json_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* Non-zero if one of 8 bytes is not plain: < 0x20, > 0x7f, '"' or '\\'. The
 * usual zero-in-word tests; false alarms cost time only. */
static inline uint64_t json_not_plain(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101ull, high = ones << 7;
	uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');

	return ((v - ones * 0x20) | v | (quote - ones) | (slash - ones)) & high;
}

json_escape_fn json_escape_portable;

/* Writes the character at *at if it is ASCII, else the whole run of non-ASCII
 * bytes that starts there, and advances *at. Returns the end of the output, or
 * NULL at invalid UTF-8 under JSON_REFUSE. */
uint8_t *json_escape_one(uint8_t *w, const uint8_t **at, const uint8_t *end,
			 enum json_invalid invalid);

#endif
