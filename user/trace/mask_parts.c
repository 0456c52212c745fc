/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data (RFC 7578) and other multipart types. Splits the body by
 * its own first line instead of the boundary parameter, as that may be missing.
 */
#include <string.h>

#include "trace/mask_parts.h"
#include "trace/mask_scan.h"
#include "trace/mask_text.h"
#include "trace/mask_transfer.h"

/* A boundary has at most 70 characters (RFC 2046 section 5.1.1). More of the line
 * is not compared, which bounds the work per byte. */
#define DELIMITER_MAX 72

/* Finds the delimiter of the parts: the first line that begins with "--", after a
 * preamble. If the preamble contains such a line, all that follows is one part,
 * whose content is examined. NULL: none. */
static const uint8_t *find_delimiter(const uint8_t *p, const uint8_t *end,
				     size_t *len)
{
	const uint8_t *newline;

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			newline = end;
		*len = (size_t)(newline - p);
		if (*len && p[*len - 1] == '\r')
			--*len;
		while (*len > 2 && (p[*len - 1] == ' ' || p[*len - 1] == '\t'))
			--*len;
		if (*len > DELIMITER_MAX)
			*len = DELIMITER_MAX;
		if (*len > 2 && p[0] == '-' && p[1] == '-')
			return p;
		if (newline == end)
			break;
	}
	return NULL;
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
		p = next + len;
	}
	return end;
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

/* Masks the content of a part whose head has no name parameter that is secret. */
static void put_content(const struct mask_names *m, const uint8_t *head,
			const uint8_t *p, const uint8_t *end, mask_put put,
			void *ctx)
{
	const size_t n = (size_t)(end - p);

	if (mask_is_transfer(head, (size_t)(p - head)) &&
	    mask_transfer_has_secret(m, p, n))
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
	else if (mask_is_wide(p, n) || mask_has_nul(p, n))
		mask_recoded(m, p, n, put, ctx);
	else
		mask_text(m, p, n, put, ctx);
}

void mask_multipart(const struct mask_names *m, const uint8_t *p, size_t n,
		    mask_put put, void *ctx)
{
	const uint8_t *end = p + n, *copied, *head, *next, *delimiter, *stop;
	size_t len;

	delimiter = find_delimiter(p, end, &len);
	if (!delimiter) {
		/* The parts cannot be separated. */
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		return;
	}
	mask_text(m, p, (size_t)(delimiter - p), put, ctx);
	for (copied = p = delimiter; p < end; p = next) {
		head = p + len < end ? p + len : end;
		p = skip_part_head(head, end);
		next = next_delimiter(p, end, delimiter, len);
		stop = part_end(p, next, end);
		put(ctx, copied, (size_t)(head - copied));
		mask_head(m, head, (size_t)(p - head), put, ctx);
		copied = stop;
		if (mask_head_has_name(m, head, (size_t)(p - head)))
			put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		else
			put_content(m, head, p, stop, put, ctx);
	}
	put(ctx, copied, (size_t)(end - copied));
}
