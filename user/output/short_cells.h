/* SPDX-License-Identifier: MIT */
/* Writes one line of a terminal, whose columns it counts and never exceeds. */
#ifndef OUTPUT_SHORT_CELLS_H
#define OUTPUT_SHORT_CELLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json_walk.h"

struct short_style {
	bool colour;
	/* The terminal shows UTF-8, and the thread's locale has wcwidth() for it; else
	 * what is not ASCII is escaped. */
	bool utf8;
	unsigned int columns; /* of the terminal; 0: any number */
};

struct cells {
	struct buf *b;
	const struct short_style *style;
	unsigned int used, limit; /* columns */
	bool full;		  /* nothing more is written */
};

enum cells_colour {
	CELLS_PLAIN,
	CELLS_BOLD,
	CELLS_DIM,
	CELLS_RED,
	CELLS_GREEN,
	CELLS_YELLOW,
	CELLS_MAGENTA,
	CELLS_CYAN,
};

/* limit 0: none. */
void cells_begin(struct cells *c, struct buf *b,
		 const struct short_style *style, unsigned int limit);
void cells_end(struct cells *c);

void cells_colour(struct cells *c, enum cells_colour colour);

/* Text of our own, in ASCII. */
void cells_put(struct cells *c, const char *text);

/*
 * The content of a string of JSON, in at most max columns: the end of what is too long is
 * replaced by "...". Its escapes stay, but for those of '"', '\' and '/'.
 */
void cells_text(struct cells *c, struct json_text text, unsigned int max);

/* The columns that it takes. */
unsigned int cells_width(const struct cells *c, struct json_text text);

#endif
