/* SPDX-License-Identifier: MIT */
/* Looks back from a position of the text: what precedes a value. Each examines a
 * bounded number of bytes. */
#ifndef TRACE_CLASS_CONTEXT_H
#define TRACE_CLASS_CONTEXT_H

#include "trace/class_state.h"

/* Does a name of Social Security numbers precede the value at from? */
bool class_after_ssn(const struct class_scan *s, size_t from);

/* Is p such a name? It may be a name and what stands between it and a value. */
bool class_names_ssn(const uint8_t *p, size_t n);

/* Does a name that contains "secret" end p? */
bool class_names_secret(const uint8_t *p, size_t n);

/* Is there a secret key right before the key id at from? Sets its bounds. */
bool class_secret_before(const struct class_scan *s, size_t from,
			 size_t *secret, size_t *end);

/* Where an address begins that the end of the text cuts before its '@', after a name
 * that ends in "mail"; n if there is none. */
size_t class_cut_address(const struct class_set *set, const uint8_t *p,
			 size_t n, bool cut);

/* Does a number begin at from, so that the '%' before it encodes nothing, as in
 * "LIKE '%4111...%'"? */
bool class_is_literal(const struct class_scan *s, size_t from);

#endif
