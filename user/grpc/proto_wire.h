/* SPDX-License-Identifier: MIT */
/* Reads the wire format of Protocol Buffers, record by record. */
#ifndef GRPC_PROTO_WIRE_H
#define GRPC_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages and groups may be nested so deep, as in other implementations. */
#define PROTO_DEPTH_MAX 100

enum proto_wire {
	PROTO_VARINT = 0,
	PROTO_I64 = 1,
	PROTO_LEN = 2,
	PROTO_GROUP = 3,
	PROTO_GROUP_END = 4,
	PROTO_I32 = 5,
};

struct proto_span {
	const uint8_t *p;
	size_t n;
};

struct proto_record {
	uint32_t number; /* of the field, not 0 */
	uint8_t wire;	 /* enum proto_wire, never PROTO_GROUP_END */
	uint64_t value;	 /* of a number, as on the wire */
	/* Of PROTO_LEN, and the records in a PROTO_GROUP. */
	struct proto_span data;
};

/* 1: a record; 0: the end of s; -1: malformed. s is what is left. */
int proto_next(struct proto_span *s, struct proto_record *r);
/* False: not a number of at most ten bytes. */
bool proto_varint(struct proto_span *s, uint64_t *v);
/* The number of a fixed width, in bytes: 4 or 8. False: s is shorter. */
bool proto_fixed(struct proto_span *s, unsigned int width, uint64_t *v);

/* sint32 and sint64 */
static inline int64_t proto_zigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

static inline int32_t proto_zigzag32(uint64_t v)
{
	const uint32_t u = (uint32_t)v;

	return (int32_t)(u >> 1 ^ (0 - (u & 1)));
}

/* Compares bytes, as memcmp() does. */
int proto_span_compare(const struct proto_span *a, const struct proto_span *b);

#endif
