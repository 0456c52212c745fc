/* SPDX-License-Identifier: MIT */
/* A list to select from, on a terminal with cursor control. */
#ifndef TERM_PROMPT_LIST_H
#define TERM_PROMPT_LIST_H

#include "term/choice.h"
#include "term/prompt_keys.h"

/* If many, sets chosen of at least min choices. Otherwise *cursor is the initial
 * position and the selected index. */
enum prompt_answer prompt_list(struct prompt *p, const char *question,
			       struct choices *c, bool many, size_t min,
			       size_t *cursor);

#endif
