/* SPDX-License-Identifier: MIT */
/* Masks members of JSON text. */
#ifndef TRACE_MASK_JSON_H
#define TRACE_MASK_JSON_H

#include "trace/mask.h"

/*
 * Masks the value, of any type, of members with these names at any depth. The
 * text may be truncated. strict: from the first byte that is not JSON, all is
 * masked, because members can no longer be recognised; otherwise that byte is
 * copied and the search continues. A string that is itself JSON or a URL is
 * masked if it contains such a member or parameter.
 */
void mask_json(const struct mask_names *m, const uint8_t *p, size_t n,
	       bool strict, mask_put put, void *ctx);

/* As mask_has_secret() for JSON text. */
bool mask_json_has_secret(const struct mask_names *m, const uint8_t *p,
			  size_t n, unsigned int depth);

/* Does the text start like a JSON object or array? */
bool mask_looks_like_json(const uint8_t *p, size_t n);

#endif
