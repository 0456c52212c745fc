/* SPDX-License-Identifier: MIT */
/*
 * A nested message is written behind its tag; its length is inserted once it is
 * known. Messages are small, so moving them costs little.
 */
#include <string.h>

#include "grpc/proto_wire.h"
#include "otlp/proto_put.h"

unsigned int proto_varint_write(uint8_t to[PROTO_VARINT_MAX], uint64_t v)
{
	unsigned int n = 0;

	for (; v >= 0x80; v >>= 7)
		to[n++] = (uint8_t)(v | 0x80);
	to[n++] = (uint8_t)v;
	return n;
}

static void put_number(struct buf *b, uint64_t v)
{
	uint8_t text[PROTO_VARINT_MAX];

	buf_add(b, text, proto_varint_write(text, v));
}

static void put_tag(struct buf *b, uint32_t field, enum proto_wire wire)
{
	put_number(b, (uint64_t)field << 3 | wire);
}

static void put_little_endian(struct buf *b, uint64_t v, unsigned int width)
{
	uint8_t text[8];

	for (unsigned int i = 0; i < width; i++)
		text[i] = (uint8_t)(v >> 8 * i);
	buf_add(b, text, width);
}

void proto_put_varint(struct buf *b, uint32_t field, uint64_t v)
{
	put_tag(b, field, PROTO_VARINT);
	put_number(b, v);
}

void proto_put_fixed32(struct buf *b, uint32_t field, uint32_t v)
{
	put_tag(b, field, PROTO_I32);
	put_little_endian(b, v, 4);
}

void proto_put_fixed64(struct buf *b, uint32_t field, uint64_t v)
{
	put_tag(b, field, PROTO_I64);
	put_little_endian(b, v, 8);
}

void proto_put_bytes(struct buf *b, uint32_t field, const void *p, size_t n)
{
	put_tag(b, field, PROTO_LEN);
	put_number(b, n);
	buf_add(b, p, n);
}

void proto_put_text(struct buf *b, uint32_t field, const char *text)
{
	proto_put_bytes(b, field, text, strlen(text));
}

size_t proto_put_begin(struct buf *b, uint32_t field)
{
	put_tag(b, field, PROTO_LEN);
	return b->len;
}

void proto_put_end(struct buf *b, size_t begin)
{
	uint8_t length[PROTO_VARINT_MAX];
	const size_t n = b->len - begin;
	const unsigned int width = proto_varint_write(length, n);

	if (b->failed || !buf_reserve(b, width))
		return;
	memmove(b->p + begin + width, b->p + begin, n);
	memcpy(b->p + begin, length, width);
	b->len += width;
}
