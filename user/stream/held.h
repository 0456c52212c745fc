/* SPDX-License-Identifier: MIT */
/*
 * Data held because bytes before it are missing: its delivery once the hole is
 * filled, and the decision that it will not be.
 */
#ifndef STREAM_HELD_H
#define STREAM_HELD_H

#include "stream/flow.h"

static inline enum stream_gap_kind gap_kind_of(uint8_t seg_kind)
{
	return seg_kind == SEG_TRUNCATED ? STREAM_GAP_TRUNCATED
					 : STREAM_GAP_SKIPPED;
}

/* The sequence number after everything that the direction is known to have
 * sent. */
uint32_t held_highest(const struct stream_table *t, const struct flow_dir *d);
/* Removes held bytes that were delivered meanwhile. */
void held_trim(struct stream_table *t, struct flow_dir *d);
/* Drops a doubtful segment at the next byte: the peer has refused it. */
void held_drop_first_doubt(struct stream_table *t, struct flow_dir *d);
/* Discards what is held, and a FIN that is not reached. */
void held_discard(struct stream_table *t, struct flow_dir *d);
/* See segs_drop_doubt(). */
void held_drop_doubt(struct stream_table *t, struct flow_dir *d,
		     const struct seg *sure);
/* Discards what the receiver drops. False: there was nothing. */
bool held_drop_dropped(struct stream_table *t, struct flow_dir *d);
/* Updates the highest acknowledgment of a direction from its peer. */
void held_acked(struct stream_table *t, struct flow *f, unsigned int dir,
		uint32_t ack);

/* The RST of a direction had no effect: the flow goes on. */
void held_rst_disproved(struct stream_table *t, struct flow *f,
			unsigned int dir);

/* Delivers all that is contiguous, both directions in order of arrival. */
void held_deliver(struct stream_table *t, struct flow *f, uint64_t ts_ns);

/* Sets *to to the sequence number after the first hole. False: no hole. */
bool held_hole_end(const struct stream_table *t, const struct flow_dir *d,
		   uint32_t *to);
/* Did the peer acknowledge the first hole? Then the bytes arrived there and
 * will not be retransmitted: only the mirror lost them. */
bool held_acked_beyond(const struct stream_table *t, const struct flow_dir *d);
/* Reports the bytes before sequence number to as lost and resumes after. reason
 * is for FLOW_GAP. */
void held_give_up(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint32_t to, uint64_t ts_ns, const char *reason);

/* Starts a flow joined midstream: each direction begins where the peer's
 * acknowledgment puts its start, failing that at the lowest byte seen. */
void held_release(struct stream_table *t, struct flow *f, uint64_t ts_ns);

/* Ends the flow for this reason after a wait that lets late records in. dir
 * is the direction whose ext keeps the wait. */
void held_close_soon(struct stream_table *t, uint32_t index, unsigned int dir,
		     enum stream_end why);

#endif
