/* SPDX-License-Identifier: MIT */
/*
 * Byte accounting: every byte from the stream is in exactly one class, and
 * account() is the only function that moves bytes between classes.
 */
#ifndef HTTP_ACCOUNT_H
#define HTTP_ACCOUNT_H

#include "http/types.h"

enum byte_class {
	BYTES_INPUT, /* in an event: about to be parsed, not counted */
	BYTES_HELD,  /* in a message, not classified yet */
	BYTES_HEAD,
	BYTES_BODY,
	BYTES_FRAMING,
	BYTES_RESYNC,
	BYTES_NOT_HTTP,
	BYTES_UPGRADED,
};

static inline uint64_t *byte_counter(struct http_stats *s,
				     enum byte_class class)
{
	switch (class) {
	case BYTES_INPUT:
		break;
	case BYTES_HELD:
		return &s->bytes_buffered;
	case BYTES_HEAD:
		return &s->bytes_head;
	case BYTES_BODY:
		return &s->bytes_body;
	case BYTES_FRAMING:
		return &s->bytes_framing;
	case BYTES_RESYNC:
		return &s->bytes_resync;
	case BYTES_NOT_HTTP:
		return &s->bytes_not_http;
	case BYTES_UPGRADED:
		return &s->bytes_upgraded;
	}
	return NULL;
}

static inline void account(struct http_engine *e, size_t n,
			   enum byte_class from, enum byte_class to)
{
	if (from != BYTES_INPUT)
		*byte_counter(&e->stats, from) -= n;
	if (to != BYTES_INPUT)
		*byte_counter(&e->stats, to) += n;
}

/* Consumes n bytes of in. */
static inline void input_consume(struct http_engine *e, struct input *in,
				 size_t n, enum byte_class class)
{
	in->p += n;
	in->offset += n;
	in->chunk_start = false;
	account(e, n, BYTES_INPUT, class);
}

#endif
