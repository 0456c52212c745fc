/* SPDX-License-Identifier: MIT */
/*
 * A short list with a bit set of lengths in front, which rejects nearly every
 * name with one test.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/mask_names.h"
#include "trace/span.h"

struct name {
	uint8_t len;
	uint8_t first;	  /* lower case */
	const char *text; /* lower case, in mask_names.text */
};

struct mask_names {
	uint64_t lengths[4]; /* bit n: there is a name of n bytes */
	unsigned int n;
	size_t min; /* length of the shortest */
	char *text; /* of all names, without separators */
	struct name name[];
};

static bool add_name(struct mask_names *m, const char *s, char **text)
{
	size_t len = strlen(s), i;
	struct name *name = &m->name[m->n];

	if (!len || len > MASK_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		(*text)[i] = (char)lower((uint8_t)s[i]);
	*name = (struct name){(uint8_t)len, (uint8_t) * *text, *text};
	*text += len;
	m->lengths[len / 64] |= 1ull << (len % 64);
	if (!m->n++ || len < m->min)
		m->min = len;
	return true;
}

struct mask_names *mask_names_new(const char *const *a, unsigned int na,
				  const char *const *b, unsigned int nb)
{
	struct mask_names *m =
		calloc(1, sizeof(*m) + (na + nb) * sizeof(m->name[0]));
	size_t bytes = 1;
	unsigned int i;
	char *text;

	for (i = 0; i < na + nb; i++)
		bytes += strlen(i < na ? a[i] : b[i - na]);
	if (m)
		m->text = malloc(bytes);
	if (!m || !m->text) {
		free(m);
		return NULL;
	}
	text = m->text;
	for (i = 0; i < na + nb; i++) {
		if (add_name(m, i < na ? a[i] : b[i - na], &text))
			continue;
		mask_names_free(m);
		errno = EINVAL;
		return NULL;
	}
	return m;
}

void mask_names_free(struct mask_names *m)
{
	if (!m)
		return;
	free(m->text);
	free(m);
}

bool mask_names_empty(const struct mask_names *m)
{
	return m->n == 0;
}

size_t mask_names_min(const struct mask_names *m)
{
	return m->min;
}

uint64_t mask_names_lengths(const struct mask_names *m, uint32_t letters[64])
{
	uint64_t lengths = 0;
	unsigned int i;

	for (i = 0; i < m->n; i++) {
		lengths |= 1ull << (m->name[i].len & 63);
		letters[m->name[i].len & 63] |= 1u << (m->name[i].first & 31);
	}
	return lengths;
}

/* Gateways take '_' and '-' in the name of a header field for the same (CGI). */
static inline uint8_t canonical(uint8_t c, bool header)
{
	return header && c == '_' ? '-' : lower(c);
}

static bool match(const struct mask_names *m, const uint8_t *p, size_t n,
		  bool header)
{
	unsigned int i;
	size_t k;

	if (!n || n > MASK_NAME_MAX || !(m->lengths[n / 64] >> (n % 64) & 1))
		return false;
	for (i = 0; i < m->n; i++) {
		if (m->name[i].len != n || m->name[i].first != lower(p[0]))
			continue;
		for (k = 1; k < n; k++)
			if (canonical(p[k], header) !=
			    canonical((uint8_t)m->name[i].text[k], header))
				break;
		if (k == n)
			return true;
	}
	return false;
}

bool mask_names_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	return match(m, p, n, false);
}

bool mask_names_match_header(const struct mask_names *m, const uint8_t *p,
			     size_t n)
{
	return match(m, p, n, true);
}

/* Decoded bytes of a name. One that is too long matches nothing. */
struct part {
	size_t n;
	uint8_t text[MASK_NAME_MAX + 1];
};

static inline void part_add(struct part *part, uint8_t c)
{
	if (part->n < sizeof(part->text))
		part->text[part->n++] = c;
}

static bool part_match(const struct mask_names *m, const struct part *part)
{
	size_t n = part->n;

	while (n && part->text[n - 1] == ' ')
		n--;
	return mask_names_match(m, part->text, n);
}

/* Brackets and dots, and what ends a name for some parsers and is ignored by
 * others. */
static inline bool ends_part(uint8_t c)
{
	return c < 0x20 || c == 0x7f || c == '[' || c == ']' || c == '.' ||
	       c == '"' || c == '\'' || c == '\\';
}

/* What frameworks join the parts of a name with: "form:NAME", "ctl00$NAME". */
static inline bool ends_piece(uint8_t c)
{
	return c < 0x80 && c != ' ' && c != '%' && c != '_' && c != '-' &&
	       !(c >= '0' && c <= '9') &&
	       !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool mask_field_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	struct part whole = {.n = 0}, part = {.n = 0}, piece = {.n = 0};
	const uint8_t *end = p + n;
	int hi, lo;

	for (; p < end; p++) {
		uint8_t c = *p == '+' ? ' ' : *p;

		if (c == '%' && end - p > 2 &&
		    (hi = parse_hex_digit(p[1])) >= 0 &&
		    (lo = parse_hex_digit(p[2])) >= 0) {
			c = (uint8_t)(hi << 4 | lo);
			p += 2;
		}
		part_add(&whole, c);
		if (!ends_piece(c)) {
			if (c != ' ' || piece.n)
				part_add(&piece, c);
		} else {
			if (part_match(m, &piece))
				return true;
			piece.n = 0;
		}
		if (!ends_part(c)) {
			/* Parsers drop blanks before and after a name. */
			if (c != ' ' || part.n)
				part_add(&part, c);
			continue;
		}
		if (part_match(m, &part))
			return true;
		part.n = 0;
	}
	return part_match(m, &piece) || part_match(m, &part) ||
	       part_match(m, &whole);
}

bool mask_names_match_odd(const struct mask_names *m, const uint8_t *p,
			  size_t n)
{
	uint8_t name[MASK_NAME_MAX];
	size_t len = 0, i;

	for (i = 0; i < n && len < sizeof(name); i++)
		if (p[i] > ' ' && p[i] < 0x7f &&
		    !strchr("\"'(),/:;<=>?@[\\]{}", p[i]))
			name[len++] = p[i];
	return match(m, name, len, true) || mask_field_match(m, p, n);
}
