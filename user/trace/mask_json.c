/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/mask_within.h"

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

/* Decodes the contents of a string, of which as much is written as max allows
 * and at most 3 bytes more; returns the length, or max + 1 and more if it is
 * longer. Surrogate pairs are not joined, and a \u without digits stays. */
static size_t unescape(uint8_t *to, size_t max, const uint8_t *p,
		       const uint8_t *end)
{
	static const char letter[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const uint8_t *start = to;
	unsigned int c, i;
	const char *l;
	int digit;

	while (p < end && (size_t)(to - start) <= max) {
		if (*p != '\\' || p + 1 == end) {
			*to++ = *p++;
			continue;
		}
		for (c = 0, i = 2; p[1] == 'u' && i < 6; i++) {
			digit = p + i < end ? parse_hex_digit(p[i]) : -1;
			if (digit < 0)
				break;
			c = c << 4 | (unsigned int)digit;
		}
		if (i == 6) {
			to = put_utf8(to, c);
			p += 6;
			continue;
		}
		l = p[1] ? strchr(letter, p[1]) : NULL;
		*to++ = l ? (uint8_t)meant[l - letter] : p[1];
		p += 2;
	}
	return (size_t)(to - start);
}

/* Compares a member name, decoding escapes ("pass\u0077ord"): names beyond
 * U+FFFF match only unescaped. */
static bool match_json_name(const struct mask_names *m, const uint8_t *p,
			    const uint8_t *end)
{
	uint8_t name[MASK_NAME_MAX + 4];
	size_t n = (size_t)(end - p);

	if (!memchr(p, '\\', n))
		return mask_names_match(m, p, n);
	n = unescape(name, MASK_NAME_MAX, p, end);
	return n <= MASK_NAME_MAX && mask_names_match(m, name, n);
}

/* Whether the contents of a string, which may be cut at its end, are JSON or a
 * URL with a secret in it. */
static bool string_hides(const struct mask_names *m, const uint8_t *p,
			 const uint8_t *end, unsigned int depth)
{
	size_t n = (size_t)(end - p);
	uint8_t *decoded;
	bool hides;

	p = skip_blanks(p, end);
	if (p == end || (*p != '{' && *p != '[' && *p != '/' &&
			 (end - p < 4 || memcmp(p, "http", 4) != 0)))
		return false;
	if (!memchr(p, '\\', (size_t)(end - p)))
		return mask_hides(m, p, (size_t)(end - p), depth + 1);
	decoded = malloc(n + 4);
	if (!decoded)
		return true; /* rather too much */
	n = unescape(decoded, n, p, end);
	hides = mask_hides(m, decoded, n, depth + 1);
	free(decoded);
	return hides;
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

bool mask_looks_like_json(const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;

	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	p = skip_blanks(p, end);
	if (p == end || (*p != '{' && *p != '['))
		return false;
	p = skip_blanks(p + 1, end);
	/* "[a]=b" is of a form. */
	return p == end || strchr("\"{[}]-0123456789tfn", *p);
}

/* A walk over JSON: what mask_json() and mask_json_hides() have in common. */
struct walk {
	const struct mask_names *names;
	const uint8_t *end, *copied;
	mask_put put; /* NULL: only look */
	void *ctx;
	bool strict;
	unsigned int depth;
	bool any; /* something is, or would be, masked */
};

/* A mask instead of what is between from and to. */
static void put_mask(struct walk *w, const uint8_t *from, const uint8_t *to,
		     bool quoted)
{
	static const char mask[] = "\"" MASK_TEXT "\"";

	w->any = true;
	if (!w->put)
		return;
	w->put(w->ctx, w->copied, (size_t)(from - w->copied));
	w->put(w->ctx, mask + !quoted, sizeof(mask) - 1 - 2 * !quoted);
	w->copied = to;
}

/* The string at p, and what it is the name of; returns where to go on. */
static const uint8_t *walk_string(struct walk *w, const uint8_t *p,
				  const uint8_t *behind)
{
	const uint8_t *colon = skip_blanks(behind, w->end), *value;

	if (colon < w->end && *colon == ':') {
		if (!match_json_name(w->names, p + 1, behind - 1))
			return w->strict ? behind : behind - 1;
		value = skip_blanks(colon + 1, w->end);
		behind = skip_value(value, w->end);
		put_mask(w, value, behind, true);
		return behind;
	}
	if (string_hides(w->names, p + 1, behind - 1, w->depth)) {
		put_mask(w, p + 1, behind - 1, false);
		return behind;
	}
	/* Where the text around it is not JSON, its end may be a beginning. */
	return w->strict ? behind : behind - 1;
}

static void walk_json(struct walk *w, const uint8_t *p)
{
	const uint8_t *next;
	bool odd = false;

	while (p < w->end && (w->put || !w->any)) {
		next = *p == '"' ? skip_string(p + 1, w->end, &odd)
				 : skip_token(p, w->end);
		if (w->strict && (odd || (!next && *p != '"'))) {
			put_mask(w, p, w->end, false);
			break;
		}
		if (!next && *p == '"') {
			/* Cut at its end. */
			if (string_hides(w->names, p + 1, w->end, w->depth))
				put_mask(w, p + 1, w->end, false);
			break;
		}
		if (*p == '"' && next > p + 1)
			p = walk_string(w, p, next);
		else
			p = next ? next : p + 1;
	}
	if (w->put)
		w->put(w->ctx, w->copied, (size_t)(w->end - w->copied));
}

void mask_json(const struct mask_names *m, const uint8_t *p, size_t n,
	       bool strict, mask_put put, void *ctx)
{
	struct walk w = {.names = m,
			 .end = p + n,
			 .copied = p,
			 .put = put,
			 .ctx = ctx,
			 .strict = strict};

	if (n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	walk_json(&w, p);
}

bool mask_json_hides(const struct mask_names *m, const uint8_t *p, size_t n,
		     unsigned int depth)
{
	struct walk w = {.names = m, .end = p + n, .depth = depth};

	walk_json(&w, p);
	return w.any;
}
