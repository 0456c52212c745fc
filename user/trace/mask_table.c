/* SPDX-License-Identifier: MIT */
/*
 * Masks the columns of a table. Where readers may disagree about which column a value
 * is in (quotation marks, too many delimiters), more is masked.
 */
#include <string.h>

#include "trace/mask_scan.h"
#include "trace/mask_table.h"

#define COLUMNS_MAX 64

struct table_walk {
	const struct mask_names *m;
	const uint8_t *end, *copied;
	mask_put put;
	void *ctx;
	uint8_t delimiter;
	unsigned int n;	  /* columns */
	uint64_t secret;  /* bit i: column i is */
	unsigned int min; /* the first that is */
};

static bool is_delimiter(uint8_t c)
{
	return c == ',' || c == ';' || c == '\t' || c == '|';
}

static bool add_column(struct table_walk *t, const uint8_t *p,
		       const uint8_t *end)
{
	if (mask_field_match(t->m, p, (size_t)(end - p))) {
		if (t->n >= COLUMNS_MAX)
			return false;
		if (!t->secret)
			t->min = t->n;
		t->secret |= 1ull << t->n;
	}
	t->n++;
	return true;
}

/* Reads the line of names. false: not all of it is understood. */
static bool read_names(struct table_walk *t, const uint8_t *p,
		       const uint8_t *end)
{
	const uint8_t *name = p;

	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	for (; p < end; p++) {
		if (*p == '%' || *p == '&' || *p == '\\')
			return false;
		if (!is_delimiter(*p))
			continue;
		if (t->delimiter && *p != t->delimiter)
			return false;
		t->delimiter = *p;
		if (!add_column(t, name, p))
			return false;
		name = p + 1;
	}
	return add_column(t, name, end) && t->secret;
}

/* The end of the value at p; NULL if readers may disagree about it. */
static const uint8_t *value_end(const struct table_walk *t, const uint8_t *p)
{
	bool quoted;

	while (p < t->end && *p == ' ')
		p++;
	quoted = p < t->end && *p == '"';
	if (quoted) {
		do {
			p = memchr(p + 1, '"', (size_t)(t->end - p - 1));
			if (!p)
				return NULL;
			p++;
		} while (p < t->end && *p == '"');
		while (p < t->end && *p == ' ')
			p++;
	}
	for (; p < t->end && *p != t->delimiter && *p != '\n' && *p != '\r';
	     p++)
		if (quoted || *p == '"')
			return NULL;
	return p;
}

/* The number of values in the row at p; 0: it is not clear. */
static unsigned int count_values(const struct table_walk *t, const uint8_t *p)
{
	unsigned int n = 1;

	for (; (p = value_end(t, p)) && p < t->end && *p == t->delimiter; p++)
		n++;
	return p ? n : 0;
}

static void put_mask(struct table_walk *t, const uint8_t *from,
		     const uint8_t *to)
{
	t->put(t->ctx, t->copied, (size_t)(from - t->copied));
	t->put(t->ctx, MASK_TEXT, sizeof(MASK_TEXT) - 1);
	t->copied = to;
}

/* Masks the row at p, of n values. Returns its end. */
static const uint8_t *mask_row(struct table_walk *t, const uint8_t *p,
			       unsigned int n)
{
	const uint8_t *stop;
	unsigned int i;
	bool secret;

	for (i = 0; i < n; i++, p = stop + 1) {
		stop = value_end(t, p);
		secret = i < COLUMNS_MAX && t->secret >> i & 1;
		/* Too many: one of them may contain a delimiter. */
		if (n > t->n)
			secret = i >= t->min;
		if ((secret && stop > p) ||
		    mask_has_secret(t->m, p, (size_t)(stop - p)))
			put_mask(t, p, stop);
	}
	return p - 1;
}

void mask_table(const struct mask_names *m, const uint8_t *names,
		const uint8_t *rows, const uint8_t *end, mask_put put,
		void *ctx)
{
	struct table_walk t = {
		.m = m, .end = end, .copied = rows, .put = put, .ctx = ctx};
	const bool clear = read_names(&t, names, rows);
	const uint8_t *p = rows;
	unsigned int n;

	while (p < end) {
		if (*p == '\n' || *p == '\r') {
			p++;
			continue;
		}
		n = clear ? count_values(&t, p) : 0;
		if (!n) {
			put_mask(&t, p, end);
			break;
		}
		p = mask_row(&t, p, n);
	}
	put(ctx, t.copied, (size_t)(end - t.copied));
}
