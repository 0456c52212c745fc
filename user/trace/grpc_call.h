/* SPDX-License-Identifier: MIT */
/* A transaction as a gRPC call. */
#ifndef TRACE_GRPC_CALL_H
#define TRACE_GRPC_CALL_H

#include "grpc/frames.h"
#include "grpc/inflate.h"
#include "http/transaction.h"

struct grpc_half {
	enum grpc_kind kind;
	enum grpc_coding coding;
	struct proto_span frames; /* without base64; as far as it was kept */
	struct buf plain;	  /* where they are, if that was to be undone */
	struct grpc_count count;
	bool counted; /* count is that of the whole body */
};

struct grpc_call {
	struct http_span service, method; /* empty: not known */
	bool has_status, has_message;
	uint32_t status;
	struct http_span message; /* grpc-message, percent-decoded */
	struct buf text;	  /* where it is */
	struct buf trailers;	  /* of gRPC-Web, if they were compressed */
	struct grpc_half half[2]; /* request, response */
};

/* False: not gRPC; there is nothing to free. Without memory, parts are not
 * known. */
bool grpc_call_find(struct grpc_call *g, const struct http_transaction *t);
void grpc_call_free(struct grpc_call *g);

#endif
