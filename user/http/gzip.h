/* SPDX-License-Identifier: MIT */
/*
 * Header and trailer of a gzip member (RFC 1952). Like browsers, ignores
 * reserved flags and the header CRC.
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
	GZIP_HEADER_BAD, /* not gzip */
};

struct gzip_header {
	uint8_t state;
	uint8_t flags;
	uint8_t n;	  /* bytes consumed of the current part */
	uint16_t left;	  /* GZIP_EXTRA: bytes left */
	uint32_t members; /* complete members */
	uint32_t crc;	  /* CRC32 of the trailer */
};

/* Consumes bytes until the header is complete or bad; returns their number. */
size_t gzip_header_push(struct gzip_header *g, const uint8_t *p, size_t n);
/* After the deflate data: consumes bytes until GZIP_TRAILER_DONE; returns their
 * number. */
size_t gzip_trailer_push(struct gzip_header *g, const uint8_t *p, size_t n);
/* Prepares for the next member. */
void gzip_header_next(struct gzip_header *g);

#endif
