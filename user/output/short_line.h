/* SPDX-License-Identifier: MIT */
/*
 * The short form of a line, for people who watch a terminal:
 *
 *	TIME CLIENT METHOD HOST+PATH STATUS DURATION REQUEST/RESPONSE [FLAGS]
 */
#ifndef OUTPUT_SHORT_LINE_H
#define OUTPUT_SHORT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "output/short_cells.h"

/*
 * Appends the short form, with a line end, of a line of NDJSON without one. Text from the
 * network is shown as it is escaped in JSON, so it cannot control the terminal. What is
 * not a line of ours becomes a line that shows its beginning.
 */
void short_line(struct buf *out, const struct short_style *style,
		const uint8_t *line, size_t n);

#endif
