/* SPDX-License-Identifier: MIT */
/* Comparisons that ignore the case of ASCII letters. */
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
