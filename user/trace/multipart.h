/* SPDX-License-Identifier: MIT */
/* Takes multipart bodies (RFC 2046 section 5.1, RFC 7578) apart. */
#ifndef TRACE_MULTIPART_H
#define TRACE_MULTIPART_H

#include "base/buf.h"

/* Finds the delimiter of the parts: the first line that begins with "--", after a
 * preamble. If the preamble contains such a line, all that follows is one part.
 * NULL: none. */
const uint8_t *multipart_delimiter(const uint8_t *p, const uint8_t *end,
				   size_t *len);
/* The position after the empty line that ends the fields of a part, or end. p is
 * in the line of the delimiter. */
const uint8_t *multipart_content(const uint8_t *p, const uint8_t *end);
/* The next delimiter at the start of a line, or end. */
const uint8_t *multipart_next(const uint8_t *p, const uint8_t *end,
			      const uint8_t *delimiter, size_t len);

/* The next one that every parser takes for one: nothing else is on its line, and lines
 * end as the first one does. */
const uint8_t *multipart_sure_next(const uint8_t *p, const uint8_t *end,
				   const uint8_t *delimiter, size_t len);
/* The end of the content that starts at start: before the line end that precedes
 * the delimiter at next and belongs to it. */
const uint8_t *multipart_end(const uint8_t *start, const uint8_t *next,
			     const uint8_t *end);

/*
 * Appends the body with the content of each part that is not UTF-8 replaced by
 * "[binary: N bytes, SHA-256 HEX]", or "[binary: N bytes or more]" if the body ends
 * within it or bytes are missing (gaps). False: there are no parts, or the result
 * would be much longer, or no memory; to is undefined then.
 */
bool multipart_readable(struct buf *to, const uint8_t *p, size_t n, bool gaps);

#endif
