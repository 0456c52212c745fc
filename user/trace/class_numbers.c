/* SPDX-License-Identifier: MIT */
/*
 * Digits come in groups, and a number may begin with any group, as blanks also separate
 * it from others: the last few groups are kept, and each that ends is tried with those
 * before it. Hyphens join more than blanks do: a number with further digits before or
 * after a hyphen is another one.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/class_context.h"
#include "trace/class_hit.h"
#include "trace/class_numbers.h"

/* As a hyphen, these join digits to a number that does not end there. */
static bool is_joiner(uint8_t c)
{
	return c == '-' || c == '.' || c == '_';
}

/* Blanks between two groups. */
#define BLANKS_MAX 8

static bool wanted(const struct class_scan *s, enum mask_class class)
{
	return s->set->classes >> class & 1;
}

/* --- groups of digits ----------------------------------------------------- */

/* How cards are printed: the groups of a number with this many digits. */
static bool is_card_grouping(const struct class_scan *s, unsigned int first,
			     unsigned int k, bool cut)
{
	const unsigned int a = s->group[first].len;
	const unsigned int b = k > 1 ? s->group[first + 1].len : 0;
	const unsigned int last = s->group[first + k - 1].len;

	switch (k) {
	case 1:
		return true;
	case 2:
		if (cut)
			return a == 4 || a == 6 || a == 8;
		return (a == 8 && b == 8) || (a == 4 && b >= 9) ||
		       (a == 6 && b >= 9);
	case 3:
		if (cut && a == 4 && (b == 4 || b == 6))
			return true;
		return (a == 4 && b == 6 && last >= 4 && last <= 5) ||
		       (a == 5 && b == 5 && last >= 4 && last <= 6) ||
		       (a == 6 && b == 4 && last == 6);
	default:
		for (unsigned int i = 0; i + 1 < k; i++)
			if (s->group[first + i].len != 4)
				return false;
		return last <= 4;
	}
}

/* Is what begins at from the fourth group of a UUID (RFC 9562), 8-4-4-4-12? With the
 * last one it has as many digits as a card. */
static bool is_in_uuid(const struct class_scan *s, size_t from)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-";
	const size_t n = sizeof(form) - 1;
	const uint8_t *p = s->p + from - n;

	if (from < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '-' ? p[i] != '-' : parse_hex_digit(p[i]) < 0)
			return false;
	return from == n || !class_is_alnum(p[-1]);
}

/* Copies the digits of k groups. Returns how many; 0: too many for a value. */
static size_t join_groups(const struct class_scan *s, unsigned int first,
			  unsigned int k, uint8_t digit[CARD_MAX])
{
	size_t n = 0;

	for (unsigned int i = first; i < first + k; i++) {
		if (s->group[i].len > CARD_MAX - n)
			return 0;
		memcpy(digit + n, s->group[i].digit, s->group[i].len);
		n += s->group[i].len;
	}
	return n;
}

static bool is_ssn(const struct class_scan *s, unsigned int first,
		   unsigned int k, const uint8_t *digit)
{
	const bool grouped = k == 3 && s->group[first].len == 3 &&
			     s->group[first + 1].len == 2;
	const bool hyphens = grouped && s->group[first + 1].separator == '-';

	if ((k != 1 && !grouped) || !check_ssn(digit))
		return false;
	return hyphens || class_after_ssn(s, s->group[first].from);
}

/* Tries the last k groups. */
static bool try_groups(struct class_scan *s, unsigned int k, bool cut)
{
	const unsigned int first = s->n_groups - k;
	uint8_t digit[CARD_MAX];
	const size_t n = join_groups(s, first, k, digit);

	if (!n || s->group[first].glued)
		return false;
	for (unsigned int i = first + 2; i < s->n_groups; i++)
		if (s->group[i].separator != s->group[first + 1].separator)
			return false;
	if (wanted(s, CLASS_CARD) && is_card_grouping(s, first, k, cut) &&
	    !(k == 2 && is_in_uuid(s, s->group[first].from)) &&
	    (check_card(digit, n) ||
	     (cut && n > 6 && check_card_issuer(digit, n)))) {
		class_add_hit(s, CLASS_CARD, s->group[first].from,
			      s->group[s->n_groups - 1].to);
		return true;
	}
	if (!wanted(s, CLASS_SSN))
		return false;
	if ((n == 9 && is_ssn(s, first, k, digit)) ||
	    (cut && k == 3 && n > 5 && n < 9 && s->group[first].len == 3 &&
	     s->group[first + 1].len == 2 &&
	     s->group[first + 1].separator == '-')) {
		class_add_hit(s, CLASS_SSN, s->group[first].from,
			      s->group[s->n_groups - 1].to);
		return true;
	}
	return false;
}

/* Looks for a value that ends with the last group. */
static void end_groups(struct class_scan *s, bool cut)
{
	for (unsigned int k = s->n_groups; k; k--)
		if (try_groups(s, k, cut)) {
			s->n_groups = 0;
			return;
		}
}

static void begin_group(struct class_scan *s, size_t from)
{
	const uint8_t before = s->last[0].c;
	bool glued;

	if (s->n_groups) {
		/* A hyphen joins digits to those before it, a blank need not. */
		glued = is_joiner(s->separator);
	} else {
		glued = class_is_alnum(before) ||
			(is_joiner(before) && class_is_digit(s->last[1].c));
	}
	if (s->n_groups == CLASS_GROUPS) {
		memmove(s->group, s->group + 1,
			sizeof(s->group) - sizeof(s->group[0]));
		s->n_groups--;
	}
	s->group[s->n_groups].from = from;
	s->group[s->n_groups].len = 0;
	s->group[s->n_groups].separator = s->separator;
	s->group[s->n_groups].glued = glued;
	s->n_groups++;
	s->in_group = true;
	s->separator = 0;
}

static void add_digit(struct class_scan *s, uint8_t c, size_t from, size_t to)
{
	unsigned int last;

	if (!s->in_group)
		begin_group(s, from);
	last = s->n_groups - 1u;
	if (s->group[last].len < CARD_MAX)
		s->group[last].digit[s->group[last].len] = c - '0';
	/* CARD_MAX + 1: too long. */
	s->group[last].len += s->group[last].len <= CARD_MAX;
	s->group[last].to = to;
}

void class_take_digits(struct class_scan *s, uint8_t c, size_t from, size_t to)
{
	if (class_is_digit(c)) {
		add_digit(s, c, from, to);
		return;
	}
	if (s->in_group) {
		s->in_group = false;
		if (class_is_letter(c)) {
			s->n_groups = 0;
			return;
		}
		if (is_joiner(c)) {
			s->separator = c;
			return;
		}
		end_groups(s, false);
		s->separator = c == '+' ? ' ' : c;
		s->blanks = 1;
		if (!class_is_separator(c))
			s->n_groups = 0;
		return;
	}
	if (!s->n_groups)
		return;
	/* Aligned, or a field line that was folded. */
	if (s->separator == ' ' && c == ' ' && s->blanks < BLANKS_MAX) {
		s->blanks++;
		return;
	}
	if (s->separator != ' ')
		end_groups(s, false);
	s->n_groups = 0;
}

/* --- IBAN ----------------------------------------------------------------- */

static void begin_iban(struct class_scan *s, uint8_t c, size_t to)
{
	struct check_iban check;
	unsigned int i;

	if (!class_is_letter(s->last[0].c) || !class_is_letter(s->last[1].c) ||
	    class_is_alnum(s->last[2].c) ||
	    !check_iban_begin(&check, s->last[1].c, s->last[0].c))
		return;
	/* The older one is kept, the other replaced. */
	i = s->iban[0].active;
	s->iban[i].active = true;
	s->iban[i].blank = s->iban[i].separator = 0;
	s->iban[i].from = s->last[1].from;
	s->iban[i].to = to;
	s->iban[i].check = check;
	check_iban_add(&s->iban[i].check, c);
}

static void end_iban(struct class_scan *s, unsigned int i)
{
	if (check_iban_end(&s->iban[i].check))
		class_add_hit(s, CLASS_IBAN, s->iban[i].from, s->iban[i].to);
	s->iban[i].active = false;
}

/* Groups are of four, with blanks between all of them or one hyphen: may c, which is no
 * digit or letter, stand here? */
static bool take_iban_separator(struct class_scan *s, unsigned int i, uint8_t c)
{
	const unsigned int n = s->iban[i].check.n;

	c = c == '+' ? ' ' : c;
	if (s->iban[i].blank)
		return c == ' ' && s->iban[i].separator == ' ' &&
		       s->iban[i].blank < BLANKS_MAX;
	if ((c != ' ' && c != '-') || n % 4)
		return false;
	if (n == 4)
		s->iban[i].separator = c;
	return s->iban[i].separator == c;
}

/* A digit or letter: if there are groups, one precedes each fourth. */
static bool take_iban_char(struct class_scan *s, unsigned int i, uint8_t c)
{
	struct check_iban *b = &s->iban[i].check;

	if (b->n % 4 == 0 && b->n && s->iban[i].separator && !s->iban[i].blank)
		return false;
	return check_iban_add(b, c);
}

void class_take_iban(struct class_scan *s, uint8_t c, size_t to)
{
	const bool alnum = class_is_alnum(c);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct check_iban *b = &s->iban[i].check;

		if (!s->iban[i].active)
			continue;
		if (alnum && take_iban_char(s, i, c)) {
			s->iban[i].blank = 0;
			s->iban[i].to = to;
		} else if (!alnum && b->n == b->len) {
			end_iban(s, i);
		} else if (!alnum && take_iban_separator(s, i, c)) {
			s->iban[i].blank++;
		} else {
			s->iban[i].active = false;
		}
	}
	if (class_is_digit(c))
		begin_iban(s, c, to);
}

/* Digits that the end of the text ends or, with cut, may have cut. */
static void end_digits(struct class_scan *s)
{
	if (s->n_groups && (s->in_group || s->separator != ' '))
		end_groups(s, false);
	if (s->n_groups && s->cut)
		end_groups(s, true);
	s->n_groups = 0;
	s->in_group = false;
}

void class_numbers_end(struct class_scan *s)
{
	end_digits(s);
	for (unsigned int i = 0; i < 2; i++) {
		if (!s->iban[i].active)
			continue;
		if (s->cut && s->iban[i].check.n >= 8)
			class_add_hit(s, CLASS_IBAN, s->iban[i].from,
				      s->last_to);
		end_iban(s, i);
	}
}
