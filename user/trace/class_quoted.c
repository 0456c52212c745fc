/* SPDX-License-Identifier: MIT */
/*
 * Whether a text is quoted-printable is not decided, as other parts of it are not:
 * class_mask.c looks for values in both readings. The line breaks may be escaped, as a
 * message may be in a string.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/class_quoted.h"
#include "trace/span.h"

/* Blanks and backslashes in a line break. */
#define BREAK_MAX 24

bool class_names_quoted(const uint8_t *p, size_t n)
{
	static const char name[] = "quoted-printable";
	const size_t hyphen = 6, len = sizeof(name) - 1;
	const uint8_t *start = p, *end = p + n;

	for (; p < end && (p = memchr(p, '-', (size_t)(end - p))); p++)
		if ((size_t)(p - start) >= hyphen &&
		    (size_t)(end - p) >= len - hyphen &&
		    text_is(p - hyphen, name, len))
			return true;
	return false;
}

/* The end of the line end at i, or of a part of it, which may be escaped; i: none. */
static size_t skip_end(const uint8_t *p, size_t n, size_t i, uint8_t raw,
		       uint8_t letter)
{
	size_t k = i;

	if (i < n && p[i] == raw)
		return i + 1;
	while (k < n && k - i < BREAK_MAX && p[k] == '\\')
		k++;
	return k > i && k < n && p[k] == letter ? k + 1 : i;
}

enum class_quoted class_quoted_at(const uint8_t *p, size_t n, size_t i,
				  uint8_t *byte, size_t *to)
{
	const int hi = n - i > 2 ? parse_hex_digit(p[i + 1]) : -1;
	const int lo = hi < 0 ? -1 : parse_hex_digit(p[i + 2]);
	size_t k = i + 1, end;

	if (lo >= 0) {
		*byte = (uint8_t)(hi << 4 | lo);
		*to = i + 3;
		return QUOTED_BYTE;
	}
	while (k < n && k - i < BREAK_MAX && (p[k] == ' ' || p[k] == '\t'))
		k++;
	k = skip_end(p, n, k, '\r', 'r');
	end = skip_end(p, n, k, '\n', 'n');
	if (end == k)
		return QUOTED_NONE;
	*to = end;
	return QUOTED_BREAK;
}
