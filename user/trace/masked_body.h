/* SPDX-License-Identifier: MIT */
/* Writes bodies, with their masks. */
#ifndef TRACE_MASKED_BODY_H
#define TRACE_MASKED_BODY_H

#include "trace/masked.h"

/* How a line represents a body: capture.requestBodyEncoding. */
enum body_encoding {
	BODY_UTF8,
	BODY_BASE64,
	BODY_PARTS, /* multipart_readable() */
	BODY_OMITTED,
	BODY_PROTO_JSON, /* grpc_put_body() */
	BODY_PROTO_WIRE,
};

/* Writes a body that is not empty. */
enum body_encoding masked_body(const struct masked *w);

/* The same, once it was chosen: text if it is UTF-8; only_text: or else nothing. */
enum body_encoding masked_body_text(const struct masked *w, bool only_text);

/* Writes it as base64, whatever it is. */
void masked_body_binary(const struct masked *w);

#endif
