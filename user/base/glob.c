/* SPDX-License-Identifier: MIT */
/*
 * Glob matching without backtracking. The stars split a pattern into parts. The
 * first and the last part are anchored, and placing each part between them at
 * its leftmost match leaves the most text for the parts that follow.
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

struct glob {
	size_t n_parts;		    /* number of stars + 1 */
	size_t min_len;		    /* total length of the parts */
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
	return g;
}

void glob_free(struct glob *g)
{
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

/* Finds the leftmost match of the part in [p, end). Returns the end of the
 * match, or NULL. */
static const uint8_t *find_part(const struct glob_part *part, const uint8_t *p,
				const uint8_t *end)
{
	if (!part->has_wildcard) {
		p = memmem(p, (size_t)(end - p), part->text, part->n);
		return p ? p + part->n : NULL;
	}
	for (; (size_t)(end - p) >= part->n; p++)
		if (part_matches(part, p))
			return p + part->n;
	return NULL;
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
		p = find_part(part, p, end);
		if (!p)
			return false;
	}
	return true;
}
