/* SPDX-License-Identifier: MIT */
/*
 * The head of an HTTP/1 message: start line and fields (RFC 9112 sections 2
 * to 5), and the trailer section. Works on one contiguous buffer.
 *
 * An observer cannot reject a message, so deviations are flagged and parsing
 * goes on. Only a first line that cannot be a start line is an error.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "http/syntax.h"

enum head_eol { HEAD_EOL_NONE, HEAD_EOL_LF, HEAD_EOL_CR };

/* Where the search for the end of a head resumes when more bytes arrive. */
struct head_cursor {
	uint32_t line;	  /* start of the first incomplete line */
	uint32_t text;	  /* its start after CRs that were skipped, or less */
	uint32_t scanned; /* no line ends before this offset */
	uint32_t crs;	  /* nothing but CRs from scanned up to here, or less */
	uint32_t blank;	  /* end of that line if it has blanks only, or 0 */
	uint8_t prev;	  /* enum head_eol of the previous line */
	uint8_t lf_seen;
	uint8_t first_done; /* the start line is complete */
	uint8_t malformed;
};

enum head_type { HEAD_REQUEST, HEAD_RESPONSE, HEAD_TRAILER };

enum head_result {
	HEAD_OK,   /* complete: h->len bytes */
	HEAD_MORE, /* incomplete; resume at the cursor */
	HEAD_BAD,  /* the first line is not a start line of this type */
};

/*
 * Parses the head at b (len <= HEAD_MAX). With fin no more bytes will come,
 * and those present are the whole head. fields has room for HEAD_FIELDS_MAX,
 * of which h->n_fields are in use (for trailers; their offsets are relative
 * to b, too).
 */
enum head_result head_parse(const uint8_t *b, uint32_t len, bool fin,
			    enum head_type type, struct head *h,
			    struct head_field *fields, struct head_cursor *cur);

/* Only looks for the end of the head: HEAD_OK (sets *end) or HEAD_MORE. */
enum head_result head_find_end(const uint8_t *b, uint32_t len,
			       struct head_cursor *cur, uint32_t *end);

/* Extracts framing information from a field line past HEAD_MAX. */
void head_extra_line(const uint8_t *line, uint32_t len, enum head_type type,
		     struct head *h);

/* Replaces CR and LF in values by spaces (obs-fold, RFC 9112 section 5.2). */
void head_unfold(uint8_t *b, const struct head_field *fields, unsigned int n);

/* Splits the target (RFC 9112 section 3.2); offsets are relative to b. */
struct head_target {
	struct head_ref authority, path, query;
};
void head_split_target(const uint8_t *b, const struct head *h,
		       struct head_target *out);

#endif
