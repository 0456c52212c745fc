/* SPDX-License-Identifier: MIT */
/* Tables of text (RFC 4180): values separated by commas, semicolons, tabs or '|', below
 * a line of names. */
#ifndef TRACE_MASK_TABLE_H
#define TRACE_MASK_TABLE_H

#include "trace/mask.h"

/* Masks the columns of secret names, and all that cannot be told apart from them.
 * names: the line of names, up to rows. Passes on what is from rows to end. */
void mask_table(const struct mask_names *m, const uint8_t *names,
		const uint8_t *rows, const uint8_t *end, mask_put put,
		void *ctx);

#endif
