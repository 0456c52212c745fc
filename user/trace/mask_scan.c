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
#include "trace/mask_forms.h"
#include "trace/mask_scan.h"

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

	if (!m)
		return false;
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
	const bool alone = s->word.soft && s->word.n == 1;
	bool secret;

	if (!s->word.n)
		return;
	secret = word_match(s->names, &s->word);
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

/* What ends a URL in other text may be part of a password. */
static void take_delimiter(struct scan *s)
{
	if (s->authority == AFTER_PORT ||
	    (s->authority == IN_PORT && s->pos == s->port + 1))
		s->authority = ODD_PASSWORD;
	else if (s->authority != ODD_PASSWORD)
		s->authority = NO_AUTHORITY;
}

static void begin_port(struct scan *s)
{
	s->authority = IN_PORT;
	s->port = s->pos;
}

/* Follows URLs: "//", user information, '@'. */
static void take_url(struct scan *s, unsigned int c)
{
	if (s->authority) {
		if (c == '@' && s->pos > s->url + 1)
			scan_hit(s, MASK_USER_INFO, s->url, s->pos - 1);
		else if (c <= ' ' || strchr("/?#", (int)c))
			s->authority = NO_AUTHORITY;
		else if (strchr("\"'<>\\", (int)c))
			take_delimiter(s);
		else if (c == '[' && s->pos == s->url + 1)
			s->authority = IN_ADDRESS;
		else if (c == ':' && s->authority == IN_HOST)
			begin_port(s);
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

/* Schemes whose URIs have an '@' without user information: of addresses, and of
 * packages with a version. */
static bool is_other_scheme(const struct word *w)
{
	static const char *const names[] = {
		"mailto", "sip", "sips", "xmpp", "acct", "imto", "im",
		"pres",	  "cid", "mid",	 "npm",	 "pkg",	 "urn",	 "registry"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (scan_word_is(w, names[i]))
			return true;
	return false;
}

/* The same without "//", as in Forwarded and Via: "user:password@". What precedes
 * an '@' without a password may be an address. */
static void take_bare(struct scan *s, unsigned int c)
{
	if (c == '@' && s->bare == BARE_PASSWORD &&
	    s->pos > s->bare_password + 1) {
		scan_hit(s, MASK_AUTHORITY, s->bare_from, s->pos - 1);
	} else if (c == ':' && s->bare == BARE_USER) {
		if (is_other_scheme(&s->word))
			s->bare_from = s->pos;
		else
			s->bare = BARE_PASSWORD;
		s->bare_password = s->pos;
	} else if (c <= ' ' || (c < 0x80 && strchr("\"'<([{|", (int)c)) ||
		   (s->bare != BARE_PASSWORD && (c == ',' || c == ';'))) {
		s->bare = BARE_USER;
		s->bare_from = s->pos;
	} else if (c < 0x80 && strchr("/?#\\>)]}", (int)c)) {
		s->bare = NO_BARE;
	} else if (s->bare == BARE_USER && c == '=') {
		s->bare_from = s->pos;
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

static void take_pending(struct scan *s, unsigned int c, bool soft)
{
	if (c <= ' ' || c == '\\' || (soft && !s->pending_dollar))
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

static void take(void *scan, unsigned int c, bool soft)
{
	struct scan *s = scan;

	if (s->pending)
		take_pending(s, c, soft);
	if (s->serial)
		scan_take_serial(s, c);
	take_url(s, c);
	if (s->head)
		take_bare(s, c);
	if (!is_name_byte(c)) {
		take_mark(s, c);
		s->last = c;
		return;
	}
	if (soft) {
		end_word(s);
		end_phrase(s);
		scan_take_soft(s, c);
		s->soft_armed = s->armed;
		s->armed = false;
		s->word.soft = s->phrase.soft = true;
	}
	if (!s->word.n) {
		if (s->star && c >= '0' && c <= '9')
			s->continued = true;
		if (s->blank && s->armed)
			s->armed = s->quoted = false;
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
		    is_name_byte(p[i])) {
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
	struct scan s;

	/* Nothing is shorter than a name and a separator, or "//a@". */
	if ((n < 4 && (!m || n <= mask_names_min(m))) || !may_have_secret(p, n))
		return MASK_NONE;
	if (place == MASK_IN_HEAD)
		begin_head(&s, m);
	else
		begin(&s, m);
	run(&s, p, n);
	*from = s.from;
	*to = s.to;
	return s.hit;
}

bool mask_has_secret(const struct mask_names *m, const uint8_t *p, size_t n)
{
	size_t from, to;

	return mask_scan(m, MASK_IN_BODY, p, n, &from, &to) != MASK_NONE;
}

bool mask_head_has_authority(const uint8_t *p, size_t n)
{
	struct scan s;

	begin_head(&s, NULL);
	s.wanted = 1u << MASK_AUTHORITY;
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
