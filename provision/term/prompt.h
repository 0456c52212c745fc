/* SPDX-License-Identifier: MIT */
/*
 * Questions to the user, written to the prompt's terminal. On a terminal with
 * cursor control, arrow keys select from a list and typing filters it; on others
 * (TERM=dumb) lists are numbered.
 */
#ifndef TERM_PROMPT_H
#define TERM_PROMPT_H

#include "base/parse.h"
#include "term/choice.h"
#include "term/prompt_keys.h"

/* Selects one choice. *chosen is the preselected index, then the answer. */
enum prompt_answer prompt_one(struct prompt *p, const char *question,
			      const struct choices *c, size_t *chosen);

/* Selects min or more choices: sets chosen of each. */
enum prompt_answer prompt_many(struct prompt *p, const char *question,
			       struct choices *c, size_t min);

/* Reads a text, with initial (may be NULL) as the default, until check() accepts
 * it; without check any text will do. *out belongs to the prompt's arena or is
 * initial. */
enum prompt_answer
prompt_text(struct prompt *p, const char *question, const char *initial,
	    bool (*check)(void *arg, const char *text, struct parse_error *err),
	    void *arg, const char **out);

/* A yes/no question with the default initial. */
enum prompt_answer prompt_confirm(struct prompt *p, const char *question,
				  bool initial, bool *yes);

#endif
