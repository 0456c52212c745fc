/* SPDX-License-Identifier: MIT */
/*
 * HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/), written entry
 * by entry: a document of any length needs the memory of one transaction.
 */
#ifndef TRACE_HAR_H
#define TRACE_HAR_H

#include "base/buf.h"

/* Appends the beginning of a document, one entry per line after it, and its end. */
void har_begin(struct buf *out);
/* line: what trace_write() has written. first: no entry precedes this one. */
void har_entry(struct buf *out, const uint8_t *line, size_t n, bool first);
void har_end(struct buf *out);

#endif
