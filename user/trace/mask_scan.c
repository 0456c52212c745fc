/* SPDX-License-Identifier: MIT */
/*
 * One automaton instead of a parser per format, as formats nest: JSON in a form
 * in a string of JSON. Bytes pass four layers: backslash escapes, percent-
 * encoding, entities, words. A layer returns what it decoded to the first one, so nested
 * encodings are undone in one pass without a buffer. The words before '=' and
 * ':' decide; what stands between a name and its separator (quotes, brackets,
 * blanks, control characters) is ignored, as parsers disagree about it.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/entity.h"
#include "trace/mask_scan.h"
#include "trace/mask_tags.h"

static inline bool is_name_byte(unsigned int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c >= 0x80;
}

static inline void word_add(struct word *w, unsigned int c)
{
	if (w->n < sizeof(w->text))
		w->text[w->n++] = (uint8_t)c;
}

static bool word_match(const struct mask_names *m, const struct word *w)
{
	const uint8_t *p = w->text;
	size_t n = w->n;

	while (n && p[n - 1] <= ' ')
		n--;
	if (mask_names_match(m, p, n) ||
	    (w->soft && n && mask_names_match(m, p + 1, n - 1)))
		return true;
	if (!n || *p != '-')
		return false;
	for (; n && *p == '-'; p++) /* --password=... */
		n--;
	return mask_names_match(m, p, n);
}

static void end_word(struct scan *s)
{
	if (!s->word.n)
		return;
	if (s->in_tag)
		scan_take_tag_word(s);
	if (s->in_name)
		s->in_name = 2;
	if (word_match(s->names, &s->word)) {
		s->armed = true;
		s->quoted = false;
		if (s->tag == TAG_NAME)
			s->tag = SECRET_TAG;
		if (s->naming)
			scan_take_field(s);
		if (s->in_name)
			scan_hit(s, MASK_PART, s->pos, s->pos);
	}
	if (scan_word_is(&s->word, "content-disposition"))
		s->disposition = true;
	s->naming = false;
	if (!s->continued)
		s->keyword = scan_word_is(&s->word, "name");
	s->word.n = s->word.soft = 0;
}

static void end_phrase(struct scan *s)
{
	if (s->phrase.n && word_match(s->names, &s->phrase)) {
		s->armed = true;
		if (s->in_name)
			scan_hit(s, MASK_PART, s->pos, s->pos);
	}
	s->phrase.n = s->phrase.soft = 0;
}

static void take_separator(struct scan *s, unsigned int c)
{
	end_phrase(s);
	if (c == '=' && s->disposition && s->keyword) {
		if (s->continued) /* RFC 2231 splits the value */
			scan_hit(s, MASK_PART, s->pos, s->pos);
		s->in_name = 1;
	}
	if (s->armed && c == ':' && s->dollar && !s->quoted) {
		s->variable = s->variables = true;
	} else if (s->armed && c == ':' && !s->quoted) {
		s->pending = s->pos;
	} else if (s->armed || (c == '=' && s->variable)) {
		scan_hit(s, c == '=' ? MASK_EQUALS : MASK_MEMBER, s->pos,
			 s->pos);
	}
	s->armed = s->quoted = s->dollar = false;
	s->keyword = s->star = s->continued = false;
}

/* Follows URLs: "//", user information, '@'. */
static void take_url(struct scan *s, unsigned int c)
{
	if (s->authority) {
		if (c == '@' && s->pos > s->url + 1)
			scan_hit(s, MASK_USER_INFO, s->url, s->pos - 1);
		else if (c <= ' ' || strchr("/?#\"'<>\\", (int)c))
			s->authority = NO_AUTHORITY;
		else if (c == '[' && s->pos == s->url + 1)
			s->authority = IN_ADDRESS;
		else if (c == ':' && s->authority == IN_HOST)
			s->authority = IN_PORT;
		else if (s->authority == IN_PORT && (c < '0' || c > '9'))
			s->authority = AFTER_PORT;
	}
	/* "http:/u:p@h": one slash after a scheme is taken for two. */
	if (c != '/') {
		s->slashes = c == ':';
	} else if (++s->slashes >= 2) {
		s->slashes = 2;
		s->authority = IN_HOST;
		s->url = s->pos;
	}
}

/* The comment between a name and its separator ends here, if it was one. */
static void end_comment(struct scan *s)
{
	s->before_comment = false;
	s->armed = s->blank = true;
}

/* A byte that is part of no name. */
static void take_mark(struct scan *s, unsigned int c)
{
	end_word(s);
	if (c == '<') {
		if (s->in_name_element && s->armed)
			scan_hit(s, MASK_SIBLING, s->pos, s->pos);
		s->in_name_element = false;
	}
	if (s->in_tag || c == '<' || c == '{' || c == '}')
		scan_take_tag(s, c);
	switch (c) {
	case '=':
	case ':':
		take_separator(s, c);
		return;
	case '"':
	case '\'':
	case '`':
		end_phrase(s);
		s->quoted = s->armed;
		s->blank = true;
		return;
	case '\n':
	case '\r':
		if (s->in_name == 2) {
			end_phrase(s);
			s->in_name = 0;
		}
		/* fall through */
	case ' ':
	case '\t':
		s->blank = true;
		if (c == '\n' && s->before_comment)
			end_comment(s);
		if (s->phrase.n)
			word_add(&s->phrase, ' ');
		return;
	case '*':
		s->star = s->keyword;
		return;
	case '.':
	case '[':
	case ']':
		word_add(&s->phrase, c);
		return;
	case '$':
		break;
	default:
		if (c < 0x20 || c == 0x7f) {
			/* A C string ends here, so the name does. */
			end_phrase(s);
			return;
		}
		if (c == '?' && s->in_name)
			/* An encoded word (RFC 2047). */
			scan_hit(s, MASK_PART, s->pos, s->pos);
		if (c == ';')
			s->in_name = 0;
		if (c == '/' && s->last == '*' && s->before_comment) {
			end_comment(s);
			return;
		}
		if (c == '/' || c == '#')
			s->before_comment = s->before_comment || s->armed;
		if (c == ',' || c == ')')
			s->variable = false;
	}
	s->phrase.n = 0;
	s->armed = s->quoted = s->keyword = s->star = s->continued = false;
	s->dollar = c == '$';
}

static void take_pending(struct scan *s, unsigned int c)
{
	if (c <= ' ' || c == '\\')
		return;
	if (c == '$' && s->variables && !s->pending_dollar) {
		s->pending_dollar = true;
		return;
	}
	if (!s->pending_dollar || !is_name_byte(c))
		scan_hit(s, MASK_COLON, s->pending, s->pending);
	s->pending = 0;
	s->pending_dollar = false;
}

/* The third layer: c is decoded. */
static void take(struct scan *s, unsigned int c, bool soft)
{
	if (s->pending)
		take_pending(s, c);
	take_url(s, c);
	if (!is_name_byte(c)) {
		take_mark(s, c);
		s->last = c;
		return;
	}
	if (!s->word.n) {
		if (s->star && c >= '0' && c <= '9')
			s->continued = true;
		if (s->blank && s->armed)
			s->armed = s->quoted = false;
		s->blank = false;
	}
	if (soft) {
		end_word(s);
		end_phrase(s);
		s->armed = false;
		s->word.soft = s->phrase.soft = true;
	}
	word_add(&s->word, c);
	word_add(&s->phrase, c);
}

/* What was kept is no entity. */
static void flush_entity(struct scan *s)
{
	unsigned int n = s->n_entity, i;

	s->n_entity = 0;
	for (i = 0; i < n; i++)
		take(s, s->entity[i], false);
}

static void push(struct scan *s, unsigned int c);

/* The layer before: entities. An '&' may as well separate the pairs of a form. */
static void push_entity(struct scan *s, unsigned int c, bool soft)
{
	unsigned int code;

	if (c == '&') {
		flush_entity(s);
		s->entity[s->n_entity++] = '&';
		return;
	}
	if (s->n_entity) {
		if (c == ';' &&
		    (code = entity_code(s->entity + 1, s->n_entity - 1u)) &&
		    code < 0x80) {
			s->n_entity = 0;
			push(s, code);
			return;
		}
		if (!soft && s->n_entity < sizeof(s->entity) &&
		    ((c | 0x20) - 'a' < 26u || c - '0' < 10u || c == '#')) {
			s->entity[s->n_entity++] = (uint8_t)c;
			return;
		}
		flush_entity(s);
	}
	take(s, c, soft);
}

/* What was kept was not the start of an encoded byte. */
static void flush(struct scan *s)
{
	unsigned int n = s->n_kept, i;

	if (!n)
		return;
	s->escape = 0;
	s->n_kept = 0;
	for (i = 0; i < n; i++)
		push_entity(s, s->kept[i], false);
}

/* The second layer: percent-encoding. The digits of an encoded byte may be encoded
 * themselves ("%253%41" is "%3A", which is ':'). */
static void push_percent(struct scan *s, unsigned int c, bool soft)
{
	int digit;

	if (c == '%') {
		if (s->n_kept == sizeof(s->kept))
			flush(s);
		s->kept[s->n_kept++] = '%';
		return;
	}
	if (s->n_kept) {
		digit = parse_hex_digit((uint8_t)c);
		if (digit >= 0 && s->kept[s->n_kept - 1] != '%') {
			s->n_kept -= 2;
			push(s, (unsigned int)parse_hex_digit(
					s->kept[s->n_kept + 1])
						<< 4 |
					(unsigned int)digit);
			return;
		}
		if (digit >= 0 && s->n_kept < sizeof(s->kept)) {
			s->kept[s->n_kept++] = (uint8_t)c;
			return;
		}
		flush(s);
	}
	push_entity(s, c == '+' ? ' ' : c, soft);
}

static void push_code(struct scan *s, unsigned int c)
{
	if (c < 0x80) {
		push(s, c);
	} else if (c < 0x800) {
		push_percent(s, 0xc0 | c >> 6, false);
		push_percent(s, 0x80 | (c & 0x3f), false);
	} else {
		push_percent(s, 0xe0 | c >> 12, false);
		push_percent(s, 0x80 | (c >> 6 & 0x3f), false);
		push_percent(s, 0x80 | (c & 0x3f), false);
	}
}

/* Escapes of JavaScript: \x70, \u{70}. */
static void push_script(struct scan *s, unsigned int c, uint8_t escape)
{
	const int digit = parse_hex_digit((uint8_t)c);

	if (escape == 2) {
		s->escape = 8;
	} else if (escape == 8 && c == '}') {
		push_code(s, s->code);
	} else if (digit >= 0 && s->code < 0x1000) {
		s->code = s->code << 4 | (unsigned int)digit;
		if (escape == 7)
			push_code(s, s->code);
		else
			s->escape = escape + (escape == 6);
	} else {
		/* Not an escape, or of a character that no name contains. */
		push_percent(s, escape == 8 ? '{' : 'x', true);
		push_percent(s, c, false);
	}
}

/* The first layer: backslash escapes. A run of backslashes counts as one. */
static void push(struct scan *s, unsigned int c)
{
	uint8_t escape;
	int digit;

	/* A backslash may precede an encoded byte. */
	if (c == '%' || (s->n_kept && parse_hex_digit((uint8_t)c) >= 0)) {
		push_percent(s, c, false);
		return;
	}
	flush(s);
	escape = s->escape;
	if (c == '\\') {
		s->escape = 1;
		return;
	}
	s->escape = 0;
	if (!escape) {
		push_percent(s, c, false);
	} else if (escape == 1 && c == 'u') {
		s->escape = 2;
		s->code = 0;
	} else if (escape == 1 && c == 'x') {
		s->escape = 6;
		s->code = 0;
	} else if (escape == 1) {
		push_percent(s, c, c && strchr("bfnrt", (int)c));
	} else if (escape >= 6 || (escape == 2 && c == '{')) {
		push_script(s, c, escape);
	} else if ((digit = parse_hex_digit((uint8_t)c)) >= 0) {
		s->code = s->code << 4 | (unsigned int)digit;
		if (escape < 5)
			s->escape = escape + 1;
		else
			push_code(s, s->code);
	} else {
		push_percent(s, 'u', true);
		push_percent(s, c, false);
	}
}

static void finish(struct scan *s)
{
	size_t i;

	flush(s);
	flush_entity(s);
	/* "//user:passw": truncated, as it is no port. */
	if (s->authority == AFTER_PORT)
		scan_hit(s, MASK_USER_INFO, s->url, s->pos);
	end_word(s);
	if (s->in_name)
		end_phrase(s);
	/* A start-tag truncated before the attribute that names it. */
	if (s->in_tag && s->opened && s->value)
		scan_hit(s, MASK_EQUALS, s->value, s->value);
	/* The same of the objects around. */
	for (i = 0; i < s->depth && i < OUTER_MAX; i++)
		if (s->outer_value[i])
			scan_hit(s, MASK_EQUALS, s->outer_value[i],
				 s->outer_value[i]);
}

static void run(struct scan *s, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && !s->hit; i++) {
		s->pos = i + 1;
		/* Within a plain word. */
		if (s->word.n && !s->n_kept && !s->escape && !s->authority &&
		    !s->n_entity && is_name_byte(p[i])) {
			word_add(&s->word, p[i]);
			word_add(&s->phrase, p[i]);
			continue;
		}
		push(s, p[i]);
	}
	if (!s->hit)
		finish(s);
}

/* Without any of these, text contains no secret. */
static bool may_have_secret(const uint8_t *p, size_t n)
{
	static const bool needed[256] = {
		['='] = 1, [':'] = 1, ['%'] = 1, ['\\'] = 1,
		['@'] = 1, ['<'] = 1, ['&'] = 1};
	size_t i;

	for (i = 0; i < n; i++)
		if (needed[p[i]])
			return true;
	return false;
}

enum mask_hit mask_scan(const struct mask_names *m, const uint8_t *p, size_t n,
			size_t *from, size_t *to)
{
	struct scan s = {
		.names = m, .in_tag = true, .object = true, .has_word = true};

	if (!may_have_secret(p, n))
		return MASK_NONE;
	run(&s, p, n);
	*from = s.from;
	*to = s.to;
	return s.hit;
}

bool mask_has_secret(const struct mask_names *m, const uint8_t *p, size_t n)
{
	size_t from, to;

	return mask_scan(m, p, n, &from, &to) != MASK_NONE;
}

bool mask_head_has_name(const struct mask_names *m, const uint8_t *p, size_t n)
{
	struct scan s = {.names = m, .disposition = true};

	run(&s, p, n);
	return s.hit != MASK_NONE;
}
