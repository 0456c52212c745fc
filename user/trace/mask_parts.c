/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data (RFC 7578) and other multipart types. Splits the body by
 * its own first line instead of the boundary parameter, as that may be missing.
 */
#include <string.h>

#include "trace/mask_json.h"
#include "trace/mask_parts.h"

/* The delimiter of the parts: the first line of the body. false: not a
 * delimiter. */
static bool find_delimiter(const uint8_t *p, size_t n,
			   const uint8_t **delimiter, size_t *len)
{
	const uint8_t *newline = memchr(p, '\n', n);
	size_t line = newline ? (size_t)(newline - p) : n;

	if (line && p[line - 1] == '\r')
		line--;
	*delimiter = p;
	*len = line;
	return line > 2 && p[0] == '-' && p[1] == '-';
}

/* The position after the empty line that ends the fields of a part, or end. p is
 * in the line of the delimiter. */
static const uint8_t *skip_part_head(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *newline = memchr(p, '\n', (size_t)(end - p));

	while (newline) {
		p = newline + 1;
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == p || (newline == p + 1 && *p == '\r'))
			return newline + 1;
	}
	return end;
}

/* The next delimiter at the start of a line, or end. */
static const uint8_t *next_delimiter(const uint8_t *p, const uint8_t *end,
				     const uint8_t *delimiter, size_t len)
{
	const uint8_t *next;

	while ((next = memmem(p, (size_t)(end - p), delimiter, len))) {
		if (next[-1] == '\n')
			return next;
		p = next + 1;
	}
	return end;
}

/* Is the name="..." parameter in the head of a part one of the names? */
static bool part_matches(const struct mask_names *m, const uint8_t *p,
			 const uint8_t *end)
{
	static const char parameter[] = "name=";
	const size_t n = sizeof(parameter) - 1;
	const uint8_t *start = p, *value;

	for (; (size_t)(end - p) > n; p++) {
		if (strncasecmp((const char *)p, parameter, n) != 0 ||
		    (p > start && ((p[-1] | 0x20) >= 'a' || p[-1] == '*')))
			continue;
		value = p += n;
		if (*value == '"') {
			p = value + 1;
			while (p < end && *p != '"' && *p != '\n')
				p += *p == '\\' && p + 1 < end ? 2 : 1;
			p = p < end ? p : end;
			value++;
		} else {
			while (p<end && * p> ' ' && *p != ';')
				p++;
		}
		return mask_field_match(m, value, (size_t)(p - value));
	}
	return false;
}

/* The end of the content of a part: before the line end that precedes the
 * delimiter at next and belongs to it. */
static const uint8_t *part_end(const uint8_t *start, const uint8_t *next,
			       const uint8_t *end)
{
	const uint8_t *p = next;

	if (p < end && p > start && p[-1] == '\n')
		p--;
	if (p < next && p > start && p[-1] == '\r')
		p--;
	return p;
}

void mask_multipart(const struct mask_names *m, const uint8_t *p, size_t n,
		    mask_put put, void *ctx)
{
	const uint8_t *end = p + n, *copied = p, *head, *next, *delimiter;
	const uint8_t *stop;
	size_t len;

	if (!find_delimiter(p, n, &delimiter, &len)) {
		/* The parts cannot be separated. */
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		return;
	}
	while (p < end) {
		head = p + len < end ? p + len : end;
		p = skip_part_head(head, end);
		next = next_delimiter(p, end, delimiter, len);
		stop = part_end(p, next, end);
		if (part_matches(m, head, p)) {
			put(ctx, copied, (size_t)(p - copied));
			put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
			copied = stop;
		} else if (mask_looks_like_json(p, (size_t)(stop - p))) {
			put(ctx, copied, (size_t)(p - copied));
			mask_json(m, p, (size_t)(stop - p), false, put, ctx);
			copied = stop;
		}
		p = next;
	}
	put(ctx, copied, (size_t)(end - copied));
}
