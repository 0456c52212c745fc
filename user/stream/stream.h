/* SPDX-License-Identifier: MIT */
/*
 * TCP as a passive observer sees it (RFC 9293): records of one worker in,
 * per-connection byte streams out, in order, with every hole reported.
 *
 * A table belongs to one thread. Nothing here blocks, and all memory is
 * capped by struct stream_conf.
 */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "stream/types.h"

/* NULL with errno on failure. conf is copied. */
struct stream_table *stream_new(const struct stream_conf *conf);
/* Does not call close(): use stream_flush() first. */
void stream_free(struct stream_table *t);

/* Processes one record; payload has rec->len bytes and is needed only during
 * the call. rec->ts_ns and stream_tick() must use the same clock. */
void stream_record(struct stream_table *t, const struct metlo_rec *rec,
		   const uint8_t *payload);

/* A record and its payload, as for stream_record(). */
struct stream_input {
	const struct metlo_rec *rec;
	const uint8_t *payload;
};

/* Records whose cache misses stream_records() overlaps. */
#define STREAM_BATCH 32u

/* Same result as stream_record() on each in turn, but faster. All of them
 * must stay valid until the call returns. */
void stream_records(struct stream_table *t, const struct stream_input *in,
		    unsigned int n);

/* Advances the clock and expires gap and idle timeouts. Call at least every
 * 100 ms; in replay, with packet time. Work per call is bounded. */
void stream_tick(struct stream_table *t, uint64_t now_ns);

/* Ends every flow: delivers the data held after holes, then close(). */
void stream_flush(struct stream_table *t, uint64_t now_ns);

/*
 * Called by the protocol from its callbacks: it does not want the bytes of
 * dir before offset. They are reported by gap(SKIPPED) in one or more calls
 * whose lengths add up to offset - current, or less if the direction ends
 * first. STREAM_UNKNOWN skips the rest of the direction.
 */
void stream_skip(struct stream_flow *flow, enum stream_dir dir,
		 uint64_t offset);

/* Fills in and returns *out. */
const struct stream_tuple *stream_flow_tuple(const struct stream_flow *flow,
					     struct stream_tuple *out);

/* The sequence numbers at which its directions start, as far as they are known:
 * they tell connections with the same addresses and ports apart. */
uint64_t stream_flow_starts(const struct stream_flow *flow);

/* A small number that identifies the flow until it is freed; then another flow
 * may get it. */
uint32_t stream_flow_index(const struct stream_flow *flow);

const struct stream_stats *stream_stats(const struct stream_table *t);

#endif
