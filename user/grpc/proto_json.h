/* SPDX-License-Identifier: MIT */
/* Protocol Buffers as JSON (https://protobuf.dev/programming-guides/json). */
#ifndef GRPC_PROTO_JSON_H
#define GRPC_PROTO_JSON_H

#include "base/buf.h"
#include "grpc/proto_set.h"

/* Appends a message as JSON: fields by their JSON names, without those that are
 * unknown. max: out->len must not exceed it. False, with out unchanged: it is
 * malformed, has values that JSON or the mapping does not allow, is nested more
 * than PROTO_DEPTH_MAX times, or its JSON is too long. */
bool proto_json(struct buf *out, const struct proto_set *set,
		const struct proto_message *m, const uint8_t *p, size_t n,
		size_t max);

#endif
