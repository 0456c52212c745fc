/* SPDX-License-Identifier: MIT */
/*
 * What distinguishes a value from random characters of its form. The more a check
 * rejects, the less of other text is masked; what it accepts is masked wherever it
 * stands. Tables follow ISO/IEC 7812 registrations and the IBAN registry (SWIFT,
 * release 99).
 */
#include <string.h>

#include "trace/class_check.h"

/* First digits of issuers, as a range of four-digit prefixes, and their lengths:
 * bit n for n digits. */
#define LEN(n)	    (1u << (n))
#define LEN_16_19   (LEN(16) | LEN(17) | LEN(18) | LEN(19))
#define LEN_MAESTRO (LEN(13) | LEN(14) | LEN(15) | LEN_16_19)

struct issuer {
	uint16_t first, last;
	uint32_t lengths;
};

static const struct issuer issuers[] = {
	{1800, 1800, LEN(15)},			     /* JCB */
	{2131, 2131, LEN(15)},			     /* JCB */
	{2200, 2204, LEN_16_19},		     /* Mir */
	{2205, 2205, LEN(16)},			     /* Borica */
	{2221, 2720, LEN(16)},			     /* Mastercard */
	{3000, 3059, LEN(14) | LEN_16_19},	     /* Diners Club */
	{3095, 3095, LEN(14) | LEN_16_19},	     /* Diners Club */
	{3400, 3499, LEN(15)},			     /* American Express */
	{3528, 3589, LEN_16_19},		     /* JCB */
	{3600, 3699, LEN(14) | LEN(15) | LEN_16_19}, /* Diners Club */
	{3700, 3799, LEN(15)},			     /* American Express */
	{3800, 3999, LEN(14) | LEN_16_19},	     /* Diners Club */
	{4000, 4999, LEN(13) | LEN(16) | LEN(18) | LEN(19)}, /* Visa */
	{5000, 5099, LEN_MAESTRO}, /* Maestro, Elo, Verve */
	{5100, 5599, LEN(16)},	   /* Mastercard */
	{5600, 5899, LEN_MAESTRO}, /* Maestro */
	{6000, 6999, LEN_MAESTRO}, /* Maestro, Discover, UnionPay, RuPay */
	{8100, 8299, LEN_16_19},   /* UnionPay, RuPay */
	{8600, 8600, LEN(16)},	   /* Uzcard */
	{9792, 9792, LEN(16)},	   /* Troy */
	{9860, 9860, LEN(16)},	   /* Humo */
};

static const struct issuer *find_issuer(const uint8_t *d)
{
	const unsigned int prefix =
		d[0] * 1000u + d[1] * 100u + d[2] * 10u + d[3];
	size_t i;

	for (i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (prefix >= issuers[i].first && prefix <= issuers[i].last)
			return &issuers[i];
	return NULL;
}

bool check_card(const uint8_t *digits, size_t n)
{
	static const uint8_t twice[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
	const struct issuer *issuer;
	unsigned int sum = 0;
	size_t i;

	if (n < CARD_MIN || n > CARD_MAX)
		return false;
	issuer = find_issuer(digits);
	if (!issuer || !(issuer->lengths >> n & 1))
		return false;
	for (i = 0; i < n; i++)
		sum += (n - i) % 2 ? digits[i] : twice[digits[i]];
	return sum % 10 == 0;
}

bool check_card_issuer(const uint8_t *digits, size_t n)
{
	return n >= 4 && find_issuer(digits);
}

bool check_ssn(const uint8_t *d)
{
	const unsigned int area = d[0] * 100u + d[1] * 10u + d[2];

	return area && area != 666 && area < 900 && (d[3] || d[4]) &&
	       (d[5] || d[6] || d[7] || d[8]);
}

/* --- IBAN ----------------------------------------------------------------- */

#define COUNTRY(a, b) [((a) - 'A') * 26 + (b) - 'A']
#define NUMERIC	      0x80

/* Lengths by country; with NUMERIC, if the BBAN has only digits. */
static const uint8_t iban_lengths[26 * 26] = {
	COUNTRY('A', 'D') = 24,		  COUNTRY('A', 'E') = 23 | NUMERIC,
	COUNTRY('A', 'L') = 28,		  COUNTRY('A', 'T') = 20 | NUMERIC,
	COUNTRY('A', 'Z') = 28,		  COUNTRY('B', 'A') = 20 | NUMERIC,
	COUNTRY('B', 'E') = 16 | NUMERIC, COUNTRY('B', 'G') = 22,
	COUNTRY('B', 'H') = 22,		  COUNTRY('B', 'I') = 27 | NUMERIC,
	COUNTRY('B', 'R') = 29,		  COUNTRY('B', 'Y') = 28,
	COUNTRY('C', 'H') = 21,		  COUNTRY('C', 'R') = 22 | NUMERIC,
	COUNTRY('C', 'Y') = 28,		  COUNTRY('C', 'Z') = 24 | NUMERIC,
	COUNTRY('D', 'E') = 22 | NUMERIC, COUNTRY('D', 'J') = 27 | NUMERIC,
	COUNTRY('D', 'K') = 18 | NUMERIC, COUNTRY('D', 'O') = 28,
	COUNTRY('E', 'E') = 20 | NUMERIC, COUNTRY('E', 'G') = 29 | NUMERIC,
	COUNTRY('E', 'S') = 24 | NUMERIC, COUNTRY('F', 'I') = 18 | NUMERIC,
	COUNTRY('F', 'K') = 18,		  COUNTRY('F', 'O') = 18 | NUMERIC,
	COUNTRY('F', 'R') = 27,		  COUNTRY('G', 'B') = 22,
	COUNTRY('G', 'E') = 22,		  COUNTRY('G', 'I') = 23,
	COUNTRY('G', 'L') = 18 | NUMERIC, COUNTRY('G', 'R') = 27,
	COUNTRY('G', 'T') = 28,		  COUNTRY('H', 'N') = 28,
	COUNTRY('H', 'R') = 21 | NUMERIC, COUNTRY('H', 'U') = 28 | NUMERIC,
	COUNTRY('I', 'E') = 22,		  COUNTRY('I', 'L') = 23 | NUMERIC,
	COUNTRY('I', 'Q') = 23,		  COUNTRY('I', 'S') = 26 | NUMERIC,
	COUNTRY('I', 'T') = 27,		  COUNTRY('J', 'O') = 30,
	COUNTRY('K', 'W') = 30,		  COUNTRY('K', 'Z') = 20,
	COUNTRY('L', 'B') = 28,		  COUNTRY('L', 'C') = 32,
	COUNTRY('L', 'I') = 21,		  COUNTRY('L', 'T') = 20 | NUMERIC,
	COUNTRY('L', 'U') = 20,		  COUNTRY('L', 'V') = 21,
	COUNTRY('L', 'Y') = 25 | NUMERIC, COUNTRY('M', 'C') = 27,
	COUNTRY('M', 'D') = 24,		  COUNTRY('M', 'E') = 22 | NUMERIC,
	COUNTRY('M', 'K') = 19,		  COUNTRY('M', 'N') = 20 | NUMERIC,
	COUNTRY('M', 'R') = 27 | NUMERIC, COUNTRY('M', 'T') = 31,
	COUNTRY('M', 'U') = 30,		  COUNTRY('N', 'I') = 28,
	COUNTRY('N', 'L') = 18,		  COUNTRY('N', 'O') = 15 | NUMERIC,
	COUNTRY('O', 'M') = 23,		  COUNTRY('P', 'K') = 24,
	COUNTRY('P', 'L') = 28 | NUMERIC, COUNTRY('P', 'S') = 29,
	COUNTRY('P', 'T') = 25 | NUMERIC, COUNTRY('Q', 'A') = 29,
	COUNTRY('R', 'O') = 24,		  COUNTRY('R', 'S') = 22 | NUMERIC,
	COUNTRY('R', 'U') = 33,		  COUNTRY('S', 'A') = 24,
	COUNTRY('S', 'C') = 31,		  COUNTRY('S', 'D') = 18 | NUMERIC,
	COUNTRY('S', 'E') = 24 | NUMERIC, COUNTRY('S', 'I') = 19 | NUMERIC,
	COUNTRY('S', 'K') = 24 | NUMERIC, COUNTRY('S', 'M') = 27,
	COUNTRY('S', 'O') = 23 | NUMERIC, COUNTRY('S', 'T') = 25 | NUMERIC,
	COUNTRY('S', 'V') = 28,		  COUNTRY('T', 'L') = 23 | NUMERIC,
	COUNTRY('T', 'N') = 24 | NUMERIC, COUNTRY('T', 'R') = 26,
	COUNTRY('U', 'A') = 29,		  COUNTRY('V', 'A') = 22 | NUMERIC,
	COUNTRY('V', 'G') = 24,		  COUNTRY('X', 'K') = 20 | NUMERIC,
	COUNTRY('Y', 'E') = 30,
};

static inline uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c & 0xdf : c;
}

/* A letter counts as two digits, 10 to 35. */
static uint8_t add_97(unsigned int rest, uint8_t c)
{
	return c <= '9' ? (uint8_t)((rest * 10 + c - '0') % 97)
			: (uint8_t)((rest * 100 + c - 'A' + 10) % 97);
}

bool check_iban_begin(struct check_iban *b, uint8_t first, uint8_t second)
{
	uint8_t len;

	first = upper(first);
	second = upper(second);
	len = iban_lengths[(first - 'A') * 26 + second - 'A'];
	*b = (struct check_iban){.len = len & 0x7f,
				 .numeric = len & NUMERIC,
				 .n = 2,
				 .country = {first, second}};
	return len;
}

bool check_iban_add(struct check_iban *b, uint8_t c)
{
	const bool digit = c >= '0' && c <= '9';

	if (b->n == b->len || (!digit && (b->numeric || b->n < 4)))
		return false;
	if (b->n < 4)
		b->check[b->n - 2] = c;
	else
		b->rest = add_97(b->rest, upper(c));
	b->n++;
	return true;
}

bool check_iban_end(const struct check_iban *b)
{
	uint8_t rest = b->rest;

	if (b->n != b->len)
		return false;
	/* 98 minus a remainder (ISO 13616): 02 to 98. The others would pass. */
	if ((b->check[0] == '0' && b->check[1] < '2') ||
	    (b->check[0] == '9' && b->check[1] == '9'))
		return false;
	rest = add_97(rest, b->country[0]);
	rest = add_97(rest, b->country[1]);
	rest = add_97(rest, b->check[0]);
	return add_97(rest, b->check[1]) == 1;
}

/* --- JSON Web Token ------------------------------------------------------- */

/* Follows JSON as far as needed to find a member of the outer object. */
static void add_json(struct check_jose *j, uint8_t c)
{
	static const char name[] = "alg";

	if (j->in_string) {
		if (j->escaped) {
			j->escaped = false;
			j->alg = 4;
		} else if (c == '\\') {
			j->escaped = true;
		} else if (c == '"') {
			j->in_string = false;
			j->named = j->depth == 1 && j->alg == 3;
		} else {
			j->alg = j->alg < 3 && c == (uint8_t)name[j->alg]
					 ? j->alg + 1
					 : 4;
		}
		j->bad |= c < 0x20;
		return;
	}
	if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		return;
	j->found |= c == ':' && j->named;
	j->named = false;
	if (c == '"') {
		j->in_string = true;
		j->alg = 0;
	}
	/* Numbers and literals need no closer look. */
	j->bad |= !c || !strchr("{}[],:\"+-.0123456789truefalsnE", c);
	/* It begins with '{' and ends with the brace that closes it. */
	j->bad |= j->begun ? !j->depth : c != '{';
	j->begun = true;
	if (c == '{' || c == '[')
		j->depth += j->depth < UINT8_MAX;
	else if ((c == '}' || c == ']') && j->depth)
		j->depth--;
}

void check_jose_add(struct check_jose *j, uint8_t c)
{
	unsigned int v;

	if (c == '=')
		return;
	if (c >= 'A' && c <= 'Z')
		v = c - 'A';
	else if (c >= 'a' && c <= 'z')
		v = c - 'a' + 26u;
	else if (c >= '0' && c <= '9')
		v = c - '0' + 52u;
	else
		v = c == '-' ? 62 : 63;
	j->bits = (uint16_t)(j->bits << 6 | v);
	j->n_bits += 6;
	if (j->n_bits >= 8) {
		j->n_bits -= 8;
		add_json(j, (uint8_t)(j->bits >> j->n_bits));
	}
}

bool check_jose_end(const struct check_jose *j)
{
	return j->found && !j->bad && !j->depth && !j->in_string;
}
