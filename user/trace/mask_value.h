/* SPDX-License-Identifier: MIT */
/* Where the secret ends that mask_scan() has found. */
#ifndef TRACE_MASK_VALUE_H
#define TRACE_MASK_VALUE_H

#include "trace/mask_hit.h"
#include "trace/mask_names.h"

/* The end of the secret at *from that a scan of text has found, up to found. May move
 * its start beyond a quotation mark. */
const uint8_t *mask_value_end(const struct mask_names *m, enum mask_hit hit,
			      const uint8_t *text, const uint8_t **from,
			      const uint8_t *found, const uint8_t *end);

#endif
