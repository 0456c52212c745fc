/* SPDX-License-Identifier: MIT */
/* Content-Transfer-Encoding (RFC 2045 section 6), which parts of multipart bodies
 * may still have. */
#ifndef TRACE_MASK_TRANSFER_H
#define TRACE_MASK_TRANSFER_H

#include "trace/mask_names.h"

/* Does a head or field value name an encoding that hides what it encodes? */
bool mask_is_transfer(const uint8_t *p, size_t n);

/* Does text contain a secret if either encoding is undone? Also if it cannot be
 * examined: for lack of memory, or because there is another encoding in it. */
bool mask_transfer_has_secret(const struct mask_names *m, const uint8_t *p,
			      size_t n);

#endif
