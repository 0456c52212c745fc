/* SPDX-License-Identifier: MIT */
/* The JSON forms of Timestamp, Duration and the paths of a FieldMask. */
#ifndef GRPC_PROTO_TIME_H
#define GRPC_PROTO_TIME_H

#include "base/buf.h"
#include "grpc/proto_wire.h"

/* Append quoted text. False: out of the range that the type allows. */
bool proto_put_timestamp(struct buf *out, int64_t seconds, int32_t nanos);
bool proto_put_duration(struct buf *out, int64_t seconds, int32_t nanos);
/* Appends a path in camelCase, unquoted. False: not in snake_case. */
bool proto_put_path(struct buf *out, const struct proto_span *path);

#endif
