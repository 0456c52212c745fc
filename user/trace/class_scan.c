/* SPDX-License-Identifier: MIT */
/*
 * Most text contains nothing that a value could begin with, so a table of bytes
 * decides where to look closer; class_find.c does so. There, bytes pass the layers of
 * decoding, as in mask_scan.c, but each keeps the position where its encoded form
 * begins, so that exactly the value can be replaced. The NULs of UTF-16 and UTF-32 are
 * ignored, which makes them look like ASCII; others separate.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/class_context.h"
#include "trace/class_find.h"
#include "trace/class_quoted.h"
#include "trace/class_scan.h"
#include "trace/class_wide.h"
#include "trace/entity.h"

enum trigger { NOTHING, ENCODED, DIGIT, OTHER };

void class_set_init(struct class_set *set, unsigned int classes)
{
	*set = (struct class_set){.classes = classes};
	if (!classes)
		return;
	set->trigger['%'] = set->trigger['\\'] = set->trigger['&'] = ENCODED;
	set->trigger[0] = ENCODED;
	if (classes & (1u << CLASS_CARD | 1u << CLASS_SSN | 1u << CLASS_IBAN))
		memset(&set->trigger['0'], DIGIT, 10);
	if (classes >> CLASS_EMAIL & 1)
		set->trigger['@'] = OTHER;
	if (classes >> CLASS_JWT & 1)
		set->trigger['y'] = set->trigger['w'] = OTHER;
	if (classes >> CLASS_AWS_KEY & 1)
		set->trigger['A'] = set->trigger['c'] = set->trigger['C'] =
			OTHER;
}

void class_scan_begin(struct class_scan *s, const struct class_set *set,
		      const uint8_t *p, size_t n, bool cut, const uint8_t *name,
		      size_t n_name)
{
	memset(s, 0, offsetof(struct class_scan, kept));
	s->set = set;
	s->p = p;
	s->n = n;
	s->cut = cut;
	s->name = name;
	s->n_name = n_name;
	/* The value alone, perhaps in quotation marks. */
	if (n >= 40 && n_name && set->classes >> CLASS_AWS_KEY & 1 &&
	    class_names_secret(name, n_name))
		s->secret.window = 8;
}

static bool may_be_encoded(uint8_t c)
{
	return c == '%' || c == '\\' || c == '&' || !c;
}

/* --- decoding ------------------------------------------------------------- */

static void push(struct class_scan *s, uint8_t c, size_t from);

/* Blanks and hyphens beyond ASCII become ' ' and '-'. c is decoded, its encoded form
 * ends before to. */
static void take(struct class_scan *s, uint8_t c, size_t from, size_t to)
{
	const uint8_t wide = s->wide;

	s->wide = 0;
	if (wide == 1 && c == 0xa0) { /* U+00A0 */
		class_find(s, ' ', s->wide_from, to);
		return;
	}
	if (wide == 2 && c == 0x80) {
		s->wide = 3;
		return;
	}
	if (wide == 3 && (c == 0x87 || c == 0x89 || c == 0xaf)) {
		class_find(s, ' ', s->wide_from, to);
		return;
	}
	if (wide == 3 && c >= 0x90 && c <= 0x95) {
		class_find(s, '-', s->wide_from, to);
		return;
	}
	if (wide)
		class_find(s, 0xe2, s->wide_from, from);
	if (c == 0xc2 || c == 0xe2) {
		s->wide = c == 0xc2 ? 1 : 2;
		s->wide_from = from;
		return;
	}
	class_find(s, c, from, to);
}

static unsigned int kept_entity(const struct class_scan *s)
{
	uint8_t text[ENTITY_MAX];
	unsigned int i;

	for (i = 1; i < s->n_entity; i++)
		text[i - 1] = s->entity[i].c;
	return entity_code(text, s->n_entity - 1u);
}

/* What was kept is no entity. end: where its last character ends. */
static void flush_entity(struct class_scan *s, size_t end)
{
	const unsigned int n = s->n_entity;

	s->n_entity = 0;
	for (unsigned int i = 0; i < n; i++)
		take(s, s->entity[i].c, s->entity[i].from,
		     i + 1 < n ? s->entity[i + 1].from : end);
}

static void push_code(struct class_scan *s, unsigned int code, size_t from);

/* What was kept ends without ';', at end: HTML permits that after a number. */
static void end_entity(struct class_scan *s, size_t end)
{
	const size_t i = s->i;
	unsigned int code = 0;

	if (s->n_entity > 2 && s->entity[1].c == '#')
		code = kept_entity(s);
	if (!code) {
		flush_entity(s, end);
		return;
	}
	s->n_entity = 0;
	/* The character ends here, whatever was read since. */
	s->i = end;
	push_code(s, code, s->entity[0].from);
	s->i = i;
}

/* HTML lets some names end without ';'. Does what was kept, if it is one, do so? Another
 * word may begin with it, so only if what follows begins a value. */
static bool ends_name(const struct class_scan *s)
{
	static const char *const names[] = {"quot", "amp", "lt", "gt", "nbsp"};
	const uint8_t *p = s->p + s->i;
	const size_t left = s->n - s->i;
	size_t i, k, n;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		n = strlen(names[i]);
		for (k = 0; k < n && k + 1 < s->n_entity; k++)
			if (s->entity[k + 1].c != (uint8_t)names[i][k])
				break;
		if (k == n && s->n_entity == n + 1)
			break;
	}
	if (i == sizeof(names) / sizeof(names[0]) || !left)
		return false;
	if (class_is_digit(*p) || (*p >= 'A' && *p <= 'Z'))
		return true;
	/* A token, or an IBAN in lower case. */
	return (left > 1 && *p == 'e' && (p[1] == 'y' || p[1] == 'w')) ||
	       (left > 3 && class_is_letter(p[1]) && class_is_digit(p[2]) &&
		class_is_digit(p[3]));
}

static void push_entity(struct class_scan *s, uint8_t c, size_t from, size_t to)
{
	unsigned int code;

	if (c == '&') {
		end_entity(s, from);
		s->entity[s->n_entity++] = (struct class_char){c, from};
		return;
	}
	if (!s->n_entity) {
		take(s, c, from, to);
		return;
	}
	if (c == ';' && s->n_entity > 1 && (code = kept_entity(s))) {
		from = s->entity[0].from;
		s->n_entity = 0;
		push_code(s, code, from);
		return;
	}
	if ((class_is_alnum(c) || (c == '#' && s->n_entity == 1)) &&
	    s->n_entity <= ENTITY_MAX) {
		s->entity[s->n_entity++] = (struct class_char){c, from};
		if (class_is_letter(c) && ends_name(s)) {
			code = kept_entity(s);
			from = s->entity[0].from;
			s->n_entity = 0;
			push_code(s, code, from);
		}
		return;
	}
	if (class_is_alnum(c))
		flush_entity(s, from);
	else
		end_entity(s, from);
	take(s, c, from, to);
}

static void push_code(struct class_scan *s, unsigned int code, size_t from)
{
	if (code < 0x80) {
		push(s, (uint8_t)code, from);
		return;
	}
	flush_entity(s, from);
	if (code < 0x800) {
		take(s, (uint8_t)(0xc0 | code >> 6), from, s->i);
	} else {
		take(s, (uint8_t)(0xe0 | (code >> 12 & 15)), from, s->i);
		take(s, (uint8_t)(0x80 | (code >> 6 & 0x3f)), from, s->i);
	}
	take(s, (uint8_t)(0x80 | (code & 0x3f)), from, s->i);
}

/* What was kept was not the start of an encoded byte. */
static void flush(struct class_scan *s, size_t end)
{
	const unsigned int n = s->n_kept;

	s->n_kept = 0;
	s->over = false;
	if (n)
		s->escape = 0;
	for (unsigned int i = 0; i < n; i++)
		push_entity(s, s->kept[i].c, s->kept[i].from,
			    i + 1 < n ? s->kept[i + 1].from : end);
}

/* Track 1 of a card's magnetic stripe (ISO/IEC 7813) is "%B", the number and '^'. Is
 * that what an encoded byte with this last digit is? Its next byte is at s->i. */
static bool is_track(const struct class_scan *s, uint8_t hi, uint8_t lo)
{
	size_t end = s->i;

	/* In UTF-8 the byte would continue another. */
	if ((hi | 0x20) != 'b' || !class_is_digit(lo) || s->wide ||
	    s->last[0].c >= 0x80)
		return false;
	while (end < s->n && end < s->i + CARD_MAX && class_is_digit(s->p[end]))
		end++;
	if (end - s->i + 1 < CARD_MIN)
		return false;
	return end == s->n ? s->cut
			   : s->p[end] == '^' || may_be_encoded(s->p[end]);
}

/* %uXXXX, of old scripts and servers: kept ends in '%'. Does it begin here? The
 * letter is that before s->i. */
static bool is_wide_percent(const struct class_scan *s, uint8_t c)
{
	size_t i = s->i;

	if ((c | 0x20) != 'u' || !s->n_kept ||
	    s->kept[s->n_kept - 1].c != '%' || s->n - i < 4)
		return false;
	for (unsigned int k = 0; k < 4; k++)
		if (parse_hex_digit(s->p[i + k]) < 0)
			return false;
	return true;
}

/* Percent-encoding: kept are '%', or '%' and a digit, any number of times, as digits
 * may be encoded themselves. */
static void push_percent(struct class_scan *s, uint8_t c, size_t from)
{
	unsigned int hi, lo;

	if (c == '%') {
		if (s->n_kept == CLASS_KEPT)
			flush(s, from);
		s->kept[s->n_kept++] = (struct class_char){c, from};
		return;
	}
	if (s->kept[s->n_kept - 1].c != '%') {
		lo = (unsigned int)parse_hex_digit(c);
		hi = (unsigned int)parse_hex_digit(s->kept[s->n_kept - 1].c);
		s->n_kept -= 2;
		if (is_track(s, s->kept[s->n_kept + 1].c, c)) {
			flush(s, s->kept[s->n_kept].from);
			push_entity(s, '%', s->kept[s->n_kept].from, from);
			push(s, c, from);
			return;
		}
		if (class_is_literal(s, s->kept[s->n_kept + 1].from)) {
			const struct class_char mark = s->kept[s->n_kept],
						first = s->kept[s->n_kept + 1];

			flush(s, mark.from);
			push_entity(s, '%', mark.from, first.from);
			push_entity(s, first.c, first.from, from);
			push(s, c, from);
			return;
		}
		push(s, (uint8_t)(hi << 4 | lo), s->kept[s->n_kept].from);
		return;
	}
	if (s->n_kept == CLASS_KEPT) {
		flush(s, from);
		push(s, c, from);
		return;
	}
	s->kept[s->n_kept++] = (struct class_char){c, from};
}

/* The escape is complete, or none. What it does not continue is what it looks like. */
static void end_escape(struct class_scan *s, bool continues)
{
	s->escape = 0;
	s->over = false;
	if (!continues && s->n_kept)
		flush(s, s->escape_from);
}

/* The character after a backslash. */
static void push_escaped(struct class_scan *s, uint8_t c, size_t from)
{
	static const char letter[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *l;
	int digit;

	if (s->escape == 1) {
		if (c == 'u' || c == 'x') {
			s->escape = 2;
			s->code_left = c == 'u' ? 4 : 2;
			s->code = 0;
			return;
		}
		end_escape(s, false);
		l = strchr(letter, c);
		push_entity(s, l ? (uint8_t)meant[l - letter] : c,
			    s->escape_from, s->i);
		return;
	}
	if (s->escape == 2 && c == '{' && s->code_left == 4) {
		/* JavaScript: "\u{34}", of up to six digits. */
		s->escape = 3;
		s->code_left = 7;
		return;
	}
	if (s->escape == 3 && c == '}' && s->code_left < 7) {
		end_escape(s, s->code < 0x80);
		push_code(s, s->code, s->escape_from);
		return;
	}
	digit = parse_hex_digit(c);
	if (digit < 0 || (s->escape == 3 && s->code_left == 1)) {
		end_escape(s, false);
		push_entity(s, 'u', s->escape_from, from);
		push(s, c, from);
		return;
	}
	s->code = s->code << 4 | (unsigned int)digit;
	if (!--s->code_left && s->escape == 2) {
		end_escape(s, s->code < 0x80);
		push_code(s, s->code, s->escape_from);
	}
}

/* The first layer: backslashes, of which a run counts as one. */
static void push(struct class_scan *s, uint8_t c, size_t from)
{
	if (!c) {
		if (class_nul_is_wide(s->p, s->n, from, s->i))
			return;
		c = '\n';
	}
	if (s->over && c != '%' && c != '\\') {
		push_escaped(s, c, from);
		return;
	}
	if (!s->escape && is_wide_percent(s, c)) {
		if (class_is_literal(s, s->i)) {
			/* Its first digits encode nothing. The letter is no part of
			 * a word. */
			flush(s, from);
			push_entity(s, '%', from, s->i);
			return;
		}
		/* As "\\uXXXX". */
		s->escape_from = s->kept[--s->n_kept].from;
		s->escape = 2;
		s->code_left = 4;
		s->code = 0;
		s->over = s->n_kept;
		return;
	}
	if (c == '%' || (s->n_kept && parse_hex_digit(c) >= 0)) {
		s->over = false;
		push_percent(s, c, from);
		return;
	}
	if (s->n_kept && (c != '\\' || (s->escape && !s->over)))
		flush(s, from);
	if (c == '\\') {
		if (s->escape != 1)
			s->escape_from = from;
		s->over = s->n_kept;
		s->escape = 1;
	} else if (s->escape) {
		push_escaped(s, c, from);
	} else {
		push_entity(s, c, from, s->i);
	}
}

/* --- the fast path -------------------------------------------------------- */

/* The digits at i: how many can be skipped, because nothing begins with them. What
 * precedes start was encoded. */
static size_t skip_digits(const struct class_set *set, const uint8_t *p,
			  size_t n, size_t start, size_t i, bool cut)
{
	const uint8_t before = i ? p[i - 1] : 0;
	size_t end = i, len;

	if (start && i < start + 3)
		return 0;
	if (i >= 2 && class_is_letter(before) && class_is_letter(p[i - 2]) &&
	    (i == 2 || !class_is_alnum(p[i - 3])) &&
	    set->classes >> CLASS_IBAN & 1)
		return 0;
	while (end < n && class_is_digit(p[end]))
		end++;
	len = end - i;
	if (len > CARD_MAX || class_is_letter(before))
		return end == n || !may_be_encoded(p[end]) ? len : 0;
	if (end == n)
		return len < 9 && !cut ? len : 0;
	if (may_be_encoded(p[end]) || p[end] >= 0x80 || len == 9 ||
	    len >= CARD_MIN)
		return 0;
	if (len >= 3 && (class_is_separator(p[end]) || p[end] == '-' ||
			 p[end] == '.' || p[end] == '_'))
		return 0;
	return len;
}

size_t class_skip_plain(const struct class_set *set, const uint8_t *p, size_t n,
			size_t start, bool cut)
{
	const uint8_t *trigger = set->trigger;
	size_t i = start, k;

	for (; i < n; i++) {
		while (i < n && trigger[p[i]] == NOTHING)
			i++;
		if (i == n)
			break;
		switch (trigger[p[i]]) {
		case DIGIT:
			/* One or two alone are most frequent. */
			for (k = i + 1; k < n && class_is_digit(p[k]); k++)
				;
			if (k - i < 3 && i >= start + 3 && k < n &&
			    p[k] < 0x80 && trigger[p[k]] != ENCODED &&
			    !class_is_letter(p[i - 1])) {
				i = k - 1;
				continue;
			}
			k = skip_digits(set, p, n, start, i, cut);
			if (!k)
				return i;
			i += k - 1;
			continue;
		case ENCODED:
			if (p[i] == '&' && i + 1 < n && p[i + 1] &&
			    !strchr("#%\\acglnpqh", p[i + 1]))
				continue;
			return i;
		default:
			/* "ey", "ew", "sec" */
			if ((p[i] == 'y' || p[i] == 'w') && i > start &&
			    p[i - 1] && p[i - 1] != 'e')
				continue;
			if ((p[i] | 0x20) == 'c' && i > start &&
			    (p[i - 1] | 0x20) != 'e' && p[i - 1])
				continue;
			return i;
		}
	}
	return n;
}

static bool is_idle(const struct class_scan *s)
{
	return !(s->escape | s->n_kept | s->n_entity | s->wide) &&
	       !class_find_busy(s);
}

static void skip_plain(struct class_scan *s)
{
	const size_t start = s->i;

	s->i = class_skip_plain(s->set, s->p, s->n, start, s->cut);
	if (s->i < s->n)
		class_find_skip(s, start, s->i);
}

static void finish(struct class_scan *s)
{
	s->ended = true;
	/* What the end may have cut is no part of a value before it. */
	if (s->cut)
		s->n_kept = s->escape = s->n_entity = 0;
	flush(s, s->n);
	end_entity(s, s->n);
	flush(s, s->n);
	flush_entity(s, s->n);
	if (s->wide)
		take(s, ' ', s->n, s->n);
	class_find_end(s);
}

/* Is the first one final? */
static bool is_ready(const struct class_scan *s)
{
	return s->n_hits && class_find_start(s) > s->hit[0].from;
}

/* The hexadecimal digit that an entity after the '&' before s->i stands for, which is then
 * skipped; else '&'. */
static uint8_t digit_entity(struct class_scan *s)
{
	size_t end = s->i;
	unsigned int code;

	while (end < s->n && end - s->i < ENTITY_MAX && s->p[end] != ';')
		end++;
	if (end == s->n || s->p[end] != ';' || s->p[s->i] != '#')
		return '&';
	code = entity_code(s->p + s->i, end - s->i);
	if (code >= 0x80 || (parse_hex_digit((uint8_t)code) < 0 &&
			     (code | 0x20) != 'u' && (code | 0x20) != 'x'))
		return '&';
	s->i = end + 1;
	return (uint8_t)code;
}

/* Takes the next byte, or what quoted-printable makes of it and others. */
static void next_byte(struct class_scan *s)
{
	const size_t from = s->i++;
	uint8_t c = s->p[from];

	if (s->quoted && c == '=' &&
	    class_quoted_at(s->p, s->n, from, &c, &s->i) == QUOTED_BREAK)
		return;
	/* A digit of another encoding: "%&#50;2". */
	if (c == '&' && (s->n_kept || s->escape))
		c = digit_entity(s);
	push(s, c, from);
}

bool class_scan_next(struct class_scan *s, struct class_hit *hit)
{
	while (!is_ready(s) && !s->ended) {
		if (is_idle(s) && !s->quoted)
			skip_plain(s);
		if (s->i >= s->n) {
			finish(s);
			break;
		}
		next_byte(s);
	}
	if (!s->n_hits)
		return false;
	*hit = s->hit[0];
	s->done = hit->to;
	s->n_hits--;
	memmove(s->hit, s->hit + 1, s->n_hits * sizeof(s->hit[0]));
	return true;
}
