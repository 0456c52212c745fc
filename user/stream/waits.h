/* SPDX-License-Identifier: MIT */
/*
 * Directions that wait for something: a missing byte, a start, an end. All
 * wait equally long, so a queue serves as timer.
 */
#ifndef STREAM_WAITS_H
#define STREAM_WAITS_H

#include "stream/flow.h"

/* Order may still be restored within so much traffic of one flow: a missing
 * byte is not lost before. In bytes, so that the result does not depend on how
 * these were cut into packets. */
#define WAIT_TRAFFIC (64u * 1500u)

/* Time goes on to ns, if that is later. The clocks of the time-outs do too,
 * but not over a long silence: a packet that comes next after it is not late,
 * and its connection is still the same. */
static inline void waits_clock(struct stream_table *t, uint64_t ns)
{
	uint64_t step, wait = t->conf.gap_timeout_ns / 16,
		       idle = t->conf.idle_timeout_ns / 32;

	if (ns <= t->now)
		return;
	step = ns - t->now;
	t->now = ns;
	t->wait_clock += step < wait ? step : wait;
	t->idle_clock += step < idle ? step : idle;
}

/* The ext of a direction, made if there is none; NULL: out of memory. */
struct dir_ext *ext_get(struct stream_table *t, uint32_t flow,
			unsigned int dir);
/* Gives it back, with all that it holds. */
void ext_drop(struct stream_table *t, struct flow_dir *d);
/* The same if it is of no use any more. */
void ext_drop_unused(struct stream_table *t, struct flow_dir *d);

/* Begins a wait, or begins it anew. */
void wait_begin(struct stream_table *t, uint32_t ext);
void wait_end(struct stream_table *t, uint32_t ext);
static inline bool wait_over(const struct stream_table *t,
			     const struct dir_ext *x)
{
	return t->wait_clock - x->since >= t->conf.gap_timeout_ns;
}

#endif
