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

static inline bool span_is(const struct http_span *s, const char *lower_case)
{
	return s->len == strlen(lower_case) &&
	       !strncasecmp((const char *)s->p, lower_case, s->len);
}

#endif
