/* SPDX-License-Identifier: MIT */
/*
 * What is held of a connection because something before it is missing: how
 * it goes on, and how what is missing is given up.
 */
#ifndef STREAM_HELD_H
#define STREAM_HELD_H

#include "stream/flow.h"

/* Is it decided where the stream begins? */
static inline bool dir_started(const struct flow_dir *d)
{
	return d->flags & D_STARTED;
}

static inline enum stream_gap_kind gap_kind_of(uint8_t seg_kind)
{
	return seg_kind == SEG_TRUNCATED ? STREAM_GAP_TRUNCATED
					 : STREAM_GAP_SKIPPED;
}

/* Delivers what can be, of both directions in the order of arrival. */
void held_deliver(struct stream_table *t, struct flow *f, uint64_t ts_ns);

/* Sequence number where the first hole ends; false when there is none. */
bool held_hole_end(const struct stream_table *t, const struct flow_dir *d,
		   uint32_t *to);
/* The peer acknowledged what is missing: it is only we who do not have it. */
bool held_acked_beyond(const struct stream_table *t, const struct flow_dir *d);
/* Nothing up to this sequence number will come any more. */
void held_give_up(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint32_t to, uint64_t ts_ns);

/* No SYN came: streams begin at the lowest byte seen, or where the peer's
 * SYN-ACK said. */
void held_release(struct stream_table *t, struct flow *f, uint64_t ts_ns);

/* The flow will end for this reason, once late records had their time. */
void held_close_soon(struct stream_table *t, uint32_t index, unsigned int dir,
		     enum stream_end why);

#endif
