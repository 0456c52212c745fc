/* SPDX-License-Identifier: MIT */
/*
 * XML and HTML are not parsed, only tags are found. What looks like an end-tag but may be
 * text to a parser (in a comment, a processing instruction, the value of an attribute)
 * ends nothing: more is masked.
 */
#include <string.h>

#include "trace/mask_markup.h"
#include "trace/span.h"

/* The position after a section of CDATA, a comment or a processing instruction at p, in
 * which tags are text; p if there is none. */
static const uint8_t *skip_section(const uint8_t *p, const uint8_t *end)
{
	static const char *const marks[][2] = {
		{"<![CDATA[", "]]>"}, {"<!--", "-->"}, {"<?", "?>"}};

	for (unsigned int i = 0; i < 3; i++) {
		const size_t n = strlen(marks[i][0]);
		const uint8_t *close;

		if ((size_t)(end - p) < n || memcmp(p, marks[i][0], n) != 0)
			continue;
		close = memmem(p + n, (size_t)(end - p) - n, marks[i][1],
			       strlen(marks[i][1]));
		return close ? close + strlen(marks[i][1]) : end;
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

/* Does the '<' at p begin a start-tag? */
static bool begins_tag(const uint8_t *p, const uint8_t *end)
{
	return end - p > 1 && (((p[1] | 0x20) >= 'a' && (p[1] | 0x20) <= 'z') ||
			       p[1] == '_' || p[1] >= 0x80);
}

/* The '>' that ends the tag at p, which is not in the quoted value of an attribute; or
 * end. */
static const uint8_t *tag_end(const uint8_t *p, const uint8_t *end)
{
	uint8_t quote = 0, last = 0;

	for (; p < end; p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '>')
			return p;
		else if ((*p == '"' || *p == '\'') && last == '=')
			quote = *p;
		if (!is_white(*p) && *p != '\\')
			last = *p;
	}
	return end;
}

const uint8_t *mask_element_end(const struct mask_names *m, const uint8_t *p,
				const uint8_t *end)
{
	const uint8_t *after;
	size_t depth = 0;

	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		after = skip_section(p, end);
		if (after != p) {
			p = after;
		} else if (end - p > 2 && p[1] == '/') {
			if (is_secret_tag(m, p + 2, end) && !depth--)
				return p;
			p++;
		} else if (begins_tag(p, end)) {
			after = tag_end(p, end);
			if (is_secret_tag(m, p + 1, end))
				depth += after[-1] != '/';
			p = after;
		} else {
			p++;
		}
	}
	return end;
}

const uint8_t *mask_content_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *tag = memchr(p, '<', (size_t)(end - p)), *q;

	for (q = p; tag && q < tag && is_white(*q); q++)
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

const uint8_t *mask_sibling_end(const uint8_t *p, const uint8_t *end,
				const uint8_t **from)
{
	const uint8_t *tag = memchr(p, '>', (size_t)(end - p)), *q, *close;
	uint8_t mark[MASK_NAME_MAX + 2] = "</";
	size_t n = 0;

	if (!tag || p[-1] != '<' || *p != '/' || is_encoded(p, tag))
		return end;
	*from = ++tag;
	while (tag < end && is_white(*tag))
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
		return close ? mask_content_end(close + 1, end) : end;
	if (close[-1] == '/')
		return close;
	if (!memchr(q, '=', (size_t)(close - q)))
		*from = close + 1;
	memcpy(mark + 2, tag, n);
	q = memmem(close, (size_t)(end - close), mark, n + 2);
	return q ? q : end;
}
