/* SPDX-License-Identifier: MIT */
/* Collects rows and prints them once the width of each column is known. */
#include "term/table.h"

#define COLUMNS_MAX 10

void table_row(struct arena *a, struct table *t, enum style style,
	       const char *const *cells)
{
	enum style *s = ARENA_ADD(a, &t->styles);

	if (!t->columns)
		while (t->heads[t->columns])
			t->columns++;
	if (!s)
		return;
	*s = style;
	for (unsigned int i = 0; i < t->columns; i++) {
		const char **cell = ARENA_ADD(a, &t->cells);

		if (cell)
			*cell = cells[i] ? cells[i] : "";
	}
}

/* A column without text gets width 0. */
static void measure(const struct table *t, unsigned int width[COLUMNS_MAX])
{
	for (unsigned int c = 0; c < t->columns && c < COLUMNS_MAX; c++) {
		width[c] = 0;
		for (size_t i = c; i < t->cells.n; i += t->columns) {
			unsigned int w = term_width(t->cells.items[i]);

			width[c] = w > width[c] ? w : width[c];
		}
		if (width[c] && width[c] < term_width(t->heads[c]))
			width[c] = term_width(t->heads[c]);
	}
}

static void print_row(struct term *out, const char *const *cells,
		      const struct table *t,
		      const unsigned int width[COLUMNS_MAX],
		      unsigned int indent, enum style all, enum style last)
{
	unsigned int gap = indent;

	for (unsigned int c = 0; c < t->columns && c < COLUMNS_MAX; c++) {
		if (!width[c])
			continue;
		term_print(out, "%*s", (int)gap, "");
		term_style(out, c + 1 == t->columns ? last : all, "%s",
			   cells[c]);
		gap = width[c] - term_width(cells[c]) + 2;
	}
	term_print(out, "\n");
}

void table_print(struct term *out, const struct table *t, unsigned int indent)
{
	unsigned int width[COLUMNS_MAX];

	if (!t->styles.n || t->cells.n != t->styles.n * t->columns)
		return;
	measure(t, width);
	print_row(out, t->heads, t, width, indent, DIM, DIM);
	for (size_t i = 0; i < t->styles.n; i++)
		print_row(out, &t->cells.items[i * t->columns], t, width,
			  indent, PLAIN, t->styles.items[i]);
}
