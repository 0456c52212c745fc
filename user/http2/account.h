/* SPDX-License-Identifier: MIT */
/*
 * Byte accounting: every byte from the stream is in exactly one class, and the
 * functions here are the only ones that move bytes between classes.
 */
#ifndef HTTP2_ACCOUNT_H
#define HTTP2_ACCOUNT_H

#include "http2/types.h"

enum h2_class {
	H2_BYTES_HELD, /* not classified yet */
	H2_BYTES_HEAD,
	H2_BYTES_BODY,
	H2_BYTES_FRAMING,
	H2_BYTES_CONTROL,
	H2_BYTES_RESYNC,
	H2_BYTES_IGNORED,
};

/* Bytes on their way through a direction. */
struct h2_input {
	const uint8_t *p, *end;
	uint64_t offset; /* stream offset of p */
	uint64_t ts_ns, acked;
};

static inline size_t h2_left(const struct h2_input *in)
{
	return (size_t)(in->end - in->p);
}

static inline uint64_t *h2_counter(struct http2_stats *s, enum h2_class class)
{
	switch (class) {
	case H2_BYTES_HELD:
		return &s->bytes_buffered;
	case H2_BYTES_HEAD:
		return &s->bytes_head;
	case H2_BYTES_BODY:
		return &s->bytes_body;
	case H2_BYTES_FRAMING:
		return &s->bytes_framing;
	case H2_BYTES_CONTROL:
		return &s->bytes_control;
	case H2_BYTES_RESYNC:
		return &s->bytes_resync;
	case H2_BYTES_IGNORED:
		return &s->bytes_ignored;
	}
	return NULL;
}

/* Held bytes are classified. */
static inline void h2_release(struct h2_conn *c, size_t n, enum h2_class class)
{
	c->engine->stats.bytes_buffered -= n;
	*h2_counter(&c->engine->stats, class) += n;
}

/* Consumes n bytes of in. */
static inline void h2_consume(struct h2_conn *c, struct h2_input *in, size_t n,
			      enum h2_class class)
{
	in->p += n;
	in->offset += n;
	*h2_counter(&c->engine->stats, class) += n;
}

#endif
