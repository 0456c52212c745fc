/* SPDX-License-Identifier: MIT */
/*
 * The gzip member header and trailer (RFC 1952), leniently: reserved flags
 * and a wrong header check are let pass, as browsers do.
 */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include <stddef.h>
#include <stdint.h>

enum gzip_state {
	GZIP_MAGIC,
	GZIP_FIXED,
	GZIP_EXTRA_LEN,
	GZIP_EXTRA,
	GZIP_NAME,
	GZIP_COMMENT,
	GZIP_HCRC,
	GZIP_HEADER_DONE, /* deflate data follows */
	GZIP_TRAILER_DONE,
	GZIP_HEADER_BAD, /* this is not gzip */
};

struct gzip_header {
	uint8_t state;
	uint8_t flags;
	uint8_t n; /* bytes of the present part */
	uint16_t left;
	uint32_t members; /* complete ones */
	uint32_t crc;	  /* of the trailer */
};

/* Consumes bytes until the state is DONE or BAD; returns how many. */
size_t gzip_header_push(struct gzip_header *g, const uint8_t *p, size_t n);
/* After the deflate data: until the state is GZIP_TRAILER_DONE. */
size_t gzip_trailer_push(struct gzip_header *g, const uint8_t *p, size_t n);
/* Ready for the next member. */
void gzip_header_next(struct gzip_header *g);

#endif
