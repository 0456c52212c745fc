/* SPDX-License-Identifier: MIT */
/*
 * JSON text (RFC 8259), append-only. Two levels: raw pointers for the hot path
 * of the trace writer, and struct buf for everything else.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Room that json_escape() needs at its destination for n bytes. */
#define JSON_ESCAPE_ROOM(n) ((size_t)(n)*6 + 32)
/* Digits of a 64-bit number, and what json_put_u64() may overwrite. */
#define JSON_U64_ROOM 24
/* Room that json_base64() needs for n bytes. */
#define JSON_BASE64_ROOM(n) (((size_t)(n) + 2) / 3 * 4 + 16)

enum json_invalid {
	JSON_REPLACE, /* each byte that is not UTF-8 becomes U+FFFD */
	JSON_REFUSE,  /* NULL is returned */
};

/* Copies n bytes to w, escaped for use between quotes, and returns the end of
 * what was written. */
uint8_t *json_escape(uint8_t *w, const uint8_t *p, size_t n,
		     enum json_invalid invalid);

/* The same without the instructions of newer x86 CPUs. */
uint8_t *json_escape_portable(uint8_t *w, const uint8_t *p, size_t n,
			      enum json_invalid invalid);

/* Length without a UTF-8 sequence that the end of the text cuts in two. */
size_t json_utf8_complete(const uint8_t *p, size_t n);

uint8_t *json_put_u64(uint8_t *w, uint64_t v);

/* RFC 4648 section 4, with padding. */
uint8_t *json_base64(uint8_t *w, const uint8_t *p, size_t n);

/* "text" with quotes; invalid UTF-8 is replaced. */
void json_add_string(struct buf *b, const void *p, size_t n);
void json_add_u64(struct buf *b, uint64_t v);

#endif
