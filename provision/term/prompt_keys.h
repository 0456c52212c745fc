/* SPDX-License-Identifier: MIT */
/*
 * Keyboard input of a prompt: single keys in raw mode, or whole lines edited by
 * the terminal driver. Every wait also ends on a signal.
 */
#ifndef TERM_PROMPT_KEYS_H
#define TERM_PROMPT_KEYS_H

#include <termios.h>

#include "model/arena.h"
#include "term/interrupt.h"
#include "term/term.h"

/* Where a prompt is shown and read. The caller owns what it points to. */
struct prompt {
	struct term *term;
	struct interrupt *interrupt;
	struct arena *mem; /* holds the answers */
	int in;		   /* file descriptor of the keyboard */
};

/* How a prompt ended. */
enum prompt_answer {
	ANSWER_GIVEN,
	ANSWER_BACK,	/* return to the previous question */
	ANSWER_STOPPED, /* Ctrl-C or a signal */
	ANSWER_END,	/* end of input, or the terminal hung up */
};

enum key {
	KEY_TEXT, /* a printable character, in struct keys */
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
	KEY_ESCAPE,    /* alone, not the start of a sequence */
	KEY_NONE,      /* no meaning in a prompt */
	KEY_INTERRUPT, /* Ctrl-C or a signal */
	KEY_EOF,       /* Ctrl-D, or the terminal hung up */
};

/* A terminal in raw mode. */
struct keys {
	struct prompt *p;
	struct termios before; /* restored by keys_close() */
	char text[8];	       /* the UTF-8 character of KEY_TEXT */
};

/* Enters raw mode: no echo, no line editing, Ctrl-C is a key. Fails if p->in is
 * not a terminal. Returns 0 or -errno. */
int keys_open(struct keys *k, struct prompt *p);
void keys_close(struct keys *k);

enum key keys_next(struct keys *k);

/* Reads one line, without its newline and trailing blanks, into p->mem. */
enum prompt_answer keys_line(struct prompt *p, const char **out);

#endif
