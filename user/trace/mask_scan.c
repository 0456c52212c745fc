/* SPDX-License-Identifier: MIT */
/*
 * One automaton instead of a parser per format, as formats nest: JSON in a form
 * in a string of JSON. mask_layers.c undoes escapes, percent-encoding
 * and entities byte by byte, in one pass without a buffer. The words before '=' and
 * ':' decide; what stands between a name and its separator (quotes, brackets,
 * blanks, control characters) is ignored, as parsers disagree about it.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/mask_authority.h"
#include "trace/mask_forms.h"
#include "trace/mask_scan.h"

static inline void word_add(struct word *w, unsigned int c)
{
	if (w->n < sizeof(w->text))
		w->text[w->n++] = (uint8_t)c;
}

/* Removes blanks around a word, and what else some parsers take for one. */
static void trim(const uint8_t **p, size_t *n)
{
	size_t k;

	for (;;) {
		const uint8_t *end = *p + *n;

		if (*n && end[-1] <= ' ')
			--*n;
		else if (*n > 1 && end[-1] >= 0x80 &&
			 span_wide_blank(end - 2, 2))
			*n -= 2;
		else if (*n > 2 && end[-1] >= 0x80 &&
			 span_wide_blank(end - 3, 3) == 3)
			*n -= 3;
		else
			break;
	}
	while ((k = span_wide_blank(*p, *n))) {
		*p += k;
		*n -= k;
	}
}

static bool name_match(const struct scan *s, const uint8_t *p, size_t n)
{
	return s->fields ? mask_names_match_header(s->names, p, n)
			 : mask_names_match(s->names, p, n);
}

static bool word_match(const struct scan *s, const struct word *w)
{
	const uint8_t *p = w->text;
	size_t n = w->n;

	if (!s->names)
		return false;
	trim(&p, &n);
	if (name_match(s, p, n) ||
	    (w->soft && n && name_match(s, p + 1, n - 1)))
		return true;
	if (!n || *p != '-')
		return false;
	for (; n && *p == '-'; p++) /* --password=... */
		n--;
	return name_match(s, p, n);
}

/* Is a word none, but what some parsers take for a blank? */
static bool is_only_blank(const struct word *w)
{
	const uint8_t *p = w->text;
	size_t n = w->n;

	if (w->soft)
		return n == 1;
	if (*p < 0x80)
		return false;
	trim(&p, &n);
	return !n;
}

static void end_word(struct scan *s)
{
	bool alone, secret;

	if (!s->word.n)
		return;
	alone = is_only_blank(&s->word);
	/* An encoded name is longer than the name. */
	secret = (s->digits && s->word.n > mask_names_min(s->names)) ||
		 word_match(s, &s->word);
	s->digits = false;
	if (alone && !secret) {
		/* A line end or tab, which may stand after a name. */
		s->armed = s->armed || s->soft_armed;
		s->soft_armed = false;
		s->word.n = s->word.soft = 0;
		return;
	}
	s->soft_armed = false;
	if (s->in_tag)
		scan_take_tag_word(s);
	if (s->in_name)
		s->in_name = 2;
	if (secret) {
		s->armed = true;
		s->quoted = false;
		if (s->tag == TAG_NAME)
			s->tag = SECRET_TAG;
		if (s->naming)
			scan_take_field(s);
		if (s->in_name)
			scan_hit(s, MASK_PART, s->pos, s->pos);
	}
	if (!s->head && scan_word_is(&s->word, "content-disposition"))
		s->disposition = true;
	scan_take_form_word(s, secret);
	if (s->naming)
		s->naming = IN_FIELD_NAME;
	if (!s->continued)
		s->keyword = scan_word_is(&s->word, "name");
	s->word.n = s->word.soft = 0;
}

static void end_phrase(struct scan *s)
{
	if (s->phrase.n && word_match(s, &s->phrase)) {
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
		s->variables = true;
		s->variable = 1;
		s->in_comment = false;
	} else if (s->armed && c == ':' && !s->quoted) {
		s->pending = s->pos;
	} else if (s->armed || (c == '=' && s->variable && !s->in_comment)) {
		scan_hit(s, c == '=' ? MASK_EQUALS : MASK_MEMBER, s->pos,
			 s->pos);
	}
	s->armed = s->quoted = s->dollar = false;
	s->keyword = s->star = s->continued = false;
}

/* The comment between a name and its separator ends here, if it was one. */
static void end_comment(struct scan *s)
{
	s->before_comment = false;
	s->armed = s->blank = true;
}

/* Follows the type of a variable of GraphQL, whose default value comes after it. */
static void take_variable(struct scan *s, unsigned int c)
{
	if (c == '\n' || c == '\r')
		s->in_comment = false;
	else if (c == '#')
		s->in_comment = true;
	if (s->in_comment)
		return;
	if (c == '(')
		s->variable++;
	else if (c == ')')
		s->variable--;
	else if (c == '$' || c == '{' || c == '}')
		s->variable = 0;
}

/* A byte without a meaning of its own. Returns whether it ends what precedes it. */
static bool take_other(struct scan *s, unsigned int c)
{
	if (c < 0x20 || c == 0x7f) {
		/* A C string ends here, so the name does. */
		end_phrase(s);
		return false;
	}
	if (c == '?' && s->in_name)
		/* An encoded word (RFC 2047). */
		scan_hit(s, MASK_PART, s->pos, s->pos);
	if (c == ';')
		s->in_name = 0;
	if (c == '/' && s->last == '*' && s->before_comment) {
		end_comment(s);
		return false;
	}
	if (c == '/' || c == '#')
		s->before_comment = s->before_comment || s->armed;
	if (c == ',' && s->armed) {
		/* A blank of GraphQL. */
		s->blank = true;
		s->phrase.n = 0;
		return false;
	}
	return true;
}

/* A byte that is part of no name. */
static void take_mark(struct scan *s, unsigned int c)
{
	end_word(s);
	/* "user[password]" */
	if (s->naming == IN_FIELD_NAME &&
	    (c >= 0x80 || !strchr("[].$:/", (int)c)))
		s->naming = NO_FIELD_NAME;
	if (c == '<') {
		if (s->in_name_element && s->armed)
			scan_hit(s, MASK_SIBLING, s->pos, s->pos);
		s->in_name_element = false;
	}
	if (s->in_tag || c == '<' || c == '{' || c == '}')
		scan_take_tag(s, c);
	if (s->in_names && s->phrase.n && c != ' ' && c != '.')
		end_phrase(s);
	scan_take_form(s, c);
	if (s->variable)
		take_variable(s, c);
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
		if ((c == '\n' || c == '\r') && s->before_comment)
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
		if (!take_other(s, c))
			return;
	}
	s->phrase.n = 0;
	s->armed = s->quoted = s->keyword = s->star = s->continued = false;
	s->dollar = c == '$';
}

static void take_pending(struct scan *s, unsigned int c, bool soft)
{
	if (c <= ' ' || c == '\\' || (soft && !s->pending_dollar))
		return;
	if (c == '$' && s->variables && !s->pending_dollar) {
		s->pending_dollar = true;
		return;
	}
	if (!s->pending_dollar || !scan_is_name_byte(c))
		scan_hit(s, MASK_COLON, s->pending, s->pending);
	s->pending = 0;
	s->pending_dollar = false;
}

/* A pair has one reading only, as there may be very many of them: what digits after a
 * backslash may belong to is a secret. */
static void take_digits(struct scan *s, unsigned int c)
{
	s->layers.has_digits = false;
	/* Perhaps a separator: "\75", "\072", "\3d". */
	if (s->armed || (s->digits && (c == '0' || c == '3' || c == '7') &&
			 s->word.n > mask_names_min(s->names)))
		scan_hit(s, MASK_EQUALS, s->pos, s->pos);
	if (s->authority >= IN_PORT)
		scan_hit(s, MASK_USER_INFO, s->url, s->pos);
	s->digits = true;
}

static void take(void *scan, unsigned int c, bool soft)
{
	struct scan *s = scan;

	if (s->layers.has_digits && s->pair && s->names &&
	    !mask_names_empty(s->names))
		take_digits(s, c);
	if (s->pending)
		take_pending(s, c, soft);
	if (s->serial)
		scan_take_serial(s, c);
	scan_take_url(s, c);
	if (s->head)
		scan_take_bare(s, c);
	if (!scan_is_name_byte(c)) {
		take_mark(s, c);
		s->last = c;
		return;
	}
	if (soft) {
		end_word(s);
		end_phrase(s);
		scan_take_soft(s, c);
		if (s->before_comment && (c == 'n' || c == 'r'))
			end_comment(s);
		s->soft_armed = s->armed;
		s->armed = false;
		s->word.soft = s->phrase.soft = true;
	}
	if (!s->word.n) {
		if (s->star && c >= '0' && c <= '9')
			s->continued = true;
		if (s->blank && s->armed) {
			/* The word may be a blank beyond ASCII. */
			s->soft_armed = c >= 0xc2;
			s->armed = s->quoted = false;
		}
		s->blank = s->delimited = false;
	}
	word_add(&s->word, c);
	word_add(&s->phrase, c);
}

static void finish(struct scan *s)
{
	size_t i;

	layers_end(&s->layers);
	/* "//user:passw": truncated, as it is no port. */
	if (s->authority == AFTER_PORT)
		scan_hit(s, MASK_USER_INFO, s->url, s->pos);
	end_word(s);
	if (s->in_name)
		end_phrase(s);
	/* A document truncated before the use of its entities. */
	if (s->entities && s->last != '>')
		scan_hit(s, MASK_REST, s->entities, s->entities);
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
	int hi, lo;

	s->text = p;
	s->end = p + n;
	for (i = 0; i < n && !s->hit; i++) {
		s->pos = i + 1;
		if (p[i] == '%' && n - i > 2 &&
		    (hi = parse_hex_digit(p[i + 1])) >= 0 &&
		    (lo = parse_hex_digit(p[i + 2])) >= 0) {
			i += 2;
			s->pos = i + 1;
			layers_push_percent(&s->layers,
					    (unsigned int)(hi << 4 | lo));
			continue;
		}
		/* Within a plain word. */
		if (s->word.n && !s->layers.n && !s->authority &&
		    scan_is_name_byte(p[i])) {
			word_add(&s->word, p[i]);
			word_add(&s->phrase, p[i]);
			continue;
		}
		layers_push(&s->layers, p[i]);
	}
	if (!s->hit)
		finish(s);
}

/* Without any of these, text contains no secret. */
static bool may_have_secret(const uint8_t *p, size_t n)
{
	static const bool needed[256] = {
		['='] = 1, [':'] = 1, ['%'] = 1,  ['\\'] = 1, ['@'] = 1,
		['<'] = 1, ['&'] = 1, ['\n'] = 1, ['\r'] = 1};
	size_t i;

	for (i = 0; i < n; i++)
		if (needed[p[i]])
			return true;
	return false;
}

static void begin(struct scan *s, const struct mask_names *m)
{
	memset(s, 0, offsetof(struct scan, word));
	s->word.n = s->phrase.n = 0;
	s->word.soft = s->phrase.soft = false;
	s->layers.take = take;
	s->layers.ctx = s;
	s->layers.digits = DIGITS_PLAIN;
	s->layers.has_digits = false;
	s->layers.n = 0;
	s->names = m;
	s->wanted = m ? ~0u : 1u << MASK_USER_INFO | 1u << MASK_AUTHORITY;
	/* The text may begin within any of these. */
	s->in_tag = s->object = s->has_word = s->in_names = true;
}

static void begin_head(struct scan *s, const struct mask_names *m)
{
	begin(s, m);
	s->head = true;
	s->bare = BARE_USER;
}

enum mask_hit mask_scan(const struct mask_names *m, enum mask_place place,
			const uint8_t *p, size_t n, size_t *from, size_t *to)
{
	enum mask_hit hit = MASK_NONE;
	enum digits digits;
	struct scan s;

	/* Nothing is shorter than a name and a separator, or "//a@". */
	if ((n < 4 && (!m || n <= mask_names_min(m))) || !may_have_secret(p, n))
		return MASK_NONE;
	for (digits = DIGITS_PLAIN; digits <= DIGITS_HEX; digits++) {
		if (place == MASK_IN_HEAD)
			begin_head(&s, m);
		else
			begin(&s, m);
		s.fields = place == MASK_IN_FIELDS;
		s.pair = place == MASK_IN_PAIR;
		s.layers.digits = digits;
		run(&s, p, n);
		if (s.hit && (!hit || s.from < *from)) {
			hit = s.hit;
			*from = s.from;
			*to = s.to;
		}
		if (!s.layers.has_digits || !m || s.pair)
			break;
	}
	return hit;
}

bool mask_has_secret(const struct mask_names *m, const uint8_t *p, size_t n)
{
	size_t from, to;

	return mask_scan(m, MASK_IN_BODY, p, n, &from, &to) != MASK_NONE;
}

bool mask_has_field(const struct mask_names *m, const uint8_t *p, size_t n)
{
	size_t from, to;

	return mask_scan(m, MASK_IN_FIELDS, p, n, &from, &to) != MASK_NONE;
}

bool mask_head_has_authority(const uint8_t *p, size_t n)
{
	struct scan s;

	begin_head(&s, NULL);
	s.wanted = 1u << MASK_AUTHORITY;
	run(&s, p, n);
	return s.hit != MASK_NONE;
}

bool mask_has_user_info(const uint8_t *p, size_t n)
{
	size_t from, to;

	return mask_scan(NULL, MASK_IN_HEAD, p, n, &from, &to) != MASK_NONE;
}

bool mask_has_part(const struct mask_names *m, const uint8_t *p, size_t n)
{
	struct scan s;

	begin(&s, m);
	s.wanted = 1u << MASK_PART;
	run(&s, p, n);
	return s.hit != MASK_NONE;
}

bool mask_head_has_name(const struct mask_names *m, const uint8_t *p, size_t n)
{
	struct scan s;

	begin(&s, m);
	s.in_tag = s.object = s.has_word = s.in_names = false;
	s.head = s.disposition = true;
	s.wanted = 1u << MASK_PART;
	run(&s, p, n);
	return s.hit != MASK_NONE;
}
