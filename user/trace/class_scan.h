/* SPDX-License-Identifier: MIT */
/*
 * Finds values whose class their form and check digits show (card numbers, email
 * addresses, ...) in text of any format: percent-encoded, escaped as a JSON string
 * or as an entity of XML or HTML, any number of times, and in UTF-16.
 */
#ifndef TRACE_CLASS_SCAN_H
#define TRACE_CLASS_SCAN_H

#include "trace/class_state.h"

/* What to look for: bit n of classes is enum mask_class n. */
void class_set_init(struct class_set *set, unsigned int classes);

/* The first position from start on at which a value may begin, or n. A quick test
 * before class_scan_begin(): if it is n, there is none. */
size_t class_skip_plain(const struct class_set *set, const uint8_t *p, size_t n,
			size_t start, bool cut);

/* name: what precedes the text, such as the name of a field; may be empty. Quoted-printable
 * is undone only if quoted is set after this. */
void class_scan_begin(struct class_scan *s, const struct class_set *set,
		      const uint8_t *p, size_t n, bool cut, const uint8_t *name,
		      size_t n_name);

/* The next value, in order, without overlap. cut: a value that the end of the text
 * may have cut is one, too. */
bool class_scan_next(struct class_scan *s, struct class_hit *hit);

#endif
