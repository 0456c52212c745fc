/* SPDX-License-Identifier: MIT */
/*
 * Secrets within values: JSON in a string of JSON or in a form, parameters of
 * a URL in either. Private to mask*.c. A value that has one is masked whole.
 */
#ifndef TRACE_MASK_WITHIN_H
#define TRACE_MASK_WITHIN_H

#include "trace/mask.h"

/* So often a text is decoded that was found within another. */
#define MASK_DEPTH 3

/* Whether a decoded text has a member or a parameter of these names. */
bool mask_hides(const struct mask_names *m, const uint8_t *p, size_t n,
		unsigned int depth);

/* The same of JSON. */
bool mask_json_hides(const struct mask_names *m, const uint8_t *p, size_t n,
		     unsigned int depth);

#endif
