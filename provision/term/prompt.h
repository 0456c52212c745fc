/* SPDX-License-Identifier: MIT */
/*
 * Questions at a terminal. On one whose cursor moves, lists are chosen from by
 * arrow keys and narrowed down by typing; on others (TERM=dumb) they are
 * numbered. Questions are written to stderr.
 */
#ifndef TERM_PROMPT_H
#define TERM_PROMPT_H

#include "base/parse.h"
#include "term/interrupt.h"
#include "term/term.h"
#include "model/arena.h"

struct prompt {
	struct term *term;
	struct interrupt *interrupt;
	struct arena *mem; /* of answers */
	int in;		   /* file descriptor of the terminal's keyboard */
};

struct choice {
	const char *label;   /* short: an id, what to do */
	const char *detail;  /* what else to know it by, or NULL */
	const char *refusal; /* why it cannot be chosen; NULL: it can */
	bool chosen;
};

struct choices {
	struct choice *items;
	size_t n;
};

enum answer {
	ANSWER_GIVEN,
	ANSWER_BACK,	/* to the question before */
	ANSWER_STOPPED, /* Ctrl-C, or another signal */
	ANSWER_END,	/* the terminal is gone, end of input */
};

/* A new last choice; its memory is that of the list until the next one. */
struct choice *choice_add(struct arena *a, struct choices *c, const char *label,
			  const char *detail);

/* One of the choices: *chosen is where the cursor starts, and the answer. */
enum answer ask_one(struct prompt *p, const char *question,
		    const struct choices *c, size_t *chosen);

/* Any of the choices, at least least of them: sets chosen of each. */
enum answer ask_many(struct prompt *p, const char *question, struct choices *c,
		     size_t least);

/* A text that check accepts; check may be NULL. */
enum answer
ask_text(struct prompt *p, const char *question, const char *initial,
	 bool (*check)(void *ctx, const char *text, struct parse_error *err),
	 void *ctx, const char **out);

enum answer ask_yes(struct prompt *p, const char *question, bool initial,
		    bool *yes);

#endif
