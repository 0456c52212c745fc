/* SPDX-License-Identifier: MIT */
/* Masks members of JSON text. */
#ifndef TRACE_MASK_JSON_H
#define TRACE_MASK_JSON_H

#include "trace/mask.h"

/*
 * Masks the value, of any type, of members with these names at any depth. The
 * text may be truncated. strict: from the first byte that is not JSON, all is
 * masked, because members can no longer be recognised; otherwise that byte is
 * copied and the search continues. A string that contains a secret, in any
 * format, is masked.
 */
void mask_json(const struct mask_names *m, const uint8_t *p, size_t n,
	       bool strict, mask_put put, void *ctx);

/* The end of the value at p; end if the text ends within it. */
const uint8_t *mask_json_value_end(const uint8_t *p, const uint8_t *end);

/* Writes a code unit as UTF-8, at most 3 bytes. Returns the position after it. */
uint8_t *mask_put_utf8(uint8_t *to, unsigned int c);

/* Does the text start like a JSON object or array? */
bool mask_looks_like_json(const uint8_t *p, size_t n);

#endif
