/* SPDX-License-Identifier: MIT */
/* Keys of a terminal, one at a time. */
#ifndef TERM_PROMPT_KEYS_H
#define TERM_PROMPT_KEYS_H

#include <termios.h>

#include "term/prompt.h"

enum key {
	KEY_TEXT, /* the bytes of one character */
	KEY_ENTER,
	KEY_UP,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_BACKSPACE,
	KEY_DELETE,
	KEY_CLEAR,     /* Ctrl-U */
	KEY_ALL,       /* Ctrl-A */
	KEY_ESCAPE,    /* alone */
	KEY_NONE,      /* one that means nothing here */
	KEY_INTERRUPT, /* Ctrl-C or a signal */
	KEY_EOF,       /* Ctrl-D, or the terminal is gone */
};

struct keys {
	struct prompt *p;
	struct termios before;
	char text[8]; /* of KEY_TEXT, with a NUL */
};

/* Turns echo and line editing off; false: it is not a terminal. */
bool keys_open(struct keys *k, struct prompt *p);
/* As it was. */
void keys_close(struct keys *k);

enum key keys_next(struct keys *k);

/* A line without its newline, by the terminal's own editing. */
enum answer keys_line(struct prompt *p, const char **out);

/* Both are prompt_list.c and prompt_line.c: what prompt.c does on a terminal
 * whose cursor moves. */
enum answer list_ask(struct prompt *p, const char *question, struct choices *c,
		     bool many, size_t least, size_t *cursor);
enum answer
line_ask(struct prompt *p, const char *question, const char *initial,
	 bool (*check)(void *ctx, const char *text, struct parse_error *err),
	 void *ctx, const char **out);

#endif
