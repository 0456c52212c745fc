/* SPDX-License-Identifier: MIT */
/*
 * Copies of queries, forms and request targets in which the values of secret
 * names are replaced by MASK_TEXT.
 */
#ifndef TRACE_MASK_H
#define TRACE_MASK_H

#include "trace/mask_names.h"

#define MASK_TEXT "[redacted]"

/* Receives the copy, in order, in any number of calls. */
typedef void (*mask_put)(void *ctx, const void *p, size_t n);

/* Masks the name=value pairs of a query or form or, with target set, of a
 * request target or path. A value that contains a secret, in any encoding, is
 * masked too, as is user information after "//". */
void mask_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		bool target, mask_put put, void *ctx);

enum mask_pair { MASK_NO_PAIR, MASK_VALUE, MASK_PAIR };

/* What of one pair mask_pairs() would mask: nothing, its value or also its name, of
 * this length. */
enum mask_pair mask_pair_secret(const struct mask_names *m, const uint8_t *p,
				size_t n, size_t name);

#endif
