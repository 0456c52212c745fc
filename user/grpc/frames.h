/* SPDX-License-Identifier: MIT */
/* The messages of a gRPC or gRPC-Web body (PROTOCOL-HTTP2.md, PROTOCOL-WEB.md of
 * gRPC). */
#ifndef GRPC_FRAMES_H
#define GRPC_FRAMES_H

#include "base/buf.h"
#include "grpc/proto_wire.h"

#define GRPC_PREFIX 5 /* flags and length before a message */

struct grpc_frame {
	bool compressed;
	bool trailers; /* of gRPC-Web: a block of fields, not a message */
	uint32_t len;  /* of the whole */
	struct proto_span data; /* what there is of it */
};

enum grpc_next {
	GRPC_END,
	GRPC_FRAME,
	GRPC_CUT, /* the last frame is not complete; of its prefix, nothing */
	GRPC_BROKEN, /* not a frame: flags that do not exist */
};

/* Reads the next frame; body is what is left. */
enum grpc_next grpc_next(struct proto_span *body, struct grpc_frame *f);

/* What a body contains. */
struct grpc_count {
	uint64_t messages;	    /* complete ones */
	uint64_t bytes;		    /* of these as sent, without prefixes */
	bool exact;		    /* nothing else, and nothing is missing */
	bool broken;		    /* what follows them is not a frame */
	struct proto_span trailers; /* of gRPC-Web; empty: none */
	bool trailers_compressed;
};

struct grpc_count grpc_count(struct proto_span body);

/* Undoes the base64 of gRPC-Web-text, in which each chunk may end in padding. At
 * the end, up to three characters may be missing to a group. False: not base64,
 * or no memory. */
bool grpc_text(struct buf *out, struct proto_span body);

/* Undoes percent-encoding; what is none stays (grpc-message). */
bool grpc_unescape(struct buf *out, struct proto_span text);

/* The value of a field in trailers of gRPC-Web, by its name in lower case. */
bool grpc_trailer(struct proto_span trailers, const char *name,
		  struct proto_span *value);

#endif
