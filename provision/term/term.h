/* SPDX-License-Identifier: MIT */
/*
 * Text output for people. Names and messages are untrusted (anyone with access
 * to the account can tag an instance): control characters in them are replaced
 * so that they cannot drive the terminal.
 */
#ifndef TERM_TERM_H
#define TERM_TERM_H

#include <stdbool.h>
#include <stdio.h>

enum style { PLAIN, BOLD, DIM, GREEN, YELLOW, RED, CYAN };

struct term {
	FILE *out; /* not owned */
	bool tty;
	bool colour;	      /* false with NO_COLOR or TERM=dumb */
	bool moves;	      /* cursor control works: false with TERM=dumb */
	unsigned int columns; /* 0: those of the terminal or file */
};

void term_init(struct term *t, FILE *out);

/* Columns and lines: 80 x 24 on a terminal of unknown size, 100 columns in a
 * file. */
void term_size(const struct term *t, unsigned int *columns,
	       unsigned int *lines);

/* Prints like printf(). Newlines of fmt are kept; control characters in the
 * arguments become "?". */
void term_print(struct term *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void term_style(struct term *t, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints text, truncated with "..." to columns; returns the columns used. */
unsigned int term_cut(struct term *t, enum style style, unsigned int columns,
		      const char *text);

/* Prints text wrapped to the width of the terminal; its line breaks stay. The
 * first line follows head, the others are indented by its width. style applies
 * to head, or to the text if head is blank. */
void term_wrap(struct term *t, enum style style, const char *head,
	       const char *text);
/* The same without a final newline and with room columns left on the last
 * line. */
void term_wrap_open(struct term *t, enum style style, const char *head,
		    const char *text, unsigned int room);

/* The width of text in columns; a control character counts as one. */
unsigned int term_width(const char *text);

#endif
