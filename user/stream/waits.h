/* SPDX-License-Identifier: MIT */
/*
 * Directions that wait: for missing bytes, for the start of the stream, or for
 * its end. All waits have the same length, so a FIFO queue replaces timers.
 */
#ifndef STREAM_WAITS_H
#define STREAM_WAITS_H

#include "stream/flow.h"

/* Traffic of the flow after which a wait ends before its timeout: reordering
 * spans less. A hole must in addition be acknowledged by the peer. Counted in
 * bytes so that segmentation does not change the result. */
#define WAIT_TRAFFIC (64u * 1500u)

/* Advances the time to ns unless that is earlier. The timeout clocks advance by
 * a bounded step: after a long silence in a capture the next packet is not
 * late, and its connection is still the same. */
static inline void clock_advance(struct stream_table *t, uint64_t ns)
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

/* The ext of a direction, allocated if needed. NULL: out of memory. */
struct dir_ext *ext_get(struct stream_table *t, uint32_t flow,
			unsigned int dir);
/* Forgets what the peer had not confirmed. */
void ext_proven(struct stream_table *t, struct dir_ext *x);
/* Frees the ext of a direction, if any, and discards the data it holds. */
void ext_drop(struct stream_table *t, struct flow_dir *d);
/* Frees the ext if it carries no state any more. */
void ext_drop_unused(struct stream_table *t, struct flow_dir *d);

/* Starts the wait of an ext for WAIT_DATA or WAIT_CLOSE, or restarts it. */
void wait_begin(struct stream_table *t, uint32_t ext, enum ext_wait wait);
/* Is it waiting? */
static inline bool wait_queued(const struct dir_ext *x)
{
	return x->wait >= WAIT_DATA;
}

void wait_end(struct stream_table *t, uint32_t ext);
/* Has the wait lasted gap_timeout_ns? */
static inline bool wait_expired(const struct stream_table *t,
				const struct dir_ext *x)
{
	return t->wait_clock - x->since >= t->conf.gap_timeout_ns;
}

#endif
