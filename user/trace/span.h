/* SPDX-License-Identifier: MIT */
/* Comparisons that ignore the case of ASCII letters, and blanks. */
#ifndef TRACE_SPAN_H
#define TRACE_SPAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "http/transaction.h"

static inline uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static inline bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of the character at p if some parser takes it for a blank or ignores it
 * (GraphQL, JavaScript), though it is not ASCII; else 0. */
static inline size_t span_wide_blank(const uint8_t *p, size_t n)
{
	/* All of U+2000 to U+206F: also invisible characters and line ends. */
	static const char marks[][4] = {"\xef\xbb\xbf", "\xe2\x80", "\xe2\x81",
					"\xe3\x80\x80", "\xe1\x9a\x80"};

	if (!n || *p < 0xc2)
		return 0;
	if (*p == 0xc2)
		return n > 1 && (p[1] == 0xa0 || p[1] == 0x85) ? 2 : 0;
	for (unsigned int i = 0; n > 2 && i < 5; i++)
		if (!memcmp(p, marks[i], strlen(marks[i])))
			return 3;
	return 0;
}

/* Is text, of the length of lower_case, equal to it? */
static inline bool text_is(const void *text, const char *lower_case, size_t n)
{
	return !strncasecmp(text, lower_case, n);
}

static inline bool span_is(const struct http_span *s, const char *lower_case)
{
	return s->len == strlen(lower_case) &&
	       text_is(s->p, lower_case, s->len);
}

#endif
