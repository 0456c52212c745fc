/* SPDX-License-Identifier: MIT */
/* The part of mask_scan() for texts in which something else than '=' or ':' stands
 * between a name and its value. */
#ifndef TRACE_MASK_FORMS_H
#define TRACE_MASK_FORMS_H

#include "trace/mask_tags.h"

/* A word has ended; secret: it is the name of a secret. */
void scan_take_form_word(struct scan *s, bool secret);

/* A byte that is part of no name, after the word before it has ended, and before
 * s->armed changes. */
void scan_take_form(struct scan *s, unsigned int c);

/* A letter after a backslash: a line end or tab of a string, or no escape at all. */
void scan_take_soft(struct scan *s, unsigned int c);

/* A character of a value of PHP's serialize(), if s->serial is set. */
void scan_take_serial(struct scan *s, unsigned int c);

#endif
