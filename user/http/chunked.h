/* SPDX-License-Identifier: MIT */
/* Parser of the chunked transfer coding (RFC 9112 section 7.1). */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunked_state {
	CHUNKED_SIZE_START, /* at, or before, a chunk size */
	CHUNKED_SIZE,
	CHUNKED_EXT,	/* to the end of the line */
	CHUNKED_EXT_CR, /* after its CR */
	CHUNKED_DATA,
	CHUNKED_DATA_END, /* CRLF after the data */
};

struct chunked {
	uint64_t left; /* CHUNKED_DATA: bytes left of the chunk */
	uint8_t state;
	bool first;  /* no chunk size seen yet */
	bool prefix; /* CHUNKED_SIZE: the size so far is "0" */
	bool cr;     /* CHUNKED_DATA_END: CR was seen */
	bool malformed;
};

enum chunked_event {
	CHUNKED_MORE, /* everything consumed */
	CHUNKED_BODY, /* *n bytes of data at *p */
	CHUNKED_LAST, /* the last chunk ended; the trailer section follows */
	CHUNKED_BAD,  /* no chunk size where one is required */
	CHUNKED_NOT_USED, /* the same, for the first chunk: not chunked at all */
};

void chunked_init(struct chunked *c);

/* Consumes framing from *p on. With CHUNKED_BODY, *n bytes of data are at *p;
 * the caller consumes them and calls again. */
enum chunked_event chunked_next(struct chunked *c, const uint8_t **p,
				const uint8_t *end, size_t *n);

/* n bytes of the stream are missing. True if they lie within one chunk, so that
 * the framing is still known. */
bool chunked_gap(struct chunked *c, uint64_t n);

/* Does the stream end in the line of the last chunk, after all the data? */
bool chunked_at_last(const struct chunked *c);

#endif
