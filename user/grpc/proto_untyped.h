/* SPDX-License-Identifier: MIT */
/* Protocol Buffers as JSON without descriptors: field numbers, and what the wire
 * format says about values. */
#ifndef GRPC_PROTO_UNTYPED_H
#define GRPC_PROTO_UNTYPED_H

#include "base/buf.h"
#include "grpc/proto_wire.h"

/*
 * Appends a message as an object of field numbers, in their order; a field that
 * occurs several times is an array. A varint is a number, as a string from 2^53
 * on; four and eight bytes are {"fixed32":N,"float":N} and
 * {"fixed64":"N","double":N}; bytes are text, a message, or else
 * {"base64":"..."}. False, with out unchanged: malformed, or longer than max.
 */
bool proto_untyped(struct buf *out, const uint8_t *p, size_t n, size_t max);

#endif
