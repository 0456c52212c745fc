/* SPDX-License-Identifier: MIT */
/* Masks parts of multipart bodies. */
#ifndef TRACE_MASK_PARTS_H
#define TRACE_MASK_PARTS_H

#include "trace/mask.h"

/* multipart/form-data (RFC 7578), possibly truncated: masks the content of parts
 * with these names, and members of JSON in other parts. A body in which no
 * parts can be found is masked as a whole. */
void mask_multipart(const struct mask_names *m, const uint8_t *p, size_t n,
		    mask_put put, void *ctx);

#endif
