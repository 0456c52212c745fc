/* SPDX-License-Identifier: MIT */
/* The open streams of a connection. */
#ifndef HTTP2_STREAMS_H
#define HTTP2_STREAMS_H

#include "http2/types.h"

/* NULL: not open. */
struct h2_stream *h2_stream_find(const struct h2_conn *c, uint32_t id);
/* Opens it. NULL: no memory. */
struct h2_stream *h2_stream_open(struct h2_conn *c, uint32_t id);
/* It did something: moves it to the end of the engine's list. */
void h2_stream_touch(struct h2_stream *s);
/* It was reset by one side: moves it to the list of those. */
void h2_stream_reset(struct h2_stream *s);
/* Its response has begun: lists it until it lasts for conf.progress_ns; takes it off
 * that list. */
void h2_stream_answers(struct h2_stream *s);
void h2_stream_answered(struct h2_stream *s);
/* Closes it and frees its messages. */
void h2_stream_close(struct h2_stream *s);
/* Was it closed recently? */
bool h2_stream_ended(const struct h2_conn *c, uint32_t id);
/* Frees the table of a connection without streams. */
void h2_streams_free(struct h2_conn *c);

/* Frames of a direction may have been lost since this half was last looked at:
 * bytes of its message may be missing. */
void h2_stream_loss(struct h2_stream *s, enum h2_half half);

#endif
