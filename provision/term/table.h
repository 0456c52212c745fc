/* SPDX-License-Identifier: MIT */
/* A table of texts with aligned columns. */
#ifndef TERM_TABLE_H
#define TERM_TABLE_H

#include "term/term.h"
#include "model/arena.h"

struct table {
	const char *const *heads; /* NULL-terminated, at most 10 */
	unsigned int columns;	  /* set by the first row */
	struct {
		const char **items; /* row by row; not copied */
		size_t n;
	} cells;
	struct {
		enum style *items; /* of the last column of each row */
		size_t n;
	} styles;
};

/* Adds a row with one text for each head; NULL is an empty cell. */
void table_row(struct arena *a, struct table *t, enum style style,
	       const char *const *cells);

/* Prints heads and rows indented by indent columns, without the columns that are
 * empty in every row; nothing if there are no rows. */
void table_print(struct term *out, const struct table *t, unsigned int indent);

#endif
