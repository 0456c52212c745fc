/* SPDX-License-Identifier: MIT */
/* Field lines, and what they say about framing (RFC 9112 sections 5 and 6). */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "http/syntax.h"

struct field_parser {
	const uint8_t *b;
	struct head *h;
	struct head_field *fields; /* NULL: framing information only */
	bool trailer;		   /* trailers do not change the framing */
	/* The open field: obs-fold may still continue it. */
	bool open;
	bool odd;      /* its name is not a token */
	bool no_colon; /* no colon so far: not a field unless one follows */
	struct head_field cur;
};

/* One line without its terminator, at offsets of b. */
void fields_line(struct field_parser *fp, uint32_t start, uint32_t end);
/*
 * Fast path for regular lines: a token, a colon, a value without control
 * characters, CRLF, and no obs-fold after it. Stops at the first line that is
 * irregular or incomplete and returns its offset. Same result as fields_line()
 * for each line; most of the time of parsing heads is spent here.
 */
uint32_t fields_regular(struct field_parser *fp, uint32_t start, uint32_t end);
/* After the last line. */
void fields_end(struct field_parser *fp);
/* Reads a value of Content-Encoding. */
void fields_content_encoding(struct head *h, const uint8_t *p, size_t n);
/* Flags contradictions (RFC 9112 section 6.1) once all fields are known. */
void fields_conclude(struct head *h);

#endif
