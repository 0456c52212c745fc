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
#include "trace/mask_user_info.h"

/* The end of the string at p, which is a quotation mark preceded by
 * this number of backslashes: the next one preceded by at most as many. Three in a row delimit
 * a block (GraphQL). */
static const uint8_t *quoted_end(const uint8_t *p, const uint8_t *end,
				 size_t slashes)
{
	const uint8_t quote = *p;
	bool block = !slashes && end - p > 5 && p[1] == quote && p[2] == quote;
	size_t run = 0;

	for (p += block ? 3 : 1; p < end; p++) {
		if (*p == '\\') {
			run++;
			continue;
		}
		if (*p == quote && run <= slashes &&
		    (!block ||
		     (end - p >= 3 && p[1] == quote && p[2] == quote)))
			return p + (block ? 2 : 0) - run;
		run = 0;
	}
	return end;
}

/* Does the line contain a name, so that it does not continue a value? */
static bool line_has_name(const uint8_t *p, const uint8_t *end)
{
	for (; p < end && *p != '\n'; p++)
		if (*p == '=' || *p == ':' || *p == '&')
			return true;
	return false;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of the entity at p, of at most 10 bytes; 0: there is none. */
static size_t entity_len(const uint8_t *p, const uint8_t *end)
{
	size_t n = 1;

	while (p + n < end && n < 9 &&
	       (p[n] == '#' || (p[n] >= '0' && p[n] <= '9') ||
		((p[n] | 0x20) >= 'a' && (p[n] | 0x20) <= 'z')))
		n++;
	return *p == '&' && n > 2 && p + n < end && p[n] == ';' ? n + 1 : 0;
}

/* The end of the value at p, which is in quotation marks that are entities, or NULL:
 * it is not. */
static const uint8_t *entity_quoted_end(const uint8_t *p, const uint8_t *end)
{
	static const char *const quotes[] = {"&quot;",	   "&#34;",    "&#x22;",
					     "&apos;",	   "&#39;",    "&#x27;",
					     "&amp;quot;", "&amp;#34;"};
	const uint8_t *close;
	size_t i, n;

	for (i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		n = strlen(quotes[i]);
		if ((size_t)(end - p) < n || memcmp(p, quotes[i], n) != 0)
			continue;
		close = memmem(p + n, (size_t)(end - p) - n, quotes[i], n);
		return close ? close + n : end;
	}
	return NULL;
}

/* The position after a section of CDATA or a comment at p, in which tags are text;
 * p if there is none. */
static const uint8_t *skip_section(const uint8_t *p, const uint8_t *end)
{
	static const char *const marks[][2] = {{"<![CDATA[", "]]>"},
					       {"<!--", "-->"}};

	for (unsigned int i = 0; i < 2; i++) {
		const size_t n = strlen(marks[i][0]);
		const uint8_t *close;

		if ((size_t)(end - p) < n || memcmp(p, marks[i][0], n) != 0)
			continue;
		close = memmem(p + n, (size_t)(end - p) - n, marks[i][1], 3);
		return close ? close + 3 : end;
	}
	return p;
}

/* Is the name at p, of a tag, secret? A prefix may precede it. */
static bool is_secret_tag(const struct mask_names *m, const uint8_t *p,
			  const uint8_t *end)
{
	const uint8_t *name = p, *q = p;

	for (; q < end && q - p<2 * MASK_NAME_MAX && * q> ' ' &&
	       !strchr("<>/=\"'", *q);
	     q++)
		if (*q == ':' || *q == '.')
			name = q + 1;
	return mask_names_match(m, p, (size_t)(q - p)) ||
	       mask_names_match(m, name, (size_t)(q - name));
}

/* The end of the content of an element: before the end-tag of a secret name. What has
 * none is masked up to the end. */
static const uint8_t *element_end(const struct mask_names *m, const uint8_t *p,
				  const uint8_t *end)
{
	const uint8_t *close = p, *after;
	size_t depth = 0;

	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		after = skip_section(p, end);
		if (after != p) {
			p = after;
			continue;
		}
		/* Looked for once, which bounds the work. */
		if (close < p)
			close = memchr(p, '>', (size_t)(end - p)) ?: end;
		if (end - p > 2 && p[1] == '/') {
			if (is_secret_tag(m, p + 2, end) && !depth--)
				return p;
		} else if (is_secret_tag(m, p + 1, end)) {
			depth += close[-1] != '/';
		}
		p++;
	}
	return end;
}

/* The end of the content of an element that an attribute names: the next tag; of
 * children, the end of the first. */
static const uint8_t *content_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *tag = memchr(p, '<', (size_t)(end - p)), *q;

	for (q = p; tag && q < tag && is_blank(*q); q++)
		;
	if (!tag)
		return end;
	if (q < tag)
		return tag;
	for (; (tag = memchr(tag, '<', (size_t)(end - tag))); tag++)
		if (end - tag > 1 && tag[1] == '/')
			return tag;
	return end;
}

/* May text contain encoded tags? */
static bool is_encoded(const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++)
		if (*p == '&' || *p == '%' || *p == '\\')
			return true;
	return false;
}

/* Sets *from to the content of the element after the end-tag at p, or to its
 * attributes. Returns the end of what may be the secret: of the text, if the tags
 * are encoded. */
static const uint8_t *sibling_end(const uint8_t *p, const uint8_t *end,
				  const uint8_t **from)
{
	const uint8_t *tag = memchr(p, '>', (size_t)(end - p)), *q, *close;
	uint8_t mark[MASK_NAME_MAX + 2] = "</";
	size_t n = 0;

	if (!tag || p[-1] != '<' || *p != '/' || is_encoded(p, tag))
		return end;
	*from = ++tag;
	while (tag < end && is_blank(*tag))
		tag++;
	if (tag == end || *tag != '<') {
		q = memchr(tag, '<', (size_t)(end - tag));
		return q && !is_encoded(tag, q) ? q : end;
	}
	if (end - tag > 1 && tag[1] == '/')
		return tag;
	for (q = ++tag; q<end && * q> ' ' && *q != '>' && *q != '/'; q++)
		n++;
	*from = q;
	close = memchr(q, '>', (size_t)(end - q));
	if (!close || n > MASK_NAME_MAX)
		return close ? content_end(close + 1, end) : end;
	if (close[-1] == '/')
		return close;
	if (!memchr(q, '=', (size_t)(close - q)))
		*from = close + 1;
	memcpy(mark + 2, tag, n);
	q = memmem(close, (size_t)(end - close), mark, n + 2);
	return q ? q : end;
}

/* Does the '&' at p begin another pair, "&name="? Else it is part of the value, or of an
 * entity that is encoded itself. */
static bool is_pair_at(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p + 1;

	if (end - q > MASK_NAME_MAX)
		end = q + MASK_NAME_MAX;
	while (q<end && * q> ' ' && !strchr("=&;#\\\"'<>", *q))
		q++;
	return q < end && *q == '=' && q > p + 1;
}

/* The end of a value without quotation marks. */
static const uint8_t *bare_end(const uint8_t *p, const uint8_t *end,
			       enum mask_hit hit)
{
	size_t n;

	for (; p < end; p++) {
		n = *p == '&' ? entity_len(p, end) : 0;
		if (n) {
			p += n - 1;
			continue;
		}
		if (*p == '&' && is_pair_at(p, end))
			return p;
		if (hit == MASK_MEMBER && (*p == ',' || *p == '}' || *p == ']'))
			return p;
		if (*p == '\n' && line_has_name(p + 1, end))
			return p;
	}
	return end;
}

/* The position after line ends and tabs that are escaped, as in a string, if a quotation
 * mark or bracket follows them; else p, as they may be part of a value. */
static const uint8_t *skip_escaped(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p, *start = p;

	while (q < end && (*q == '\\' || is_blank(*q))) {
		while (q < end && is_blank(*q))
			q++;
		for (start = q; q < end && *q == '\\'; q++)
			;
		if (q == end || q == start || !strchr("nrt", *q))
			break;
		start = ++q;
	}
	return q < end && *q && strchr("\"'`{[", *q) ? start : p;
}

/* Sets *from to the start of the value at p, after a quotation mark. Returns its
 * end. */
static const uint8_t *value_bounds(const uint8_t *p, const uint8_t *end,
				   enum mask_hit hit, const uint8_t **from)
{
	const uint8_t *q = p, *close;
	size_t slashes = 0;

	/* After '=', a line end is the end of an empty value. */
	while (q < end && is_blank(*q) && (hit != MASK_EQUALS || *q != '\n'))
		q++;
	q = skip_escaped(q, end);
	for (; q < end && *q == '\\'; q++)
		slashes++;
	*from = q - slashes;
	if (q < end && (*q == '"' || *q == '\'' || *q == '`')) {
		*from = q + 1;
		return quoted_end(q, end, slashes);
	}
	if (q < end && (*q == '{' || *q == '[') && !slashes)
		return mask_json_value_end(q, end);
	*from = q - slashes;
	close = entity_quoted_end(*from, end);
	return close ? close : bare_end(*from, end, hit);
}

/* The position after the separator at p, which a string ends before, or NULL: the
 * string was a name, as the value before it is missing. */
static const uint8_t *after_separator(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == '\\' || *p == '"' || *p == '\'' || *p == '`' ||
			   is_blank(*p)))
		p++;
	return p < end && (*p == ':' || *p == '=') ? p + 1 : NULL;
}

/* The end of the value of PHP's serialize() at p: of s:3:"abc"; by its length, of a
 * number before ';', of an array or object unknown. */
static const uint8_t *serial_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p + 2, *close;
	size_t n = 0;

	if (end - p < 2 || !strchr("sidbrR", *p))
		return end;
	close = memchr(q, ';', (size_t)(end - q));
	if (*p != 's')
		return close ? close : end;
	for (; q < end && *q >= '0' && *q <= '9' && n < SIZE_MAX / 16; q++)
		n = n * 10 + (size_t)(*q - '0');
	if (end - q < 4 || q[0] != ':' || q[1] != '"' ||
	    n > (size_t)(end - q) - 4 || q[2 + n] != '"' || q[3 + n] != ';')
		return end;
	return q + 3 + n;
}

/* The end of the secret that a scan of the text at p has found. May move its start
 * beyond a quotation mark. */
static const uint8_t *secret_end(const struct mask_names *m, enum mask_hit hit,
				 const uint8_t **from, const uint8_t *found,
				 const uint8_t *end)
{
	const uint8_t *to, *value, *start;

	switch (hit) {
	case MASK_PART:
	case MASK_REST:
		return end;
	case MASK_ELEMENT:
		return element_end(m, *from, end);
	case MASK_CONTENT:
		return content_end(*from, end);
	case MASK_SIBLING:
		return sibling_end(*from, end, from);
	case MASK_SERIAL:
		return serial_end(*from, end);
	case MASK_USER_INFO:
	case MASK_AUTHORITY:
		to = mask_user_info_end(*from, end);
		return to && to > found ? to : found;
	default:
		to = value_bounds(*from, end, hit, from);
		while ((value = after_separator(to, end)))
			to = value_bounds(value, end, hit, &start);
		return to;
	}
}

static void mask_place(const struct mask_names *m, enum mask_place place,
		       const uint8_t *p, size_t n, mask_put put, void *ctx)
{
	const uint8_t *end = p + n, *from, *to;
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
		to = secret_end(m, hit, &from, p + last, end);
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
