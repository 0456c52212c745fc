/* SPDX-License-Identifier: MIT */
/* Recognises numbers with check digits or a fixed form: card, ssn, iban. Internal to
 * class_find.c. */
#ifndef TRACE_CLASS_NUMBERS_H
#define TRACE_CLASS_NUMBERS_H

#include "trace/class_state.h"

/* Take the next character, whose encoded form is [from, to). */
void class_take_digits(struct class_scan *s, uint8_t c, size_t from, size_t to);
void class_take_iban(struct class_scan *s, uint8_t c, size_t to);

/* Takes the end of the text. */
void class_numbers_end(struct class_scan *s);

#endif
