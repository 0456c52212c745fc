/* SPDX-License-Identifier: MIT */
/*
 * A single pass over tokens, without a parser's stack: only names and the values
 * after them matter. Text that is not quite JSON must not hide a secret, so when
 * in doubt more is masked, not less. What strings contain is left to mask_scan().
 */
#include <string.h>

#include "base/parse.h"
#include "trace/mask_json.h"
#include "trace/mask_scan.h"
#include "trace/span.h"

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

/* Skips plain characters of a string, 8 bytes at a time: stops at the first that
 * is not plain, or less than 8 bytes before the end. */
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

/* p is after the opening quote. Returns the position after the closing quote;
 * NULL if the text ends before it. A raw control character sets *invalid. */
static const uint8_t *skip_string(const uint8_t *p, const uint8_t *end,
				  bool *invalid)
{
	for (p = skip_plain(p, end); p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
		else if (*p < 0x20)
			*invalid = true;
	}
	return NULL;
}

static inline bool ends_scalar(uint8_t c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' ||
	       c == '\r' || c == '\n';
}

const uint8_t *mask_json_value_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q;
	size_t depth = 0;
	bool invalid;

	do {
		if (p == end)
			return end;
		switch (*p) {
		case '"':
			q = skip_string(p + 1, end, &invalid);
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

uint8_t *mask_put_utf8(uint8_t *to, unsigned int c)
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

/* Decodes the content of a string. Writes at most max + 3 bytes. Returns the
 * length, which is more than max if the result is longer. Does not join
 * surrogate pairs; copies the u of a \u without four digits. */
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
		/* Of JavaScript: "\x70". */
		if (p[1] == 'x' && end - p > 3 && parse_hex_digit(p[2]) >= 0 &&
		    parse_hex_digit(p[3]) >= 0) {
			c = (unsigned int)(parse_hex_digit(p[2]) << 4 |
					   parse_hex_digit(p[3]));
			to = mask_put_utf8(to, c);
			p += 4;
			continue;
		}
		for (c = 0, i = 2; p[1] == 'u' && i < 6; i++) {
			digit = p + i < end ? parse_hex_digit(p[i]) : -1;
			if (digit < 0)
				break;
			c = c << 4 | (unsigned int)digit;
		}
		if (i == 6) {
			to = mask_put_utf8(to, c);
			p += 6;
			continue;
		}
		l = p[1] ? strchr(letter, p[1]) : NULL;
		*to++ = l ? (uint8_t)meant[l - letter] : p[1];
		p += 2;
	}
	return (size_t)(to - start);
}

/* Does a name contain anything that joins parts, or blanks around it? */
static bool has_parts(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i];

		if ((c < '0' && c != '-') || (c > '9' && c < 'A') ||
		    (c > 'Z' && c < 'a' && c != '_') || (c > 'z' && c < 0x80))
			return true;
	}
	return false;
}

/* Matches a member name after decoding escapes ("pass\u0077ord"). Characters
 * above U+FFFF match only if they are not escaped. */
static bool match_json_name(const struct mask_names *m, const uint8_t *p,
			    const uint8_t *end)
{
	uint8_t name[MASK_NAME_MAX + 4];
	size_t n = (size_t)(end - p);

	if (memchr(p, '\\', n)) {
		n = unescape(name, MASK_NAME_MAX, p, end);
		if (n > MASK_NAME_MAX)
			return false;
		p = name;
	}
	/* "user.password", "user[password]", "password\0" as in a form. */
	return mask_names_match(m, p, n) ||
	       (has_parts(p, n) && mask_field_match(m, p, n));
}

/* Bytes that are a token of their own, and bytes of numbers. */
enum { PUNCTUATION = 1, NUMBER = 2 };
static const uint8_t token_class[256] = {
	['{'] = PUNCTUATION,  ['}'] = PUNCTUATION,    ['['] = PUNCTUATION,
	[']'] = PUNCTUATION,  [','] = PUNCTUATION,    [':'] = PUNCTUATION,
	[' '] = PUNCTUATION,  ['\t'] = PUNCTUATION,   ['\r'] = PUNCTUATION,
	['\n'] = PUNCTUATION, ['0' ... '9'] = NUMBER, ['-'] = NUMBER,
	['+'] = NUMBER,	      ['.'] = NUMBER,	      ['e'] = NUMBER,
	['E'] = NUMBER,
};

/* The end of the number, literal or punctuation at p; NULL if it is neither. */
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
	/* Before each text of a sequence (RFC 7464). */
	if (*p == 0x1e && (left == 1 || p[1] == '{' || p[1] == '['))
		return p + 1;
	for (i = 0; i < 3; i++) {
		n = strlen(literal[i]);
		/* The text may be truncated within a literal. */
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
	/* "[a]=b" is a form. */
	return p == end || strchr("\"{[}]-0123456789tfn", *p);
}

/* The same for a name before the colon at colon, perhaps with other encodings. */
static bool match_member(const struct mask_names *m, const uint8_t *p,
			 const uint8_t *end, const uint8_t *colon)
{
	const size_t n = (size_t)(colon + 1 - p);
	size_t from, to;

	if (match_json_name(m, p, end))
		return true;
	if (!has_parts(p, (size_t)(end - p)))
		return false;
	return mask_scan(m, MASK_IN_BODY, p, n, &from, &to) == MASK_MEMBER &&
	       from == n;
}

/* State of a pass over JSON text. */
struct walk {
	const struct mask_names *names;
	const uint8_t *end, *copied;
	mask_put put;
	void *ctx;
	bool strict;
	/* A member of this object says that it is a secret; the objects around it,
	 * the innermost in the lowest bit. One of those beyond was. */
	bool field, lost;
	uint64_t outer;
};

/* Replaces the text between from and to by the mask. */
static void put_mask(struct walk *w, const uint8_t *from, const uint8_t *to,
		     bool quoted)
{
	static const char mask[] = "\"" MASK_TEXT "\"";

	w->put(w->ctx, w->copied, (size_t)(from - w->copied));
	w->put(w->ctx, mask + !quoted, sizeof(mask) - 1 - 2 * !quoted);
	w->copied = to;
}

/* --- {"name":"password","value":"..."} -------------------------------------- */

/* How far to look for the name of a value that precedes it. */
#define SIBLINGS    6
#define SIBLING_MAX 128

/* Names of members that say what another one is, and of those. */
enum member { OTHER_MEMBER, NAME_MEMBER, VALUE_MEMBER };

static inline enum member member_kind(const uint8_t *p, const uint8_t *end)
{
	const size_t n = (size_t)(end - p);

	/* Most names are neither, which the length and first letter tell. */
	if (n < 2 || n > 5)
		return OTHER_MEMBER;
	switch (*p | 0x20) {
	case 'f':
		return n == 5 && text_is(p, "field", 5) ? NAME_MEMBER
							: OTHER_MEMBER;
	case 'i':
		return n == 2 && (p[1] | 0x20) == 'd' ? NAME_MEMBER
						      : OTHER_MEMBER;
	case 'k':
		return n == 3 && text_is(p, "key", 3) ? NAME_MEMBER
						      : OTHER_MEMBER;
	case 'n':
		return n == 4 && text_is(p, "name", 4) ? NAME_MEMBER
						       : OTHER_MEMBER;
	case 'p': /* JSON Patch (RFC 6902) */
		return n == 4 && text_is(p, "path", 4) ? NAME_MEMBER
						       : OTHER_MEMBER;
	case 'v':
		return (n == 3 || n == 5) && text_is(p, "value", n)
			       ? VALUE_MEMBER
			       : OTHER_MEMBER;
	default:
		return OTHER_MEMBER;
	}
}

/* Do a name and the value at p say that the object is a secret? */
static bool names_secret(const struct walk *w, const uint8_t *name,
			 const uint8_t *end, const uint8_t *value)
{
	const uint8_t *after;
	bool invalid;

	if (member_kind(name, end) != NAME_MEMBER || value == w->end ||
	    *value != '"')
		return false;
	after = skip_string(value + 1, w->end, &invalid);
	return after && match_json_name(w->names, value + 1, after - 1);
}

/* Does one of the next members after p say so? If the text ends before it, it may. */
static bool sibling_names_secret(const struct walk *w, const uint8_t *p)
{
	const uint8_t *end, *name, *after;
	bool invalid;

	for (unsigned int i = 0; i < SIBLINGS; i++) {
		p = skip_blanks(p, w->end);
		if (p == w->end)
			return true;
		end = w->end - p > SIBLING_MAX ? p + SIBLING_MAX : w->end;
		name = skip_blanks(p + (*p == ','), end);
		if (*p != ',' || (name < end && *name != '"'))
			return false;
		after = name < end ? skip_string(name + 1, end, &invalid)
				   : NULL;
		p = after ? skip_blanks(after, end) : end;
		if (p < end && *p == ':')
			p = skip_blanks(p + 1, end);
		if (p == end || !after)
			return end == w->end;
		if (names_secret(w, name + 1, after - 1, p))
			return true;
		p = mask_json_value_end(p, end);
		if (p == end)
			return end == w->end;
	}
	return false;
}

/* Is the value at p what another member names? */
static bool is_secret_value(const struct walk *w, const uint8_t *p)
{
	const uint8_t *after;
	bool invalid;

	if (w->field || w->lost)
		return true;
	/* Nested values are not skipped, which bounds the work. */
	if (p == w->end || *p == '{' || *p == '[')
		return false;
	after = *p == '"' ? skip_string(p + 1, w->end, &invalid)
			  : mask_json_value_end(p, w->end);
	/* Truncated before its name. */
	if (!after || skip_blanks(after, w->end) == w->end)
		return true;
	return sibling_names_secret(w, after);
}

/* --------------------------------------------------------------------------- */

/* Handles the string from p to after, and if it is a name, the value after it.
 * Returns where to continue. */
static const uint8_t *walk_string(struct walk *w, const uint8_t *p,
				  const uint8_t *after)
{
	const uint8_t *colon = skip_blanks(after, w->end), *value;
	enum member kind;

	if (colon < w->end && *colon == ':') {
		value = skip_blanks(colon + 1, w->end);
		kind = member_kind(p + 1, after - 1);
		if (kind == NAME_MEMBER &&
		    names_secret(w, p + 1, after - 1, value))
			w->field = true;
		if (!match_member(w->names, p + 1, after - 1, colon) &&
		    (kind != VALUE_MEMBER || !is_secret_value(w, value)))
			return w->strict ? after : after - 1;
		after = mask_json_value_end(value, w->end);
		put_mask(w, value, after, true);
		return after;
	}
	if (mask_has_secret(w->names, p + 1, (size_t)(after - 1 - (p + 1)))) {
		put_mask(w, p + 1, after - 1, false);
		return after;
	}
	/* If the text is not JSON, the closing quote may be an opening one. */
	return w->strict ? after : after - 1;
}

static void enter_object(struct walk *w)
{
	w->lost = w->lost || w->outer >> 63;
	w->outer = w->outer << 1 | w->field;
	w->field = false;
}

static void leave_object(struct walk *w)
{
	w->field = w->outer & 1;
	w->outer >>= 1;
}

static void walk_json(struct walk *w, const uint8_t *p)
{
	const uint8_t *next;
	bool invalid = false;

	while (p < w->end) {
		next = *p == '"' ? skip_string(p + 1, w->end, &invalid)
				 : skip_token(p, w->end);
		if (w->strict && (invalid || (!next && *p != '"'))) {
			put_mask(w, p, w->end, false);
			break;
		}
		if (!next && *p == '"') {
			/* Truncated within a string. */
			if (mask_has_secret(w->names, p + 1,
					    (size_t)(w->end - p) - 1))
				put_mask(w, p + 1, w->end, false);
			break;
		}
		if (*p == '{')
			enter_object(w);
		else if (*p == '}')
			leave_object(w);
		if (*p == '"' && next > p + 1)
			p = walk_string(w, p, next);
		else
			p = next ? next : p + 1;
	}
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
