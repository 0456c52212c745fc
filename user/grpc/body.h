/* SPDX-License-Identifier: MIT */
/* A gRPC body as JSON. */
#ifndef GRPC_BODY_H
#define GRPC_BODY_H

#include "grpc/inflate.h"
#include "grpc/proto_set.h"

/* The JSON of a body, and its messages while they are decompressed. */
#define GRPC_JSON_MAX (8u << 20)

struct grpc_body {
	struct proto_span
		data; /* frames, without the base64 of gRPC-Web-text */
	enum grpc_coding coding;
	const struct proto_set *set;	  /* NULL: field numbers */
	const struct proto_message *type; /* with set */
	bool stream; /* an array, however many messages there are */
	bool cut;    /* it may end in a message that is not complete */
};

/*
 * Appends the messages: an array of them, or, if there is one and it is not a
 * stream, that message. A last message that is cut is left out of an array.
 * False, with out unchanged: there is no complete message, or one that cannot be
 * decoded, so that only the bytes themselves would not mislead.
 */
bool grpc_body_json(struct buf *out, const struct grpc_body *body);

#endif
