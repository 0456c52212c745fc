/* SPDX-License-Identifier: MIT */
/* From a header block to a head: pseudo-headers and fields (RFC 9113 section 8). */
#ifndef HTTP2_HEAD_H
#define HTTP2_HEAD_H

#include "http2/types.h"

/* What a block begins, by its first field. */
enum h2_head_type {
	H2_HEAD_UNCLEAR, /* a field that was not captured */
	H2_HEAD_REQUEST,
	H2_HEAD_RESPONSE,
	H2_HEAD_TRAILERS, /* no pseudo-header */
};

/* A decoded block. Its bytes are in the head of the engine, its fields in those of
 * the HTTP/1 engine, as a message that is not saved. */
struct h2_head {
	struct head h;
	enum h2_head_type type;
	bool unknown;	     /* some field is */
	bool unknown_name;   /* and may be any */
	bool coding_unknown; /* Content-Encoding is present, but not known */
	bool extended;	     /* :protocol is present (RFC 8441) */
	uint8_t known;	     /* pseudo-headers, see head.c */
	uint16_t hidden;     /* unknown fields that are pseudo-headers */
	uint16_t lead;	     /* unknown fields that may be */
};

/* Decodes a complete block. Saves the message that is not saved yet, whose place it
 * takes. False: malformed, or its table was not known to be valid. */
bool h2_head_decode(struct h2_conn *c, struct h2_dir *d, const uint8_t *block,
		    size_t len, struct h2_head *out);

/* Decides which of the first fields are pseudo-headers of a request / a response
 * although they are not known. */
void h2_head_request(struct http2_engine *e, struct h2_head *head);
void h2_head_response(struct http2_engine *e, struct h2_head *head);

/* Makes it the head of m. */
void h2_head_set(struct http2_engine *e, struct msg *m,
		 const struct h2_head *head);
/* Appends it to m, whose trailers it is. */
void h2_head_trailers(struct http2_engine *e, struct msg *m,
		      const struct h2_head *head);

/* The dynamic table of a direction is not known from here on. */
void h2_table_forget(struct h2_dir *d);
void h2_table_free(struct h2_conn *c, struct h2_dir *d);

#endif
