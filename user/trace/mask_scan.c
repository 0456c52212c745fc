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

struct word {
	size_t n;
	/* The first letter may be an escape such as \n, or a letter if the
	 * backslash before it was escaped itself. */
	bool soft;
	uint8_t text[MASK_NAME_MAX + 1];
};

struct scan {
	const struct mask_names *names;
	size_t pos; /* after the byte being examined */
	enum mask_hit hit;
	size_t from, to;
	/* Backslash escapes: 0: none, 1: after a backslash, 2 to 5: that many
	 * minus 2 digits of \u. */
	uint8_t escape;
	/* Percent-encoding: '%', or '%' and a digit, any number of times. */
	uint8_t n_kept, kept[16];
	unsigned int code;
	/* An entity of XML or HTML: '&' and what follows. */
	uint8_t n_entity, entity[ENTITY_MAX + 1];
	struct word word, phrase; /* a phrase may contain blanks and dots */
	bool armed;		  /* the name of a secret precedes */
	bool blank;		  /* the next word replaces the name */
	bool quoted;		  /* a quotation mark follows the name */
	/* GraphQL variables: "$name: Type = default" and "name: $name". */
	bool dollar, variable, variables;
	/* The value of an unquoted name starts here: is it a variable? */
	size_t pending;
	bool pending_dollar;
	/* Parameters of Content-Disposition. */
	bool disposition, keyword, star, continued;
	uint8_t in_name; /* 1: before its value, 2: in it */
	/* Elements of XML: in the name of a start-tag; in the start-tag of a secret
	 * name, perhaps of an empty element. */
	enum {
		NO_TAG,
		TAG_NAME,
		SECRET_TAG,
		EMPTY_TAG,
	} tag;
	/* Attributes: within a start-tag, of an element that has content; what the
	 * last word was; the next word is a name; it is that of a secret; where
	 * its value is. */
	bool in_tag, opened, object, has_word, has_content, naming, is_field;
	enum { NO_ATTRIBUTE, NAME_ATTRIBUTE, VALUE_ATTRIBUTE } attribute;
	size_t value;
	/* URL: the number of '/', then the place in the authority, which begins
	 * at this position. */
	uint8_t slashes;
	enum {
		NO_AUTHORITY,
		IN_HOST,
		IN_ADDRESS, /* in brackets (IPv6) */
		IN_PORT,
		AFTER_PORT, /* not a port, but a password */
	} authority;
	size_t url;
};

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

static bool word_is(const struct word *w, const char *text)
{
	size_t n = strlen(text), skip = w->soft && w->n == n + 1;

	return w->n == n + skip &&
	       !strncasecmp((const char *)w->text + skip, text, n);
}

static void set_hit(struct scan *s, enum mask_hit hit, size_t from, size_t to)
{
	if (s->hit)
		return;
	s->hit = hit;
	s->from = from;
	s->to = to;
}

/* name="password" */
static void take_field(struct scan *s)
{
	s->is_field = true;
	if (s->value)
		set_hit(s, s->object ? MASK_MEMBER : MASK_EQUALS, s->value,
			s->value);
}

/* What a word in a start-tag means, before it is compared. */
static void take_tag_word(struct scan *s)
{
	static const char *const name[] = {"name", "id", "key", "field"};
	/* Elements whose content is something else, or none. */
	static const char *const empty[] = {"input", "select", "form", "meta"};

	s->has_word = true;
	s->attribute =
		word_is(&s->word, "value") ? VALUE_ATTRIBUTE : NO_ATTRIBUTE;
	for (unsigned int i = 0; i < 4; i++) {
		if (s->tag == TAG_NAME && word_is(&s->word, empty[i]))
			s->has_content = false;
		if (word_is(&s->word, name[i]))
			s->attribute = NAME_ATTRIBUTE;
	}
}

static void end_word(struct scan *s)
{
	if (!s->word.n)
		return;
	if (s->in_tag)
		take_tag_word(s);
	if (s->in_name)
		s->in_name = 2;
	if (word_match(s->names, &s->word)) {
		s->armed = true;
		s->quoted = false;
		if (s->tag == TAG_NAME)
			s->tag = SECRET_TAG;
		if (s->naming)
			take_field(s);
		if (s->in_name)
			set_hit(s, MASK_PART, s->pos, s->pos);
	}
	if (word_is(&s->word, "content-disposition"))
		s->disposition = true;
	s->naming = false;
	if (!s->continued)
		s->keyword = word_is(&s->word, "name");
	s->word.n = s->word.soft = 0;
}

static void end_phrase(struct scan *s)
{
	if (s->phrase.n && word_match(s->names, &s->phrase)) {
		s->armed = true;
		if (s->in_name)
			set_hit(s, MASK_PART, s->pos, s->pos);
	}
	s->phrase.n = s->phrase.soft = 0;
}

static void take_separator(struct scan *s, unsigned int c)
{
	end_phrase(s);
	if (c == '=' && s->disposition && s->keyword) {
		if (s->continued) /* RFC 2231 splits the value */
			set_hit(s, MASK_PART, s->pos, s->pos);
		s->in_name = 1;
	}
	if (s->armed && c == ':' && s->dollar && !s->quoted) {
		s->variable = s->variables = true;
	} else if (s->armed && c == ':' && !s->quoted) {
		s->pending = s->pos;
	} else if (s->armed || (c == '=' && s->variable)) {
		set_hit(s, c == '=' ? MASK_EQUALS : MASK_MEMBER, s->pos,
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
			set_hit(s, MASK_USER_INFO, s->url, s->pos - 1);
		else if (c <= ' ' || strchr("/?#\"'<>\\", (int)c))
			s->authority = NO_AUTHORITY;
		else if (c == '[' && s->pos == s->url + 1)
			s->authority = IN_ADDRESS;
		else if (c == ':' && s->authority == IN_HOST)
			s->authority = IN_PORT;
		else if (s->authority == IN_PORT && (c < '0' || c > '9'))
			s->authority = AFTER_PORT;
	}
	if (c != '/') {
		s->slashes = 0;
	} else if (++s->slashes >= 2) {
		s->slashes = 2;
		s->authority = IN_HOST;
		s->url = s->pos;
	}
}

/* Follows start-tags, after a word has ended before c. */
static void take_tag(struct scan *s, unsigned int c)
{
	bool sets;

	/* An object of JSON has members as an element has attributes. */
	if (c == '<' || c == '{') {
		s->tag = c == '<' ? TAG_NAME : NO_TAG;
		s->in_tag = s->opened = true;
		s->has_content = c == '<';
		s->object = s->has_word = c == '{';
		s->naming = s->is_field = false;
		s->attribute = NO_ATTRIBUTE;
		s->value = 0;
		return;
	}
	if (!s->has_word) {
		/* "a < b", an end-tag, a comment */
		s->tag = s->in_tag = 0;
		return;
	}
	if (c == '}')
		s->in_tag = s->is_field = false;
	if (c == '>' && !s->object) {
		if (s->tag == SECRET_TAG)
			set_hit(s, MASK_ELEMENT, s->pos, s->pos);
		else if (s->is_field && s->has_content)
			set_hit(s, MASK_CONTENT, s->pos, s->pos);
		s->tag = NO_TAG;
		s->in_tag = s->is_field = false;
		return;
	}
	if (c == '/')
		s->has_content = false;
	/* The text may begin within either. */
	sets = (c == ':' && s->object) ||
	       (c == '=' && !(s->object && s->opened));
	if (sets && s->attribute == NAME_ATTRIBUTE)
		s->naming = true;
	if (sets && s->attribute == VALUE_ATTRIBUTE) {
		if (s->is_field)
			set_hit(s, s->object ? MASK_MEMBER : MASK_EQUALS,
				s->pos, s->pos);
		s->value = s->pos;
		s->has_content = false;
	}
	if (s->tag >= SECRET_TAG)
		s->tag = c == '/' ? EMPTY_TAG : SECRET_TAG;
	else if (c != ':' && c != '.') /* after a prefix */
		s->tag = NO_TAG;
}

/* A byte that is part of no name. */
static void take_mark(struct scan *s, unsigned int c)
{
	end_word(s);
	if (s->in_tag || c == '<' || c == '{')
		take_tag(s, c);
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
			set_hit(s, MASK_PART, s->pos, s->pos);
		if (c == ';')
			s->in_name = 0;
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
		set_hit(s, MASK_COLON, s->pending, s->pending);
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
	} else if (escape == 1) {
		push_percent(s, c, c && strchr("bfnrt", (int)c));
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
	flush(s);
	flush_entity(s);
	/* "//user:passw": truncated, as it is no port. */
	if (s->authority == AFTER_PORT)
		set_hit(s, MASK_USER_INFO, s->url, s->pos);
	end_word(s);
	if (s->in_name)
		end_phrase(s);
	/* A start-tag truncated before the attribute that names it. */
	if (s->in_tag && s->opened && s->value)
		set_hit(s, MASK_EQUALS, s->value, s->value);
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
