/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

/* What stands between two stars. */
struct piece {
	const uint8_t *text;
	const uint8_t *any; /* not 0 where text is a '?' */
	size_t n;
	bool has_any;
};

struct glob {
	size_t n_pieces;	    /* one more than there are stars */
	size_t least;		    /* bytes of all pieces */
	uint8_t text[2 * GLOB_MAX]; /* of the pieces, and their any */
	struct piece pieces[];
};

static size_t count_pieces(const char *p, size_t n)
{
	size_t pieces = 1, i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		else if (p[i] == '*')
			pieces++;
	}
	return pieces;
}

struct glob *glob_new(const char *pattern, size_t n)
{
	struct piece *piece;
	struct glob *g;
	size_t i;

	if (n > GLOB_MAX) {
		errno = EINVAL;
		return NULL;
	}
	i = count_pieces(pattern, n);
	g = calloc(1, sizeof(*g) + i * sizeof(g->pieces[0]));
	if (!g)
		return NULL;
	g->n_pieces = i;
	piece = g->pieces;
	piece->text = g->text;
	piece->any = g->text + GLOB_MAX;
	for (i = 0; i < n; i++) {
		uint8_t *to = &g->text[g->least];

		if (pattern[i] == '*') {
			piece++;
			piece->text = to;
			piece->any = to + GLOB_MAX;
			continue;
		}
		if (pattern[i] == '?')
			to[GLOB_MAX] = piece->has_any = true;
		else if (pattern[i] == '\\' && i + 1 < n)
			i++;
		*to = (uint8_t)pattern[i];
		piece->n++;
		g->least++;
	}
	return g;
}

void glob_free(struct glob *g)
{
	free(g);
}

static bool fits(const struct piece *piece, const uint8_t *p)
{
	size_t i;

	if (!piece->has_any)
		return !memcmp(piece->text, p, piece->n);
	for (i = 0; i < piece->n; i++)
		if (piece->text[i] != p[i] && !piece->any[i])
			return false;
	return true;
}

/* Behind the first place in [p, end) where the piece fits, or NULL. */
static const uint8_t *find(const struct piece *piece, const uint8_t *p,
			   const uint8_t *end)
{
	if (!piece->has_any) {
		p = memmem(p, (size_t)(end - p), piece->text, piece->n);
		return p ? p + piece->n : NULL;
	}
	for (; (size_t)(end - p) >= piece->n; p++)
		if (fits(piece, p))
			return p + piece->n;
	return NULL;
}

/* The first piece begins the text and the last ends it. Of those between, the
 * first place where one fits leaves the most to those that follow. */
bool glob_match(const struct glob *g, const uint8_t *p, size_t n)
{
	const struct piece *first = g->pieces, *last = first + g->n_pieces - 1;
	const struct piece *piece;
	const uint8_t *end;

	if (n < g->least || !n)
		return !n && !g->least;
	if (!fits(first, p))
		return false;
	if (first == last)
		return n == first->n;
	end = p + n - last->n;
	if (!fits(last, end))
		return false;
	p += first->n;
	for (piece = first + 1; piece < last; piece++) {
		p = find(piece, p, end);
		if (!p)
			return false;
	}
	return true;
}
