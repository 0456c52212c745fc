/* SPDX-License-Identifier: MIT */
/*
 * Text for people. Names and messages come from others (anybody may tag an
 * instance), so that control characters in them never reach the terminal.
 */
#ifndef TERM_TERM_H
#define TERM_TERM_H

#include <stdbool.h>
#include <stdio.h>

enum style { PLAIN, BOLD, DIM, GREEN, YELLOW, RED, CYAN };

struct term {
	FILE *out; /* not owned */
	bool tty;
	bool colour; /* not with NO_COLOR, not on TERM=dumb */
	bool moves;  /* the cursor can be moved: not on TERM=dumb */
};

void term_init(struct term *t, FILE *out);

/* Columns and lines; 80 x 24 when they are not known. */
void term_size(const struct term *t, unsigned int *columns,
	       unsigned int *lines);

/* Newlines of fmt are kept, control characters of the arguments become "?". */
void term_print(struct term *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void term_style(struct term *t, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* At most columns of text, cut off with "..."; returns the columns taken. */
unsigned int term_cut(struct term *t, enum style style, unsigned int columns,
		      const char *text);

/* A paragraph that is wrapped at the width of the terminal (or 100 columns in a
 * file), its first line after head, the others indented like it. The style is
 * that of head, or of the text when head is blank. */
void term_wrap(struct term *t, enum style style, const char *head,
	       const char *text);
/* The same without the newline at its end, where room columns are left. */
void term_wrap_open(struct term *t, enum style style, const char *head,
		    const char *text, unsigned int room);

/* Columns that a text takes, with control characters counted as one. */
unsigned int term_width(const char *text);

#endif
