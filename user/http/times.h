/* SPDX-License-Identifier: MIT */
/* When the bytes arrived that a message holds until it can be parsed. */
#ifndef HTTP_TIMES_H
#define HTTP_TIMES_H

#include "http/types.h"

/* Bytes of the chunk in progress, from ev on, are about to be held. Without memory
 * they count as having arrived when they are parsed. c is on the list of pending
 * connections, see conn_list(). */
void times_hold(struct conn *c, const struct event *ev);
/* A chunk of a connection with held bytes begins: forgets those that are held no
 * more. */
void times_chunk(struct conn *c, enum stream_dir dir,
		 const struct stream_chunk *chunk);
void times_forget(struct conn *c);

/* The same, if times_kept(); otherwise: if nothing is known. */
uint64_t times_find(const struct conn *c, unsigned int dir, uint64_t offset,
		    uint64_t otherwise);

static inline bool times_kept(const struct conn *c)
{
	return c->waiting && c->waiting->times;
}

/* When the byte at this stream offset arrived, which ev holds or has held. */
static inline uint64_t times_of(const struct conn *c, const struct event *ev,
				uint64_t offset)
{
	return times_kept(c) ? times_find(c, ev->dir, offset, ev->in.ts_ns)
			     : ev->in.ts_ns;
}

#endif
