/* SPDX-License-Identifier: MIT */
/* What frames mean to streams: heads, trailers, bodies, and their ends. */
#ifndef HTTP2_MESSAGES_H
#define HTTP2_MESSAGES_H

#include "http2/types.h"

/* Emits the stream with flags (HTTP_F_*) added, and closes it. */
void h2_finish(struct h2_stream *s, uint32_t flags);

/* A request of HTTP/1 becomes stream 1 (RFC 7540 section 3.2), with the interim
 * responses to it, linked by next. NULL: it was not captured. Takes ownership. */
void h2_upgrade(struct h2_conn *c, struct msg *request, struct msg *interim);

/* A complete header block. */
struct h2_block {
	const uint8_t *p;
	size_t len;
	uint32_t stream;
	uint32_t promised; /* by PUSH_PROMISE, or 0 */
	bool end_stream;
	uint64_t first_ns, last_ns; /* times of its first and last byte */
	uint64_t acked;
};

void h2_on_block(struct h2_conn *c, enum stream_dir dir,
		 const struct h2_block *b);
/* A header block was lost, or cannot be decoded. */
void h2_on_lost_block(struct h2_conn *c, enum stream_dir dir, uint32_t stream,
		      uint32_t promised, bool end_stream);

/* Heads of the client may be missing from here on. */
void h2_requests_missed(struct h2_dir *d);

/* DATA begins: sets the stream of d, which has its frame. */
void h2_on_data_begin(struct h2_conn *c, enum stream_dir dir);
/* Some of its data. offset: in the direction, of what follows; left: bytes of
 * data that follow. */
void h2_on_data(struct h2_conn *c, enum stream_dir dir, const uint8_t *p,
		size_t n, uint64_t ts_ns, uint64_t offset, uint32_t left);
/* n bytes of its data are missing. */
void h2_on_data_gap(struct h2_conn *c, enum stream_dir dir, uint32_t n,
		    enum stream_gap_kind kind, uint64_t ts_ns);
/* It is complete and ends the stream. */
void h2_on_data_end(struct h2_conn *c, enum stream_dir dir);

void h2_on_reset(struct h2_conn *c, enum stream_dir dir, uint32_t stream);
void h2_on_goaway(struct h2_conn *c, enum stream_dir dir, uint32_t last);

#endif
