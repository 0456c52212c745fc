/* SPDX-License-Identifier: MIT */
/* Field lines of a head and what they mean for framing (RFC 9112 5 and 6). */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include "http/head.h"

struct field_parser {
	const uint8_t *b;
	struct head *h;
	struct head_field *fields; /* NULL: framing information only */
	bool trailer;		   /* trailers do not change the framing */
	/* the field that may still be continued by obs-fold */
	bool open;
	bool odd;      /* its name is no token */
	bool no_colon; /* so far it is not even a field */
	struct head_field cur;
};

/* One line without its terminator, at offsets of b. */
void fields_line(struct field_parser *fp, uint32_t start, uint32_t end);
/*
 * As many lines from start on as are wholly regular: a token, a colon, a value
 * without control characters, CRLF, and then not obs-fold. Returns where the
 * first line starts that is not, or is not complete. The same result as line
 * by line, but this is where most of the time goes.
 */
uint32_t fields_regular(struct field_parser *fp, uint32_t start, uint32_t end);
/* After the last line. */
void fields_end(struct field_parser *fp);

#endif
