/* SPDX-License-Identifier: MIT */
/* Undoes the compression of messages (grpc-encoding). */
#ifndef GRPC_INFLATE_H
#define GRPC_INFLATE_H

#include "base/buf.h"
#include "grpc/proto_wire.h"

enum grpc_coding {
	GRPC_IDENTITY,
	GRPC_GZIP,
	GRPC_DEFLATE,
	GRPC_ZSTD,
	GRPC_BROTLI,
	GRPC_OTHER, /* one that is not undone */
};

/* By the value of grpc-encoding. */
enum grpc_coding grpc_coding(struct proto_span name);

/* Appends the decompressed data. max: out->len must not exceed it. False: broken,
 * too long, not a coding that is undone, or no memory. */
bool grpc_inflate(struct buf *out, enum grpc_coding coding,
		  struct proto_span data, size_t max);

#endif
