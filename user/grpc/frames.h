/* SPDX-License-Identifier: MIT */
/* The messages of a gRPC or gRPC-Web body (PROTOCOL-HTTP2.md, PROTOCOL-WEB.md of
 * gRPC). */
#ifndef GRPC_FRAMES_H
#define GRPC_FRAMES_H

#include "base/buf.h"
#include "grpc/proto_wire.h"

#define GRPC_PREFIX 5 /* flags and length before a message */

#define GRPC_FLAG_COMPRESSED 0x01
#define GRPC_FLAG_TRAILERS   0x80
#define GRPC_FLAGS	     (GRPC_FLAG_COMPRESSED | GRPC_FLAG_TRAILERS)

/* What Content-Type says. */
enum grpc_kind {
	GRPC_NONE,
	GRPC_PLAIN, /* also gRPC-Web in binary form */
	GRPC_TEXT,  /* gRPC-Web-text: base64 */
};

enum grpc_kind grpc_kind(struct proto_span content_type);

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

/* The state of base64 that comes in parts. */
struct grpc_text {
	uint32_t bits;
	uint8_t n;	 /* characters of the group in progress */
	uint8_t padding; /* of them */
};

/* Appends the decoded bytes of complete groups at *to, at most 3 for each 4 characters
 * of p and those before it. False: not base64. */
bool grpc_text_push(struct grpc_text *t, const uint8_t *p, size_t n,
		    uint8_t **to);
/* The same of a group that is not complete at the end, at most 2. */
void grpc_text_end(struct grpc_text *t, uint8_t **to);

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
