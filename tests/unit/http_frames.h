/* SPDX-License-Identifier: MIT */
/* For the tests of http2/: frames and header blocks, written by hand. */
#ifndef TESTS_HTTP_FRAMES_H
#define TESTS_HTTP_FRAMES_H

#include "http2/frame.h"
#include "http_kit.h"

#define END_STREAM  FRAME_END_STREAM
#define END_HEADERS FRAME_END_HEADERS
#define END	    (FRAME_END_STREAM | FRAME_END_HEADERS)

/* A buffer of frames under construction. */
struct frames {
	uint8_t p[131072];
	size_t n;
};

/* Appends a frame; n SIZE_MAX: strlen(payload). */
void frame_add(struct frames *f, uint8_t type, uint8_t flags, uint32_t stream,
	       const void *payload, size_t n);
/* A literal field (RFC 7541 section 6.2): indexed 0x40, not 0, never 0x10. */
size_t frame_field(uint8_t *w, uint8_t how, const char *name,
		   const char *value);
/* A request that inserts its authority; a response that inserts a field x-a. */
size_t frame_get(uint8_t *w, const char *path);
size_t frame_ok(uint8_t *w, const char *value);

/* A request and a response as frames; how the former is printed. */
void frames_get(struct frames *f, uint32_t stream, const char *path);
void frames_ok(struct frames *f, uint32_t stream, const char *body);
#define GET_LINE(path) \
	"GET " path " host=h.example path=" path " query= 2.0 body=0/0:"

/* Begin a buffer: the client's preface and SETTINGS; a response that switches to h2c
 * and SETTINGS. */
void frames_begin(struct frames *f);
void frames_begin_switched(struct frames *f);

static inline const struct http2_stats *stats(const struct kit *k)
{
	return http2_stats(k->e2);
}

/* A kit with HTTP/2. */
void frames_init(struct kit *k, const struct kit_options *o);
/* A connection with prefaces and SETTINGS of both sides. */
void frames_open(struct kit *k);
/* Sends what was collected, and empties it. */
void frames_send(struct kit *k, enum stream_dir dir, struct frames *f);

#endif
