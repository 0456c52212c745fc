/* SPDX-License-Identifier: MIT */
/* The file of --proto-descriptors: a FileDescriptorSet, as protoc
 * --descriptor_set_out --include_imports and buf build write it. */
#ifndef GRPC_PROTO_FILE_H
#define GRPC_PROTO_FILE_H

#include "base/log.h"
#include "grpc/proto_set.h"

#define PROTO_FILE_MAX (64u << 20) /* bytes of the file */

/* Reads a file, which must be a regular one. 0 or -errno, logged; -EINVAL: its
 * contents are refused. */
int proto_file_read(const char *path, struct proto_set **out,
		    const struct log *log);

#endif
