/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "trace/mask_within.h"

struct name {
	uint8_t len;
	uint8_t first;	  /* lower case */
	const char *text; /* lower case, in names.text */
};

struct mask_names {
	uint64_t lengths[4]; /* bit n: there is a name of n bytes */
	unsigned int n;
	char *text;
	struct name name[];
};

static inline uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

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
	m->n++;
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

uint64_t mask_names_lengths(const struct mask_names *m)
{
	return m->lengths[0] | m->lengths[1] | m->lengths[2] | m->lengths[3];
}

bool mask_names_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	unsigned int i;
	size_t k;

	/* Nearly every name is turned away here. */
	if (!n || n > MASK_NAME_MAX || !(m->lengths[n / 64] >> (n % 64) & 1))
		return false;
	for (i = 0; i < m->n; i++) {
		if (m->name[i].len != n || m->name[i].first != lower(p[0]))
			continue;
		for (k = 1; k < n; k++)
			if (lower(p[k]) != (uint8_t)m->name[i].text[k])
				break;
		if (k == n)
			return true;
	}
	return false;
}

/* Bytes collected for a comparison; what is too long matches nothing. */
struct part {
	size_t n;
	uint8_t text[MASK_NAME_MAX + 1];
};

static inline void part_add(struct part *part, uint8_t c)
{
	if (part->n < sizeof(part->text))
		part->text[part->n++] = c;
}

bool mask_field_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	struct part whole = {.n = 0}, part = {.n = 0};
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
		if (c != '[' && c != ']' && c != '.') {
			part_add(&part, c);
			continue;
		}
		if (mask_names_match(m, part.text, part.n))
			return true;
		part.n = 0;
	}
	return mask_names_match(m, part.text, part.n) ||
	       mask_names_match(m, whole.text, whole.n);
}

/*
 * Names begin after any of these, so that none is missed; a value to be masked
 * ends at '&' (or, in a path, at the '?') only, because a reader may take the
 * others as part of the value.
 */
static inline bool begins_name(uint8_t c)
{
	return c == '&' || c == ';' || c == '?' || c == '#' || c == '/';
}

/* The value at p, up to the '&' or, in a path, the '?'. */
static const uint8_t *value_end(const uint8_t *p, const uint8_t *end,
				bool in_path)
{
	while (p < end && *p != '&' && !(in_path && *p == '?'))
		p++;
	return p;
}

/* Is there a secret in a value whose name is none: in JSON, or in a URL, or
 * encoded once more? */
static bool value_hides(const struct mask_names *m, const uint8_t *p, size_t n,
			unsigned int depth)
{
	uint8_t small[512], *decoded = small;
	bool hides;

	if (!n)
		return false;
	if (!memchr(p, '%', n))
		return mask_looks_like_json(p, n) &&
		       mask_hides(m, p, n, depth + 1);
	if (n > sizeof(small) && !(decoded = malloc(n)))
		return true; /* rather too much */
	n = parse_form_text(decoded, p, n);
	hides = mask_hides(m, decoded, n, depth + 1);
	if (decoded != small)
		free(decoded);
	return hides;
}

/* Calls put for what is kept and the masks; without put, only tells whether
 * there is anything to mask. */
static bool walk_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		       bool in_path, mask_put put, void *ctx,
		       unsigned int depth)
{
	const uint8_t *end = p + n, *copied = p, *name = p, *looked = p;
	bool any = false, value = false;

	for (; p < end; p++) {
		if (begins_name(*p)) {
			in_path = in_path && *p != '?';
			name = p + 1;
			value = false;
			continue;
		}
		if (*p != '=' || value)
			continue;
		value = true;
		if (!mask_field_match(m, name, (size_t)(p - name))) {
			const uint8_t *from = p + 1;

			/* Names within a value were seen with it. */
			if (from <= looked)
				continue;
			looked = value_end(from, end, in_path);
			if (!value_hides(m, from, (size_t)(looked - from),
					 depth))
				continue;
		}
		if (!put)
			return true;
		any = true;
		put(ctx, copied, (size_t)(p + 1 - copied));
		put(ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		copied = value_end(p + 1, end, in_path);
		p = copied - 1;
	}
	if (put)
		put(ctx, copied, (size_t)(end - copied));
	return any;
}

void mask_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		bool target, mask_put put, void *ctx)
{
	walk_pairs(m, p, n, target, put, ctx, 0);
}

bool mask_pairs_match(const struct mask_names *m, const uint8_t *p, size_t n)
{
	return walk_pairs(m, p, n, false, NULL, NULL, 0);
}

bool mask_hides(const struct mask_names *m, const uint8_t *p, size_t n,
		unsigned int depth)
{
	if (!n)
		return false;
	if (mask_looks_like_json(p, n))
		/* What nobody can look into may be a secret. */
		return depth > MASK_DEPTH || mask_json_hides(m, p, n, depth);
	return depth <= MASK_DEPTH &&
	       walk_pairs(m, p, n, true, NULL, NULL, depth);
}
