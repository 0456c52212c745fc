/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "report/mask.h"

struct name {
	uint8_t len;
	uint8_t first;	  /* lower case */
	const char *text; /* lower case, in names.text */
};

struct mask_names {
	uint64_t lengths[4]; /* bit n: there is a name of n bytes */
	unsigned int n;
	char *text;
	struct name name[];
};

static inline uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool add_name(struct mask_names *m, const char *s, char **text)
{
	size_t len = strlen(s), i;
	struct name *name = &m->name[m->n];

	if (!len || len > MASK_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		(*text)[i] = (char)lower((uint8_t)s[i]);
	*name = (struct name){(uint8_t)len, (uint8_t) * *text, *text};
	*text += len;
	m->lengths[len / 64] |= 1ull << (len % 64);
	m->n++;
	return true;
}

struct mask_names *mask_names_new(const char *const *a, unsigned int na,
				  const char *const *b, unsigned int nb)
{
	struct mask_names *m =
		calloc(1, sizeof(*m) + (na + nb) * sizeof(m->name[0]));
	size_t bytes = 1;
	unsigned int i;
	char *text;

	for (i = 0; i < na + nb; i++)
		bytes += strlen(i < na ? a[i] : b[i - na]);
	if (m)
		m->text = malloc(bytes);
	if (!m || !m->text) {
		free(m);
		return NULL;
	}
	text = m->text;
	for (i = 0; i < na + nb; i++) {
		if (add_name(m, i < na ? a[i] : b[i - na], &text))
			continue;
		mask_names_free(m);
		errno = EINVAL;
		return NULL;
	}
	return m;
}

void mask_names_free(struct mask_names *m)
{
	if (!m)
		return;
	free(m->text);
	free(m);
}

bool mask_names_empty(const struct mask_names *m)
{
	return m->n == 0;
}

uint64_t mask_names_lengths(const struct mask_names *m)
{
	return m->lengths[0] | m->lengths[1] | m->lengths[2] | m->lengths[3];
}

bool mask_names_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	unsigned int i;
	size_t k;

	/* Nearly every name is turned away here. */
	if (!n || n > MASK_NAME_MAX || !(m->lengths[n / 64] >> (n % 64) & 1))
		return false;
	for (i = 0; i < m->n; i++) {
		if (m->name[i].len != n || m->name[i].first != lower(p[0]))
			continue;
		for (k = 1; k < n; k++)
			if (lower(p[k]) != (uint8_t)m->name[i].text[k])
				break;
		if (k == n)
			return true;
	}
	return false;
}

/* Bytes collected for a comparison; what is too long matches nothing. */
struct part {
	size_t n;
	uint8_t text[MASK_NAME_MAX + 1];
};

static inline void part_add(struct part *part, uint8_t c)
{
	if (part->n < sizeof(part->text))
		part->text[part->n++] = c;
}

bool mask_field_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	struct part whole = {.n = 0}, part = {.n = 0};
	const uint8_t *end = p + n;
	int hi, lo;

	for (; p < end; p++) {
		uint8_t c = *p == '+' ? ' ' : *p;

		if (c == '%' && end - p > 2 &&
		    (hi = parse_hex_digit(p[1])) >= 0 &&
		    (lo = parse_hex_digit(p[2])) >= 0) {
			c = (uint8_t)(hi << 4 | lo);
			p += 2;
		}
		part_add(&whole, c);
		if (c != '[' && c != ']' && c != '.') {
			part_add(&part, c);
			continue;
		}
		if (mask_names_match(m, part.text, part.n))
			return true;
		part.n = 0;
	}
	return mask_names_match(m, part.text, part.n) ||
	       mask_names_match(m, whole.text, whole.n);
}

/*
 * Names begin after any of these, so that none is missed; a value to be masked
 * ends at '&' (or, in a path, at the '?') only, because a reader may take the
 * others as part of the value.
 */
static inline bool begins_name(uint8_t c)
{
	return c == '&' || c == ';' || c == '?' || c == '#' || c == '/';
}

/* Calls put for what is kept and the masks; without put, only tells whether
 * there is anything to mask. */
static bool walk_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		       bool in_path, mask_put put, void *ctx)
{
	const uint8_t *end = p + n, *copied = p, *name = p;
	bool any = false, value = false;

	for (; p < end; p++) {
		if (begins_name(*p)) {
			in_path = in_path && *p != '?';
			name = p + 1;
			value = false;
			continue;
		}
		if (*p != '=' || value)
			continue;
		value = true;
		if (!mask_field_match(m, name, (size_t)(p - name)))
			continue;
		if (!put)
			return true;
		any = true;
		put(ctx, copied, (size_t)(p + 1 - copied));
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		while (p + 1 < end && p[1] != '&' && !(in_path && p[1] == '?'))
			p++;
		copied = p + 1;
	}
	if (put)
		put(ctx, copied, (size_t)(end - copied));
	return any;
}

void mask_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		bool target, mask_put put, void *ctx)
{
	walk_pairs(m, p, n, target, put, ctx);
}

bool mask_pairs_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	return walk_pairs(m, p, n, false, NULL, NULL);
}

/* --- JSON ------------------------------------------------------------------ */

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Sets the high bit of the first byte that is '"', '\\' or a control character
 * (the lowest set bit is exact, those above it need not be). */
static inline uint64_t string_marks(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101ull;
	uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');

	return (((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
		((slash - ones) & ~slash)) &
	       ones << 7;
}

/* The first byte in [p, end) that is not plain text of a string, or one less
 * than 8 bytes before it or the end. */
static inline const uint8_t *skip_plain(const uint8_t *p, const uint8_t *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t v, marks;

	for (; end - p >= 8; p += 8) {
		memcpy(&v, p, 8);
		marks = string_marks(v);
		if (marks)
			return p + __builtin_ctzll(marks) / 8;
	}
#endif
	return p;
}

/* p is behind the opening quote; returns what is behind the closing one, or
 * NULL if the text ends before. A raw control character sets *odd. */
static const uint8_t *skip_string(const uint8_t *p, const uint8_t *end,
				  bool *odd)
{
	for (p = skip_plain(p, end); p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
		else if (*p < 0x20)
			*odd = true;
	}
	return NULL;
}

static inline bool ends_scalar(uint8_t c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' ||
	       c == '\r' || c == '\n';
}

/* Behind the value at p; end if the text ends in it. */
static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q;
	size_t depth = 0;
	bool odd;

	do {
		if (p == end)
			return end;
		switch (*p) {
		case '"':
			q = skip_string(p + 1, end, &odd);
			if (!q)
				return end;
			p = q;
			break;
		case '{':
		case '[':
			depth++;
			p++;
			break;
		case '}':
		case ']':
			if (!depth)
				return p;
			depth--;
			p++;
			break;
		default:
			if (!depth) {
				while (p < end && !ends_scalar(*p))
					p++;
				return p;
			}
			p++;
		}
	} while (depth);
	return p;
}

static uint8_t *put_utf8(uint8_t *to, unsigned int c)
{
	if (c < 0x80) {
		*to++ = (uint8_t)c;
	} else if (c < 0x800) {
		*to++ = (uint8_t)(0xc0 | c >> 6);
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	} else {
		*to++ = (uint8_t)(0xe0 | c >> 12);
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	}
	return to;
}

/* Compares a member name, decoding escapes ("pass\u0077ord"). Surrogate pairs
 * are not joined: names beyond U+FFFF match only unescaped. */
static bool match_json_name(const struct mask_names *m, const uint8_t *p,
			    const uint8_t *end)
{
	uint8_t name[MASK_NAME_MAX + 4], *to = name;
	unsigned int c, i;
	int digit;

	if (!memchr(p, '\\', (size_t)(end - p)))
		return mask_names_match(m, p, (size_t)(end - p));
	while (p < end) {
		if (to - name > MASK_NAME_MAX)
			return false;
		if (*p != '\\' || p + 1 == end) {
			*to++ = *p++;
			continue;
		}
		if (p[1] != 'u') {
			/* \b, \n and the like occur in no name to look for. */
			*to++ = p[1];
			p += 2;
			continue;
		}
		for (c = 0, i = 2; i < 6; i++) {
			digit = p + i < end ? parse_hex_digit(p[i]) : -1;
			if (digit < 0)
				return false;
			c = c << 4 | (unsigned int)digit;
		}
		to = put_utf8(to, c);
		p += 6;
	}
	return mask_names_match(m, name, (size_t)(to - name));
}

/* Bytes that are a token by themselves, and those of numbers. */
enum { PUNCTUATION = 1, NUMBER = 2 };
static const uint8_t token_class[256] = {
	['{'] = PUNCTUATION,  ['}'] = PUNCTUATION,    ['['] = PUNCTUATION,
	[']'] = PUNCTUATION,  [','] = PUNCTUATION,    [':'] = PUNCTUATION,
	[' '] = PUNCTUATION,  ['\t'] = PUNCTUATION,   ['\r'] = PUNCTUATION,
	['\n'] = PUNCTUATION, ['0' ... '9'] = NUMBER, ['-'] = NUMBER,
	['+'] = NUMBER,	      ['.'] = NUMBER,	      ['e'] = NUMBER,
	['E'] = NUMBER,
};

/* Behind the number, literal or punctuation at p; NULL if it is none. */
static const uint8_t *skip_token(const uint8_t *p, const uint8_t *end)
{
	static const char *const literal[] = {"true", "false", "null"};
	size_t left = (size_t)(end - p), n;
	unsigned int i;

	if (token_class[*p] == PUNCTUATION)
		return p + 1;
	if (*p == '-' || (*p >= '0' && *p <= '9')) {
		while (p < end && token_class[*p] == NUMBER)
			p++;
		return p;
	}
	for (i = 0; i < 3; i++) {
		n = strlen(literal[i]);
		/* The end of the text may cut a literal. */
		if (!memcmp(p, literal[i], n < left ? n : left))
			return p + (n < left ? n : left);
	}
	return NULL;
}

void mask_json(const struct mask_names *m, const uint8_t *p, size_t n,
	       bool strict, mask_put put, void *ctx)
{
	static const char mask[] = "\"" MASK_TEXT "\"";
	const uint8_t *end = p + n, *copied = p, *at, *next;
	bool odd = false;

	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (p < end) {
		at = p;
		next = *at == '"' ? skip_string(at + 1, end, &odd)
				  : skip_token(at, end);
		if (strict && (odd || (!next && *at != '"'))) {
			put(ctx, copied, (size_t)(at - copied));
			put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
			return;
		}
		if (!next && *at == '"')
			break;
		p = next ? next : at + 1;
		if (*at != '"')
			continue;
		next = skip_blanks(p, end);
		if (next == end || *next != ':' ||
		    !match_json_name(m, at + 1, p - 1))
			continue;
		next = skip_blanks(next + 1, end);
		put(ctx, copied, (size_t)(next - copied));
		put(ctx, mask, sizeof(mask) - 1);
		p = copied = skip_value(next, end);
	}
	put(ctx, copied, (size_t)(end - copied));
}

/* --- multipart/form-data (RFC 7578) ---------------------------------------- */

/* The line that separates parts: that of the body's first line. */
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

/* Behind the empty line that ends the fields of a part, or end. p is on the
 * delimiter's line. */
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

/* The next delimiter that begins a line, or end. */
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

/* The parameter name="..." in the head of a part. */
static bool part_matches(const struct mask_names *m, const uint8_t *p,
			 const uint8_t *end)
{
	static const char parameter[] = "name=";
	const size_t n = sizeof(parameter) - 1;
	const uint8_t *start = p, *value;

	for (; (size_t)(end - p) > n; p++) {
		if (strncasecmp((const char *)p, parameter, n) != 0 ||
		    (p > start && (lower(p[-1]) >= 'a' || p[-1] == '*')))
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

void mask_multipart(const struct mask_names *m, const uint8_t *p, size_t n,
		    mask_put put, void *ctx)
{
	const uint8_t *end = p + n, *copied = p, *head, *next, *delimiter;
	size_t len;

	if (!find_delimiter(p, n, &delimiter, &len)) {
		/* Its parts cannot be told apart. */
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		return;
	}
	while (p < end) {
		head = p + len < end ? p + len : end;
		p = skip_part_head(head, end);
		next = next_delimiter(p, end, delimiter, len);
		if (part_matches(m, head, p)) {
			put(ctx, copied, (size_t)(p - copied));
			put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
			copied = next;
			if (copied < end && copied[-1] == '\n')
				copied--;
			if (copied < end && copied > p && copied[-1] == '\r')
				copied--;
			if (copied < p)
				copied = p;
		}
		p = next;
	}
	put(ctx, copied, (size_t)(end - copied));
}
