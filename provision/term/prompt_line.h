/* SPDX-License-Identifier: MIT */
/* A line of text, edited in place on a terminal with cursor control. */
#ifndef TERM_PROMPT_LINE_H
#define TERM_PROMPT_LINE_H

#include "base/parse.h"
#include "term/prompt_keys.h"

/* Like prompt_text(). */
enum prompt_answer
prompt_line(struct prompt *p, const char *question, const char *initial,
	    bool (*check)(void *arg, const char *text, struct parse_error *err),
	    void *arg, const char **out);

#endif
