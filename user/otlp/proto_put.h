/* SPDX-License-Identifier: MIT */
/* Writes the wire format of Protocol Buffers. Lack of memory sets b->failed. */
#ifndef OTLP_PROTO_PUT_H
#define OTLP_PROTO_PUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Bytes of the longest number. */
#define PROTO_VARINT_MAX 10u

/* Returns its length. */
unsigned int proto_varint_write(uint8_t to[PROTO_VARINT_MAX], uint64_t v);

/* Fields of a message; field: its number. */
void proto_put_varint(struct buf *b, uint32_t field, uint64_t v);
void proto_put_fixed32(struct buf *b, uint32_t field, uint32_t v);
void proto_put_fixed64(struct buf *b, uint32_t field, uint64_t v);
void proto_put_bytes(struct buf *b, uint32_t field, const void *p, size_t n);
void proto_put_text(struct buf *b, uint32_t field, const char *text);

/* What is put between the two calls is a message; begin is what the first call
 * returned. */
size_t proto_put_begin(struct buf *b, uint32_t field);
void proto_put_end(struct buf *b, size_t begin);

#endif
