/* SPDX-License-Identifier: MIT */
/* A table of texts with aligned columns. */
#ifndef TERM_TABLE_H
#define TERM_TABLE_H

#include "base/list.h"
#include "model/arena.h"
#include "term/term.h"

/* The width of a table that is not printed on a terminal. */
#define TABLE_COLUMNS 80

struct table {
	const char *const *heads;	    /* NULL-terminated, at most 10 */
	unsigned int columns;		    /* set by the first row */
	struct LIST_OF(const char *) cells; /* row by row; not copied */
	struct LIST_OF(enum style) styles;  /* of the last column of each row */
};

/* Adds a row with one text for each head; NULL is an empty cell. */
void table_row(struct arena *a, struct table *t, enum style style,
	       const char *const *cells);

/* Prints heads and rows indented by indent columns, within the width of the
 * terminal, without the columns that are empty in every row; nothing if there are
 * no rows. */
void table_print(struct term *out, const struct table *t, unsigned int indent);

#endif
