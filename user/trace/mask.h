/* SPDX-License-Identifier: MIT */
/*
 * Copies of queries, forms and request targets in which the values of secret
 * names are replaced by MASK_TEXT.
 */
#ifndef TRACE_MASK_H
#define TRACE_MASK_H

#include "trace/mask_names.h"

#define MASK_TEXT "[redacted]"

/* Encodings within encodings are examined down to this many levels. */
#define MASK_DEPTH 3

/* Receives the copy, in order, in any number of calls. */
typedef void (*mask_put)(void *ctx, const void *p, size_t n);

/* Masks the name=value pairs of a query or form or, with target set, of a
 * request target or path. A value that contains one of the names, in JSON or
 * encoded once more, is masked too. */
void mask_pairs(const struct mask_names *m, const uint8_t *p, size_t n,
		bool target, mask_put put, void *ctx);

/* Would mask_pairs() mask anything? */
bool mask_pairs_match(const struct mask_names *m, const uint8_t *p, size_t n);

/* Does a decoded text, found at this depth, contain a member or parameter with
 * one of the names? */
bool mask_has_secret(const struct mask_names *m, const uint8_t *p, size_t n,
		     unsigned int depth);

#endif
