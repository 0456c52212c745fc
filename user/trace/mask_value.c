/* SPDX-License-Identifier: MIT */
/*
 * Formats disagree about where a value ends, and which one a text has is not known: when
 * the end is uncertain, more is masked. What only looks like a comment before the value
 * may be the value, so both are masked.
 */
#include <string.h>

#include "trace/mask_json.h"
#include "trace/mask_markup.h"
#include "trace/mask_user_info.h"
#include "trace/mask_value.h"
#include "trace/span.h"

/* The end of the string at p, which is a quotation mark preceded by
 * this number of backslashes: the next one preceded by at most as many. Three in a row delimit
 * a block (GraphQL), two in a string stand for one (YAML, SQL). */
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
		if (*p == quote && !run && !slashes && !block && end - p > 1 &&
		    p[1] == quote)
			p++;
		else if (*p == quote && run <= slashes &&
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

	while (q < end && (*q == '\\' || is_white(*q))) {
		while (q < end && is_white(*q))
			q++;
		for (start = q; q < end && *q == '\\'; q++)
			;
		if (q == end || q == start || !strchr("nrt", *q))
			break;
		start = ++q;
	}
	return q < end && *q && strchr("\"'`{[", *q) ? start : p;
}

/* --- comments ------------------------------------------------------------- */

/* Does a line end begin at p, perhaps escaped as in a string? Sets *to to its end. */
static bool is_line_end(const uint8_t *p, const uint8_t *end,
			const uint8_t **to)
{
	const uint8_t *q = p;

	while (q < end && *q == '\\')
		q++;
	if (q == end || !*q || !strchr(q > p ? "nr" : "\n\r", *q))
		return false;
	*to = q + 1;
	return true;
}

/* The end of the comment at p, which goes up to the end of its line; p: there is none. */
static const uint8_t *line_comment_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p, *to;

	if (*p != '#' && !(end - p > 1 && p[0] == '/' && p[1] == '/'))
		return p;
	for (; q < end; q++) {
		if (is_line_end(q, end, &to))
			return to;
		/* A run of backslashes is looked at once. */
		while (*q == '\\' && end - q > 1 && q[1] == '\\')
			q++;
	}
	return end;
}

static const uint8_t *block_comment_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *close;

	if (end - p < 2 || p[0] != '/' || p[1] != '*')
		return p;
	close = memmem(p + 2, (size_t)(end - p) - 2, "*/", 2);
	return close ? close + 2 : end;
}

/* Skips blanks, also beyond ASCII, commas (GraphQL) and escaped line ends. */
static const uint8_t *skip_ignored(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *to;
	size_t n;

	while (p < end) {
		n = is_white(*p) || *p == ','
			    ? 1
			    : span_wide_blank(p, (size_t)(end - p));
		if (n)
			p += n;
		else if (*p == '\\' && is_line_end(p, end, &to))
			p = to;
		else
			break;
	}
	return p;
}

static bool is_quote(uint8_t c)
{
	return c == '"' || c == '\'' || c == '`' || c == '\\';
}

static bool is_name_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80 ||
	       c == '-' || c == '_' || c == '.' || c == '$';
}

/* Is what begins at p, perhaps in quotation marks, a name before a separator? */
static bool is_name_at(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q;

	if (end - p > 2 * MASK_NAME_MAX)
		end = p + 2 * MASK_NAME_MAX;
	while (p < end && is_quote(*p))
		p++;
	for (q = p; q < end && is_name_byte(*q); q++)
		;
	if (q == p)
		return false;
	while (q < end && (is_white(*q) || is_quote(*q)))
		q++;
	return q < end && (*q == ':' || *q == '=');
}

/* The position after the comments at p, which is followed by the value; p if what looks
 * like one is the value, as a name is in the next line. */
static const uint8_t *skip_comments(const uint8_t *p, const uint8_t *end,
				    enum mask_hit hit)
{
	const uint8_t *q = p, *next;
	unsigned int lines = 0;

	for (; q < end; q = skip_ignored(next, end)) {
		next = block_comment_end(q, end);
		if (next != q) {
			lines = 2;
			continue;
		}
		next = line_comment_end(q, end);
		if (next == q)
			break;
		lines++;
	}
	/* Only after a single line, so that no text is read again and again. */
	if (lines == 1 && (is_name_at(q, end) ||
			   (hit == MASK_EQUALS && !(q < end && is_quote(*q)))))
		return p;
	return lines ? q : p;
}

/* --- indented blocks ------------------------------------------------------- */

/* The blanks before the name whose separator ends at p, unless its line is longer than
 * names are. */
static size_t indent_before(const uint8_t *text, const uint8_t *p)
{
	const uint8_t *q = p;
	size_t n = 0;

	while (q > text && p - q < 2 * MASK_NAME_MAX && q[-1] != '\n')
		q--;
	for (; q < p && (*q == ' ' || *q == '-'); q++)
		n++;
	return n;
}

/* The end of the lines at p that are indented by more than this; p: there are none. */
static const uint8_t *block_end(const uint8_t *p, const uint8_t *end,
				size_t indent)
{
	const uint8_t *last = p, *line;
	size_t n;

	for (; p < end; p = line + 1) {
		for (n = 0; p + n < end && p[n] == ' '; n++)
			;
		line = memchr(p, '\n', (size_t)(end - p));
		if (p + n < end && !is_white(p[n])) {
			if (n <= indent)
				break;
			last = line ? line : end;
		}
		if (!line)
			break;
	}
	return last;
}

/* The position of the value after the tags and anchors of YAML at p ("!!str", "&name"),
 * or of the line's end; p if what looks like one is the value. */
static const uint8_t *skip_properties(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p, *next;

	for (unsigned int i = 0; i < 2 && q < end && (*q == '!' || *q == '&');
	     i++) {
		const bool verbatim = end - q > 1 && q[1] == '<';

		for (next = q; next < end && !is_white(*next) &&
			       (verbatim || !strchr(",[]{}\"'", *next));
		     next++)
			;
		if (next == end || !is_white(*next))
			break;
		while (next < end && (*next == ' ' || *next == '\t'))
			next++;
		q = next;
	}
	return q;
}

/* Of YAML: the end of a value in the lines after that of its name, whose separator ends
 * at p; p: it is in the same line, or in quotation marks or brackets. */
static const uint8_t *lines_end(const uint8_t *text, const uint8_t *p,
				const uint8_t *end, enum mask_hit hit)
{
	const uint8_t *q = p, *first, *last;
	bool scalar;

	if (hit != MASK_COLON && hit != MASK_MEMBER)
		return p;
	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	q = skip_properties(q, end);
	/* The header of a block scalar: "|2-" */
	scalar = q < end && (*q == '|' || *q == '>');
	for (q += scalar; q < end && *q && strchr("0123456789+- \t\r", *q); q++)
		if (!scalar && !is_white(*q))
			return p;
	if (q == end || *q != '\n')
		return p;
	for (first = ++q; first < end && is_white(*first); first++)
		;
	if (!scalar && first < end && strchr("\"'`{[", *first) &&
	    !is_name_at(first, end))
		return p;
	last = block_end(q, end, indent_before(text, p));
	return last > q ? last : p;
}

/* --- values --------------------------------------------------------------- */

/* Sets *from to the start of the value at p, before which nothing else is, or after its
 * quotation mark. Returns its end. */
static const uint8_t *plain_bounds(const uint8_t *p, const uint8_t *end,
				   enum mask_hit hit, const uint8_t **from)
{
	const uint8_t *q = skip_escaped(p, end), *close;
	size_t slashes = 0;

	for (; q < end && *q == '\\'; q++)
		slashes++;
	*from = q - slashes;
	if (q < end && (*q == '"' || *q == '\'' || *q == '`')) {
		*from = q + 1;
		return quoted_end(q, end, slashes);
	}
	if (q < end && (*q == '{' || *q == '[') && !slashes)
		return mask_json_value_end(q, end);
	close = entity_quoted_end(*from, end);
	return close ? close : bare_end(*from, end, hit);
}

/* The position of the value in the line of its properties, or of a quoted or bracketed
 * one in a later line; p: there is none. */
static const uint8_t *after_properties(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = skip_properties(p, end), *value = q;

	if (q == p)
		return p;
	while (value < end && is_white(*value))
		value++;
	if (value == end)
		return p;
	if (value == q)
		return q;
	return strchr("\"'`{[", *value) && !is_name_at(value, end) ? value : p;
}

/* The same after the separator at p of a name in text. */
static const uint8_t *value_bounds(const uint8_t *text, const uint8_t *p,
				   const uint8_t *end, enum mask_hit hit,
				   const uint8_t **from)
{
	const uint8_t *const lines = lines_end(text, p, end, hit);
	const uint8_t *start, *to;

	/* After '=', a line end is the end of an empty value. */
	while (p < end && is_white(*p) && (hit != MASK_EQUALS || *p != '\n'))
		p++;
	start = p;
	p = skip_comments(p, end, hit);
	if (hit == MASK_COLON || hit == MASK_MEMBER)
		p = after_properties(p, end);
	to = plain_bounds(p, end, hit, from);
	if (p != start)
		*from = start;
	return to > lines ? to : lines;
}

/* The position after the separator at p, which a string ends before, or NULL: the
 * string was a name, as the value before it is missing. */
static const uint8_t *after_separator(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == '\\' || *p == '"' || *p == '\'' || *p == '`' ||
			   is_white(*p)))
		p++;
	return p < end && (*p == ':' || *p == '=') ? p + 1 : NULL;
}

/* The position after n bytes of a string of PHP at p; escaped: "\\xx" is one. NULL: it
 * is shorter. */
static const uint8_t *skip_serial(const uint8_t *p, const uint8_t *end,
				  size_t n, bool escaped)
{
	if (n > (size_t)(end - p))
		return NULL;
	if (!escaped)
		return p + n;
	for (; n && p < end; n--)
		p += *p == '\\' && end - p > 2 ? 3 : 1;
	return n ? NULL : p;
}

/* The end of the value of PHP's serialize() at p: of s:3:"abc"; by its length, of a
 * number before ';', of an array or object unknown. */
static const uint8_t *serial_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p + 2, *close;
	size_t n = 0;

	if (end - p < 2 || !strchr("sSidbrR", *p))
		return end;
	if (*p != 's' && *p != 'S') {
		close = memchr(q, ';', (size_t)(end - q));
		return close ? close : end;
	}
	for (; q < end && *q >= '0' && *q <= '9' && n < SIZE_MAX / 16; q++)
		n = n * 10 + (size_t)(*q - '0');
	if (end - q < 2 || q[0] != ':' || q[1] != '"')
		return end;
	q = skip_serial(q + 2, end, n, *p == 'S');
	return q && end - q >= 2 && q[0] == '"' && q[1] == ';' ? q + 1 : end;
}

const uint8_t *mask_value_end(const struct mask_names *m, enum mask_hit hit,
			      const uint8_t *text, const uint8_t **from,
			      const uint8_t *found, const uint8_t *end)
{
	const uint8_t *to, *value, *start;

	switch (hit) {
	case MASK_PART:
	case MASK_REST:
		return end;
	case MASK_ELEMENT:
		return mask_element_end(m, *from, end);
	case MASK_CONTENT:
		return mask_content_end(*from, end);
	case MASK_SIBLING:
		return mask_sibling_end(*from, end, from);
	case MASK_SERIAL:
		return serial_end(*from, end);
	case MASK_USER_INFO:
	case MASK_AUTHORITY:
		to = mask_user_info_end(*from, end);
		return to && to > found ? to : found;
	default:
		to = value_bounds(text, *from, end, hit, from);
		while ((value = after_separator(to, end)))
			to = value_bounds(text, value, end, hit, &start);
		return to;
	}
}
