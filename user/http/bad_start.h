/* SPDX-License-Identifier: MIT */
/* What bytes mean that stand where a start line must be, and are none. */
#ifndef HTTP_BAD_START_H
#define HTTP_BAD_START_H

#include "http/types.h"

enum bad_start {
	BAD_WAIT,   /* the next line may be the status line */
	BAD_JUNK,   /* a line or a body of junk, then the status line */
	BAD_SIMPLE, /* the body of an HTTP/0.9 response */
	BAD_NOTHING,
};

/* What do the n bytes at p mean? *line is the length of the line, or body, of
 * junk. */
enum bad_start bad_start_classify(const struct conn *c, enum stream_dir dir,
				  const uint8_t *p, size_t n, size_t *line);

/* No response was seen yet, and none is in progress. */
bool awaits_first_response(const struct conn *c);

/* Does the next response answer an HTTP/0.9 request? */
bool answers_simple_request(const struct conn *c);

#endif
