/* SPDX-License-Identifier: MIT */
/* Finds frames again after a loss. */
#ifndef HTTP2_SEARCH_H
#define HTTP2_SEARCH_H

#include "http2/account.h"

/* What a search found at some place. */
enum h2_found {
	H2_FOUND_MAYBE,	 /* a frame, or nothing: what follows tells */
	H2_FOUND_LIKELY, /* a long frame, which is not held: its end tells */
	H2_FOUND_SURE,	 /* a frame */
};

/* DATA, too long to be held, of a stream that expects some: by this alone a search
 * tells the header of a long frame from payload. */
bool h2_is_long_data(const struct h2_conn *c, enum stream_dir dir,
		     const struct frame *f);
/* The first place where a frame may start. only: look for nothing but H2_FOUND_SURE. */
size_t h2_find_frame(const struct h2_conn *c, enum stream_dir dir,
		     const uint8_t *p, size_t n, bool only,
		     enum h2_found *found);
/* Bytes that look like the header of a long frame hide what follows until its end:
 * of n bytes that end what is held, where do frames start beyond doubt? n: nowhere,
 * or the long frame may well be one, as its stream is known. */
size_t h2_find_better(const struct h2_conn *c, enum stream_dir dir, size_t n);
/* What in begins with is likely to be a long frame. Nothing of it is delivered, as
 * it may be something else. */
void h2_likely_begin(struct h2_conn *c, enum stream_dir dir,
		     struct h2_input *in);
/* Bytes are missing behind what is held: if that begins like DATA whose end is still
 * to come, follows it by its length. */
void h2_likely_held(struct h2_conn *c, enum stream_dir dir);
/* It was a frame: its n bytes of data count, although they are not known any more. So
 * many of them are missing. */
void h2_likely_count(struct h2_conn *c, enum stream_dir dir, uint32_t n,
		     uint32_t lost, uint64_t ts_ns);

#endif
