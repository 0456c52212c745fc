/* SPDX-License-Identifier: MIT */
/* The automata that recognise values among decoded characters; internal to
 * class_scan.c. */
#ifndef TRACE_CLASS_FIND_H
#define TRACE_CLASS_FIND_H

#include "trace/class_state.h"

/* Takes the next character, whose encoded form is [from, to). */
void class_find(struct class_scan *s, uint8_t c, size_t from, size_t to);

/* Takes the end of the text. */
void class_find_end(struct class_scan *s);

/* Is any of them within something that may become a value? */
bool class_find_busy(const struct class_scan *s);

/* Where the earliest of these began; SIZE_MAX if there is none. */
size_t class_find_start(const struct class_scan *s);

/* Takes the text between these positions, in which nothing is encoded or begins. */
void class_find_skip(struct class_scan *s, size_t from, size_t to);

#endif
