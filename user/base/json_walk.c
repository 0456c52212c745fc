/* SPDX-License-Identifier: MIT */
/*
 * Skips values instead of parsing them: strings by searching for quotes, objects
 * and arrays by counting brackets.
 */
#include <string.h>

#include "base/parse.h"
#include "base/json_walk.h"

static const uint8_t *skip_space(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* The end of the string that starts at p, or NULL. */
static const uint8_t *skip_string(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *quote, *slash;

	for (p++; p < end; p = quote + 1) {
		quote = memchr(p, '"', (size_t)(end - p));
		if (!quote)
			return NULL;
		for (slash = quote; slash > p && slash[-1] == '\\'; slash--)
			;
		/* An even number of backslashes does not escape the quote.
		 * Those before p belong to earlier, escaped quotes. */
		if (!((quote - slash) & 1))
			return quote + 1;
	}
	return NULL;
}

/* The end of the value that starts at p, or NULL. */
static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end)
{
	size_t depth = 0;

	while (p < end) {
		const uint8_t c = *p;

		if (c == '"') {
			p = skip_string(p, end);
			if (!p)
				return NULL;
		} else {
			if (!depth && (c == ',' || c == '}' || c == ']'))
				return p;
			p++;
			depth += c == '{' || c == '[';
			depth -= c == '}' || c == ']';
			if (c != '}' && c != ']')
				continue; /* within a number or literal */
		}
		if (!depth)
			return p;
	}
	return depth ? NULL : p;
}

bool json_enter(struct json_walk *w, struct json_text t)
{
	const uint8_t *end, *p;

	if (!t.n)
		return false; /* it may have no address */
	end = t.p + t.n;
	p = skip_space(t.p, end);
	if (p == end || (*p != '{' && *p != '['))
		return false;
	*w = (struct json_walk){p + 1, end, *p == '{'};
	return true;
}

bool json_step(struct json_walk *w, struct json_text *name,
	       struct json_text *value)
{
	const uint8_t *p = skip_space(w->p, w->end), *after;

	*name = (struct json_text){p, 0};
	if (p < w->end && *p == ',')
		p = skip_space(p + 1, w->end);
	if (p == w->end || *p == '}' || *p == ']')
		return false;
	if (w->object) {
		if (*p != '"' || !(after = skip_string(p, w->end)))
			return false;
		*name = (struct json_text){p + 1, (size_t)(after - p) - 2};
		p = skip_space(after, w->end);
		if (p == w->end || *p != ':')
			return false;
		p = skip_space(p + 1, w->end);
	}
	after = skip_value(p, w->end);
	if (!after || after == p)
		return false;
	*value = (struct json_text){p, (size_t)(after - p)};
	w->p = after;
	return true;
}

bool json_member(struct json_text object, const char *name,
		 struct json_text *value)
{
	struct json_text found;
	struct json_walk w;
	size_t n = strlen(name);

	if (!json_enter(&w, object) || !w.object)
		return false;
	while (json_step(&w, &found, value))
		if (found.n == n && !memcmp(found.p, name, n))
			return true;
	return false;
}

bool json_string(struct json_text value, struct json_text *content)
{
	if (value.n < 2 || value.p[0] != '"' || value.p[value.n - 1] != '"')
		return false;
	*content = (struct json_text){value.p + 1, value.n - 2};
	return true;
}

/* The length of the character or escape at p. */
static size_t char_length(const uint8_t *p)
{
	if (*p == '\\')
		return p[1] == 'u' ? 6 : 2;
	return *p < 0xc0 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
}

bool json_string_member(struct json_text object, const char *name,
			struct json_text *content)
{
	struct json_text value;

	return json_member(object, name, &value) && json_string(value, content);
}

unsigned int json_members(struct json_text object, const struct json_want *w,
			  unsigned int n)
{
	struct json_text name, value;
	unsigned int found = 0, i;
	struct json_walk walk;

	if (!json_enter(&walk, object) || !walk.object)
		return 0;
	while (found < n && json_step(&walk, &name, &value))
		for (i = 0; i < n; i++)
			if (!w[i].to->p && name.n == strlen(w[i].name) &&
			    !memcmp(name.p, w[i].name, name.n)) {
				*w[i].to = value;
				found++;
				break;
			}
	return found;
}

size_t json_cut(struct json_text content, size_t max)
{
	size_t at = 0, n;

	if (content.n <= max)
		return content.n;
	for (;;) {
		/* p[1] exists: at least the closing quote follows. */
		n = char_length(content.p + at);
		if (at + n > max)
			return at;
		at += n;
	}
}

int json_next_char(struct json_text *content)
{
	static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const uint8_t *p = content->p;
	const char *e;
	int v = 0, digit;

	if (!content->n)
		return -1;
	if (*p != '\\' || content->n < 2) {
		content->p++;
		content->n--;
		return *p;
	}
	if (p[1] == 'u' && content->n >= 6) {
		for (int i = 2; i < 6; i++) {
			digit = parse_hex_digit(p[i]);
			v = v << 4 | (digit < 0 ? 0 : digit);
		}
		content->p += 6;
		content->n -= 6;
		return v;
	}
	content->p += 2;
	content->n -= 2;
	e = p[1] ? strchr(escapes, p[1]) : NULL;
	return e ? means[e - escapes] : p[1];
}
