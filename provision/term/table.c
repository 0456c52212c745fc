/* SPDX-License-Identifier: MIT */
/*
 * Collects rows and prints them once the width of each column is known. A table
 * that is wider than the screen is not cut, since people copy ids from it: long
 * cells continue in the next line, and columns that do not fit beside the others
 * get lines of their own.
 */
#include <stdlib.h>
#include <string.h>

#include "term/table.h"

#define COLUMNS_MAX 10
#define GAP	    2
#define DEEPER	    2 /* further indentation of columns on lines of their own */
#define BREAKABLE   24 /* longer words are broken anywhere; ids are shorter */

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

/* The bytes of a word of text and of the character that ends it, at which a line
 * may be broken. */
static size_t word_length(const char *text)
{
	size_t n = strcspn(text, " /:,=");

	return n + (text[n] != 0);
}

static unsigned int width_of(const char *text, size_t n)
{
	char *part = strndup(text, n);
	unsigned int width = part ? term_width(part) : 0;

	free(part);
	return width;
}

struct column {
	unsigned int width; /* of its longest text; 0: it has none */
	unsigned int least; /* below which words would be broken */
	unsigned int line;  /* of the row, from 0 */
};

static void measure_cell(struct column *c, const char *text)
{
	unsigned int w = term_width(text);

	c->width = w > c->width ? w : c->width;
	for (size_t n; *text; text += n) {
		n = word_length(text);
		w = width_of(text, n);
		w = w > BREAKABLE ? BREAKABLE : w;
		c->least = w > c->least ? w : c->least;
	}
}

static void measure(const struct table *t, struct column c[COLUMNS_MAX])
{
	memset(c, 0, COLUMNS_MAX * sizeof(*c));
	for (unsigned int i = 0; i < t->columns && i < COLUMNS_MAX; i++) {
		for (size_t k = i; k < t->cells.n; k += t->columns)
			measure_cell(&c[i], t->cells.items[k]);
		if (c[i].width)
			measure_cell(&c[i], t->heads[i]);
	}
}

/* Narrows the widest columns of one line until they fit. */
static void narrow(struct column *c, unsigned int n, unsigned int line,
		   unsigned int room)
{
	for (;;) {
		struct column *widest = NULL;
		unsigned int total = 0;

		for (unsigned int i = 0; i < n; i++) {
			if (!c[i].width || c[i].line != line)
				continue;
			total += c[i].width + (total ? GAP : 0);
			if (c[i].width > c[i].least &&
			    (!widest || c[i].width > widest->width))
				widest = &c[i];
		}
		if (total <= room || !widest)
			return;
		widest->width--;
	}
}

/* Distributes the columns among as few lines as possible. Returns their number. */
static unsigned int lay_out(struct column *c, unsigned int n, unsigned int room)
{
	unsigned int line = 0, used = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (!c[i].width)
			continue;
		if (used && used + GAP + c[i].least > room - DEEPER * !!line) {
			line++;
			used = 0;
		}
		used += c[i].least + (used ? GAP : 0);
		c[i].line = line;
	}
	for (unsigned int l = 0; l <= line; l++)
		narrow(c, n, l, room - DEEPER * !!l);
	return line + 1;
}

/* The bytes of text that fit into width columns, if possible whole words. */
static size_t fitting(const char *text, unsigned int width)
{
	size_t n = 0, word;

	while (text[n]) {
		word = word_length(text + n);
		if (width_of(text, n + word) > width)
			break;
		n += word;
	}
	if (n || !*text)
		return n;
	for (n = 1; text[n]; n++) {
		bool within = ((unsigned char)text[n] & 0xc0) == 0x80;

		if (!within && width_of(text, n) >= width)
			break;
	}
	return n;
}

/* Prints the next piece of each cell that belongs to a line. Returns whether
 * there was one. */
static bool print_pieces(struct term *out, const char **rest,
			 const struct table *t, const struct column *c,
			 unsigned int line, unsigned int indent, enum style all,
			 enum style last)
{
	unsigned int gap = indent;
	bool any = false;

	for (unsigned int i = 0; i < t->columns && i < COLUMNS_MAX; i++)
		any |= c[i].width && c[i].line == line && *rest[i];
	for (unsigned int i = 0; any && i < t->columns && i < COLUMNS_MAX;
	     i++) {
		size_t n;

		if (!c[i].width || c[i].line != line)
			continue;
		n = fitting(rest[i], c[i].width);
		if (n) {
			term_print(out, "%*s", (int)gap, "");
			term_style(out, i + 1 == t->columns ? last : all,
				   "%.*s", (int)n, rest[i]);
			gap = 0;
		}
		gap += c[i].width - width_of(rest[i], n) + GAP;
		rest[i] += n;
	}
	if (any)
		term_print(out, "\n");
	return any;
}

static void print_row(struct term *out, const char *const *cells,
		      const struct table *t, const struct column *c,
		      unsigned int lines, unsigned int indent, enum style all,
		      enum style last)
{
	const char *rest[COLUMNS_MAX];

	for (unsigned int i = 0; i < t->columns && i < COLUMNS_MAX; i++)
		rest[i] = cells[i];
	for (unsigned int line = 0; line < lines; line++)
		while (print_pieces(out, rest, t, c, line,
				    indent + DEEPER * !!line, all, last))
			continue;
}

void table_print(struct term *out, const struct table *t, unsigned int indent)
{
	struct column c[COLUMNS_MAX];
	unsigned int columns, height, lines;

	if (!t->styles.n || t->cells.n != t->styles.n * t->columns)
		return;
	term_size(out, &columns, &height);
	if (!out->tty || columns < indent + BREAKABLE + DEEPER)
		columns = TABLE_COLUMNS;
	measure(t, c);
	lines = lay_out(c, t->columns, columns - indent);
	print_row(out, t->heads, t, c, lines, indent, DIM, DIM);
	for (size_t i = 0; i < t->styles.n; i++)
		print_row(out, &t->cells.items[i * t->columns], t, c, lines,
			  indent, PLAIN, t->styles.items[i]);
}
