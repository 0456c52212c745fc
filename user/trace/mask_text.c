/* SPDX-License-Identifier: MIT */
/*
 * Masks text in which names and values can be recognised but not parsed: JSON
 * after a prefix, script, GraphQL, logs. When the end of a value is uncertain,
 * more is masked. Text that must be recoded to be examined is masked as a whole,
 * as positions in it have no counterpart in the original.
 */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/mask_json.h"
#include "trace/mask_scan.h"
#include "trace/mask_table.h"
#include "trace/mask_text.h"
#include "trace/mask_transfer.h"
#include "trace/mask_value.h"

static void mask_place(const struct mask_names *m, enum mask_place place,
		       const uint8_t *p, size_t n, mask_put put, void *ctx)
{
	const uint8_t *const text = p, *const end = p + n;
	const uint8_t *from, *to;
	enum mask_hit hit;
	size_t first, last;

	while (p < end) {
		hit = mask_scan(m, place, p, (size_t)(end - p), &first, &last);
		if (!hit)
			break;
		from = p + first;
		if (hit == MASK_COLUMN) {
			put(ctx, p, last);
			mask_table(m, from, p + last, end, put, ctx);
			return;
		}
		to = mask_value_end(m, hit, text, &from, p + last, end);
		put(ctx, p, (size_t)(from - p));
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		p = to;
	}
	put(ctx, p, (size_t)(end - p));
}

void mask_text(const struct mask_names *m, const uint8_t *p, size_t n,
	       mask_put put, void *ctx)
{
	mask_place(m, MASK_IN_BODY, p, n, put, ctx);
}

void mask_head(const struct mask_names *m, const uint8_t *p, size_t n,
	       mask_put put, void *ctx)
{
	mask_place(m, MASK_IN_HEAD, p, n, put, ctx);
}

/* --- other encodings ------------------------------------------------------ */

bool mask_is_wide(const uint8_t *p, size_t n)
{
	if (n < 2)
		return false;
	if ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff))
		return true;
	return !p[0] || !p[1];
}

/* Copies UTF-16 or UTF-32 as UTF-8; surrogates one by one, as no name that could
 * match contains them. The text has room for twice n. */
static size_t narrow(uint8_t *to, const uint8_t *p, size_t n)
{
	uint8_t *start = to;
	bool little = p[0] == 0xff || (p[0] && !p[1]);
	size_t width, i;
	unsigned int c;

	/* UTF-32 has two zeros in each of its first characters. */
	width = n >= 8 && ((!p[0] && !p[1]) || (!p[2] && !p[3])) ? 4 : 2;
	for (i = 0; i + width <= n; i += width) {
		const uint8_t *at = p + i + (!little && width == 4 ? 2 : 0);

		c = little ? at[0] | (unsigned int)at[1] << 8
			   : at[1] | (unsigned int)at[0] << 8;
		if (c != 0xfeff)
			to = mask_put_utf8(to, c);
	}
	return (size_t)(to - start);
}

/* The position after "<hex>;chunk-signature=...\r\n", and its size. NULL: not
 * that. */
static const uint8_t *chunk_head(const uint8_t *p, const uint8_t *end,
				 size_t *size)
{
	static const char extension[] = ";chunk-signature=";
	const size_t n = sizeof(extension) - 1;
	unsigned int digits = 0;
	int digit;

	*size = 0;
	for (; p < end && digits < 8; p++, digits++) {
		digit = parse_hex_digit(*p);
		if (digit < 0)
			break;
		*size = *size << 4 | (unsigned int)digit;
	}
	if (!digits)
		return NULL;
	if ((size_t)(end - p) >= n && !memcmp(p, extension, n)) {
		p = memchr(p, '\n', (size_t)(end - p));
		return p ? p + 1 : end;
	}
	/* Without a signature (STREAMING-UNSIGNED-PAYLOAD-TRAILER). */
	return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

bool mask_is_aws_chunked(const uint8_t *p, size_t n)
{
	size_t size;

	return chunk_head(p, p + n, &size) != NULL;
}

static size_t join_chunks(uint8_t *to, const uint8_t *p, const uint8_t *end)
{
	uint8_t *start = to;
	const uint8_t *next;
	size_t size;

	while ((next = chunk_head(p, end, &size)) && size) {
		p = next;
		if (size > (size_t)(end - p))
			size = (size_t)(end - p);
		memcpy(to, p, size);
		to += size;
		p += size;
		while (p < end && (*p == '\r' || *p == '\n'))
			p++;
	}
	/* Trailers, or what is not a chunk. A head was omitted if there is a chunk,
	 * so there is room. */
	if (to != start)
		*to++ = '\n';
	memcpy(to, p, (size_t)(end - p));
	return (size_t)(to - start) + (size_t)(end - p);
}

uint8_t *mask_joined(const uint8_t *p, size_t n, size_t *len)
{
	uint8_t *copy = malloc(n + 1);

	if (copy)
		*len = join_chunks(copy, p, p + n);
	return copy;
}

/* Copies all bytes but NULs: UTF-16 and UTF-32 in either byte order, wherever in
 * the text it begins and after whatever characters. */
static size_t without_nuls(uint8_t *to, const uint8_t *p, size_t n)
{
	uint8_t *start = to;

	for (size_t i = 0; i < n; i++)
		if (p[i])
			*to++ = p[i];
	return (size_t)(to - start);
}

bool mask_has_nul(const uint8_t *p, size_t n)
{
	return n && memchr(p, 0, n);
}

/* Does text that is to be recoded contain a secret in any of its readings? The
 * copy has room for twice n. */
static bool recoded_has_secret(const struct mask_names *m, uint8_t *copy,
			       const uint8_t *p, size_t n)
{
	if (mask_has_secret(m, p, n))
		return true;
	if (mask_is_wide(p, n)) {
		if (mask_has_secret(m, copy, narrow(copy, p, n)))
			return true;
	} else if (mask_is_aws_chunked(p, n)) {
		if (mask_has_secret(m, copy, join_chunks(copy, p, p + n)))
			return true;
	}
	if (mask_has_nul(p, n) &&
	    mask_has_secret(m, copy, without_nuls(copy, p, n)))
		return true;
	return mask_transfer_has_secret(m, p, n);
}

void mask_recoded(const struct mask_names *m, const uint8_t *p, size_t n,
		  mask_put put, void *ctx)
{
	uint8_t *copy = malloc(2 * n + 4);

	/* Out of memory: it cannot be examined. */
	if (!copy || recoded_has_secret(m, copy, p, n))
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
	else
		put(ctx, p, n);
	free(copy);
}
