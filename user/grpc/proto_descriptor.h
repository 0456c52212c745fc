/* SPDX-License-Identifier: MIT */
/* Reads descriptors of types. */
#ifndef GRPC_PROTO_DESCRIPTOR_H
#define GRPC_PROTO_DESCRIPTOR_H

#include "grpc/proto_set.h"

/* Parses a FileDescriptorSet, all or nothing; it copies what it needs. NULL with
 * *err otherwise. */
struct proto_set *proto_set_parse(const uint8_t *p, size_t n,
				  struct parse_error *err);

#endif
