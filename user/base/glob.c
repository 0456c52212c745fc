/* SPDX-License-Identifier: MIT */
/*
 * Glob matching without backtracking. The stars split a pattern into parts. The
 * first and the last part are anchored, and placing each part between them at
 * its leftmost match leaves the most text for the parts that follow.
 *
 * A part without '?' is found by memmem(). A part with '?' is found by the
 * Shift-And algorithm: bit i of the state is set if the part's first i + 1 bytes
 * match the text that ends here. All parts share one bit string, in which they
 * lie one after the other like their text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

/* The text between two stars. */
struct glob_part {
	const uint8_t *text;
	const uint8_t *wildcard; /* per byte of text: not 0 if it is a '?' */
	size_t n;
	bool has_wildcard;
};

#define WORD_BITS 64u
#define WORDS_MAX (GLOB_MAX / WORD_BITS)

/* Bit i of a set of bytes: the byte matches text[i] of the pattern. */
typedef uint64_t glob_bits[WORDS_MAX];

struct glob {
	size_t n_parts;		    /* number of stars + 1 */
	size_t min_len;		    /* total length of the parts */
	glob_bits *matches;	    /* by byte; NULL if no part has a '?' */
	uint8_t text[2 * GLOB_MAX]; /* the parts' text, then their wildcards */
	struct glob_part parts[];
};

static size_t count_parts(const char *p, size_t n)
{
	size_t parts = 1, i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		else if (p[i] == '*')
			parts++;
	}
	return parts;
}

static bool set_matches(struct glob *g)
{
	const uint8_t *wildcard = g->text + GLOB_MAX;
	size_t i, c;

	if (!memchr(wildcard, true, g->min_len))
		return true;
	g->matches = calloc(256, sizeof(g->matches[0]));
	if (!g->matches)
		return false;
	for (i = 0; i < g->min_len; i++)
		for (c = 0; c < 256; c++)
			if (wildcard[i] || g->text[i] == c)
				g->matches[c][i / WORD_BITS] |=
					1ull << i % WORD_BITS;
	return true;
}

struct glob *glob_new(const char *pattern, size_t n)
{
	struct glob_part *part;
	struct glob *g;
	size_t i;

	if (n > GLOB_MAX) {
		errno = EINVAL;
		return NULL;
	}
	i = count_parts(pattern, n);
	g = calloc(1, sizeof(*g) + i * sizeof(g->parts[0]));
	if (!g)
		return NULL;
	g->n_parts = i;
	part = g->parts;
	part->text = g->text;
	part->wildcard = g->text + GLOB_MAX;
	for (i = 0; i < n; i++) {
		uint8_t *to = &g->text[g->min_len];

		if (pattern[i] == '*') {
			part++;
			part->text = to;
			part->wildcard = to + GLOB_MAX;
			continue;
		}
		if (pattern[i] == '?')
			to[GLOB_MAX] = part->has_wildcard = true;
		else if (pattern[i] == '\\' && i + 1 < n)
			i++;
		*to = (uint8_t)pattern[i];
		part->n++;
		g->min_len++;
	}
	if (!set_matches(g)) {
		free(g);
		return NULL;
	}
	return g;
}

void glob_free(struct glob *g)
{
	if (g)
		free(g->matches);
	free(g);
}

static bool part_matches(const struct glob_part *part, const uint8_t *p)
{
	size_t i;

	if (!part->has_wildcard)
		return !memcmp(part->text, p, part->n);
	for (i = 0; i < part->n; i++)
		if (part->text[i] != p[i] && !part->wildcard[i])
			return false;
	return true;
}

/* find_part() for a part with a '?'. */
static const uint8_t *find_wildcards(const struct glob *g,
				     const struct glob_part *part,
				     const uint8_t *p, const uint8_t *end)
{
	size_t first = (size_t)(part->text - g->text);
	size_t last = first + part->n - 1;
	size_t from = first / WORD_BITS, to = last / WORD_BITS, i;
	glob_bits state = {0};

	for (; p < end; p++) {
		const uint64_t *matches = g->matches[*p];
		uint64_t carry = 1ull << first % WORD_BITS;

		for (i = from; i <= to; i++) {
			uint64_t top = state[i] >> (WORD_BITS - 1);

			state[i] = (state[i] << 1 | carry) & matches[i];
			carry = top;
		}
		if (state[to] >> last % WORD_BITS & 1)
			return p + 1;
	}
	return NULL;
}

/* Finds the leftmost match of the part in [p, end). Returns the end of the
 * match, or NULL. */
static const uint8_t *find_part(const struct glob *g,
				const struct glob_part *part, const uint8_t *p,
				const uint8_t *end)
{
	if (part->has_wildcard)
		return find_wildcards(g, part, p, end);
	p = memmem(p, (size_t)(end - p), part->text, part->n);
	return p ? p + part->n : NULL;
}

bool glob_match(const struct glob *g, const uint8_t *p, size_t n)
{
	const struct glob_part *first = g->parts,
			       *last = first + g->n_parts - 1;
	const struct glob_part *part;
	const uint8_t *end;

	if (n < g->min_len || !n)
		return !n && !g->min_len;
	if (!part_matches(first, p))
		return false;
	if (first == last)
		return n == first->n;
	end = p + n - last->n;
	if (!part_matches(last, end))
		return false;
	p += first->n;
	for (part = first + 1; part < last; part++) {
		p = find_part(g, part, p, end);
		if (!p)
			return false;
	}
	return true;
}
