/* SPDX-License-Identifier: MIT */
/* The chunked transfer coding (RFC 9112 section 7.1), byte by byte. */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunked_state {
	CHUNKED_SIZE_START, /* blanks and line ends before a size */
	CHUNKED_SIZE,
	CHUNKED_EXT, /* to the end of the line */
	CHUNKED_DATA,
	CHUNKED_DATA_END, /* CRLF after the data */
};

struct chunked {
	uint64_t left; /* of the chunk, valid in CHUNKED_DATA */
	uint8_t state;
	bool first; /* no chunk size was seen yet */
	bool malformed;
};

enum chunked_event {
	CHUNKED_MORE,	  /* everything consumed */
	CHUNKED_BODY,	  /* *n bytes of data at the position */
	CHUNKED_LAST,	  /* the last chunk's line was consumed: trailers */
	CHUNKED_BAD,	  /* no chunk size where one must be */
	CHUNKED_NOT_USED, /* the same, at the very first one */
};

void chunked_init(struct chunked *c);

/* Consumes framing at *p up to end. With CHUNKED_BODY *p is at data of which
 * *n bytes are there; the caller takes them and calls again. */
enum chunked_event chunked_next(struct chunked *c, const uint8_t **p,
				const uint8_t *end, size_t *n);

/* n bytes of the stream are missing: true if they lie within one chunk. */
bool chunked_gap(struct chunked *c, uint64_t n);

/* The stream ends here: is that at, or within the line of, the last chunk? */
bool chunked_at_last(const struct chunked *c);

#endif
