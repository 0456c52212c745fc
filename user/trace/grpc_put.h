/* SPDX-License-Identifier: MIT */
/* Writes what a line says about a gRPC call. */
#ifndef TRACE_GRPC_PUT_H
#define TRACE_GRPC_PUT_H

#include "trace/grpc_call.h"
#include "trace/masked_body.h"

/* Writes the member capture.grpc, with the comma before it. */
void grpc_put(struct line *l, const struct http_transaction *t,
	      const struct trace_conf *c, const struct grpc_call *g);

/* Writes a body that is not empty: as JSON if that is configured and possible,
 * otherwise as it is, in base64. half: 0 is the request, 1 the response. */
enum body_encoding grpc_put_body(const struct masked *w,
				 const struct grpc_call *g, unsigned int half);

#endif
