/* SPDX-License-Identifier: MIT */
/* Counts the messages of a body of which not all is kept, as its bytes come. */
#ifndef GRPC_COUNTER_H
#define GRPC_COUNTER_H

#include "grpc/frames.h"

/* Longer trailers of gRPC-Web are not kept. */
#define GRPC_COUNTER_TRAILERS 2048u

struct grpc_counter {
	uint64_t messages, bytes; /* as in struct grpc_count */
	uint64_t left;		  /* bytes of the frame in progress to come */
	uint32_t len;		  /* of this frame */
	uint8_t prefix[GRPC_PREFIX];
	uint8_t n_prefix;
	bool is_text; /* gRPC-Web-text */
	bool broken;  /* what follows is not a frame, or not known to be one */
	bool has_trailers, trailers_compressed;
	struct grpc_text text;
	uint32_t n_trailers;
	uint8_t trailers[GRPC_COUNTER_TRAILERS];
};

void grpc_counter_init(struct grpc_counter *c, enum grpc_kind kind);
/* The next bytes of the body. */
void grpc_counter_add(struct grpc_counter *c, const uint8_t *p, size_t n);
/* n bytes follow whose values nobody needs: at most grpc_counter_idle() of them. */
void grpc_counter_skip(struct grpc_counter *c, uint64_t n);
uint64_t grpc_counter_idle(const struct grpc_counter *c);
/* The result, at the end of the body. */
struct grpc_count grpc_counter_result(struct grpc_counter *c);

#endif
