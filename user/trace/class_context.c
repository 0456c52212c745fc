/* SPDX-License-Identifier: MIT */
/*
 * Looking back happens in the raw text, as decoding has only one direction, so only
 * common encodings are undone. Names are a hint: what needs none is found without.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/class_context.h"

#define LOOK_BACK 80 /* bytes */

/* The character encoded at p, of this length: %XX, perhaps encoded again, or \uXXXX,
 * or an escaped letter, which is no letter. Else p[0]. */
static uint8_t decode(const uint8_t *p, const uint8_t *end, size_t *n)
{
	const uint8_t *q = p;
	int hi, lo;

	*n = 1;
	if (*p == '%') {
		for (q++; end - q > 2 && q[0] == '2' && q[1] == '5'; q += 2)
			;
		if (end - q < 2 || (hi = parse_hex_digit(q[0])) < 0 ||
		    (lo = parse_hex_digit(q[1])) < 0)
			return *p;
		*n = (size_t)(q + 2 - p);
		return (uint8_t)(hi << 4 | lo);
	}
	if (*p != '\\')
		return *p;
	while (q < end && *q == '\\')
		q++;
	*n = (size_t)(q - p);
	if (end - q >= 5 && *q == 'u' && (hi = parse_hex_digit(q[3])) >= 0 &&
	    (lo = parse_hex_digit(q[4])) >= 0) {
		*n += 5;
		return (uint8_t)(hi << 4 | lo);
	}
	if (q < end && strchr("bfnrtu", *q) && *q) {
		*n += 1;
		return ' ';
	}
	return '\\';
}

/* The letters of p, in lower case. */
static size_t letters_of(char *to, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	char *start = to;
	size_t len;
	uint8_t c;

	for (; p < end; p += len) {
		c = decode(p, end, &len);
		if (class_is_letter(c))
			*to++ = (char)(c | 0x20);
		else if (class_is_digit(c))
			*to++ = '0';
	}
	return (size_t)(to - start);
}

static bool ends_with(const char *p, size_t n, const char *end)
{
	const size_t len = strlen(end);

	return n >= len && !memcmp(p + n - len, end, len);
}

bool class_names_ssn(const uint8_t *p, size_t n)
{
	static const char *const between[] = {"is", "number", "value", "num",
					      "no"};
	char letters[LOOK_BACK];
	size_t i;

	if (n > LOOK_BACK) {
		p += n - LOOK_BACK;
		n = LOOK_BACK;
	}
	n = letters_of(letters, p, n);
	for (i = 0; i < sizeof(between) / sizeof(between[0]); i++)
		if (ends_with(letters, n, between[i]))
			n -= strlen(between[i]);
	return ends_with(letters, n, "ssn") ||
	       ends_with(letters, n, "socialsecurity") ||
	       ends_with(letters, n, "socialsec");
}

/* Does text end in a name such as "email" or "mailto"? */
static bool names_address(const uint8_t *p, size_t n)
{
	static const char *const after[] = {"to", "address", "addr", "value"};
	char letters[LOOK_BACK];

	if (n > LOOK_BACK / 2) {
		p += n - LOOK_BACK / 2;
		n = LOOK_BACK / 2;
	}
	n = letters_of(letters, p, n);
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		if (ends_with(letters, n, after[i]))
			n -= strlen(after[i]);
	return ends_with(letters, n, "mail");
}

size_t class_cut_address(const struct class_set *set, const uint8_t *p,
			 size_t n, bool cut)
{
	size_t from = n;

	if (!cut || !(set->classes >> CLASS_EMAIL & 1))
		return n;
	while (from && n - from <= CLASS_LOCAL_MAX &&
	       class_is_local(p[from - 1]))
		from--;
	return n - from <= CLASS_LOCAL_MAX && names_address(p, from) ? from : n;
}

bool class_after_ssn(const struct class_scan *s, size_t from)
{
	return class_names_ssn(s->p, from) ||
	       (s->n_name && from < LOOK_BACK / 4 &&
		class_names_ssn(s->name, s->n_name));
}

bool class_names_secret(const uint8_t *p, size_t n)
{
	char letters[LOOK_BACK + 1];

	if (n > LOOK_BACK)
		n = LOOK_BACK;
	letters[letters_of(letters, p, n)] = '\0';
	return strstr(letters, "secret") != NULL;
}

static bool is_key_char(uint8_t c)
{
	return class_is_alnum(c) || c == '/' || c == '+';
}

bool class_secret_before(const struct class_scan *s, size_t from,
			 size_t *secret, size_t *end)
{
	const size_t first = from > 2 * LOOK_BACK ? from - 2 * LOOK_BACK : 0;
	size_t i = first, n = 0, start = 0, len;
	bool odd = false, found = false;
	uint8_t c;

	/* The last run of 40. */
	for (; i < from; i += len) {
		c = decode(s->p + i, s->p + from, &len);
		if (c == '\\' && i + len < from && s->p[i + len] == '/')
			continue;
		if (is_key_char(c) && c) {
			if (!n++) {
				start = i;
				odd = false;
			}
			odd |= class_is_letter(c) && (c | 0x20) > 'f';
			if (i + len < from)
				continue;
		}
		if (n == 40 && odd && (start > first || !first)) {
			*secret = start;
			*end = i;
			found = true;
		}
		n = 0;
	}
	return found;
}

/* --- patterns ------------------------------------------------------------- */

/* Copies what a number consists of from p on: digits, letters if it is an IBAN, and one
 * hyphen or blank after four. Sets *end to what follows. */
static size_t copy_number(uint8_t *to, size_t max, const uint8_t *p,
			  const uint8_t *last, bool letters,
			  const uint8_t **end)
{
	size_t n = 0;

	for (; p < last && n < max; p++) {
		if (class_is_digit(*p) || (letters && class_is_letter(*p)))
			to[n++] = *p;
		else if ((*p != '-' && *p != ' ') || !n || n % 4 ||
			 !class_is_digit(p[-1]))
			break;
	}
	*end = p;
	return n;
}

static bool is_iban(const uint8_t *p, size_t n)
{
	struct check_iban check;
	size_t i;

	if (n < 4 || !class_is_letter(p[0]) || !class_is_letter(p[1]) ||
	    !check_iban_begin(&check, p[0], p[1]))
		return false;
	for (i = 2; i < n && check_iban_add(&check, p[i]); i++)
		;
	return check_iban_end(&check);
}

static bool is_ssn(const uint8_t *p, size_t n)
{
	uint8_t digit[9];
	size_t k = 0;

	if (n < 11 || (n > 11 && class_is_alnum(p[11])))
		return false;
	for (size_t i = 0; i < 11; i++) {
		if (i == 3 || i == 6) {
			if (p[i] != '-')
				return false;
			continue;
		}
		if (!class_is_digit(p[i]))
			return false;
		digit[k++] = p[i] - '0';
	}
	return check_ssn(digit);
}

/* Does a pattern end here? Its '%' encodes nothing. */
static bool ends_pattern(const uint8_t *p, const uint8_t *last)
{
	return p < last && *p == '%' &&
	       !(last - p > 2 && parse_hex_digit(p[1]) >= 0 &&
		 parse_hex_digit(p[2]) >= 0);
}

bool class_is_literal(const struct class_scan *s, size_t from)
{
	const unsigned int classes = s->set->classes;
	const uint8_t *p = s->p + from, *last = s->p + s->n, *end;
	/* "%20" to "%29" encode delimiters, others what needs no encoding. */
	const bool delimiter = from < s->n && *p == '2';
	uint8_t text[34];
	size_t n;

	if (last - p < 11)
		return false;
	if (classes >> CLASS_SSN & 1 && !delimiter &&
	    is_ssn(p, (size_t)(last - p)))
		return true;
	n = copy_number(text, sizeof(text), p, last, true, &end);
	if (classes >> CLASS_IBAN & 1 && is_iban(text, n))
		return true;
	if (!(classes >> CLASS_CARD & 1))
		return false;
	n = copy_number(text, CARD_MAX, p, last, false, &end);
	if ((end < last && class_is_digit(*end)) ||
	    (delimiter && !ends_pattern(end, last)))
		return false;
	for (size_t k = 0; k < n; k++)
		text[k] -= '0';
	return check_card(text, n);
}
