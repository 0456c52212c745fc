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
/* Closes nothing: call stream_flush() first if the protocol should hear. */
void stream_free(struct stream_table *t);

/* One record; payload points to rec->len bytes, valid during the call.
 * rec->ts_ns must be in the clock of stream_tick(). */
void stream_record(struct stream_table *t, const struct metlo_rec *rec,
		   const uint8_t *payload);

/* A record and its payload, as above. */
struct stream_input {
	const struct metlo_rec *rec;
	const uint8_t *payload;
};

/* Records that are looked up together. */
#define STREAM_BATCH 32u

/* As stream_record() for each of them in turn, but faster. All must be valid
 * until it returns. */
void stream_records(struct stream_table *t, const struct stream_input *in,
		    unsigned int n);

/* Moves time on: gap and idle time-outs. Call at least every 100 ms, and in
 * replay with the time of the packets. Bounded work per call. */
void stream_tick(struct stream_table *t, uint64_t now_ns);

/* Ends every flow: delivers what is held behind holes, then close(). */
void stream_flush(struct stream_table *t, uint64_t now_ns);

/*
 * For the protocol, from within its callbacks: no byte of dir before offset
 * is of interest. They are reported by gap(SKIPPED) in one or more calls that
 * add up to exactly offset - current (less when the direction ends first).
 * STREAM_UNKNOWN skips for good.
 */
void stream_skip(struct stream_flow *flow, enum stream_dir dir,
		 uint64_t offset);

const struct stream_tuple *stream_flow_tuple(const struct stream_flow *flow,
					     struct stream_tuple *out);

const struct stream_stats *stream_stats(const struct stream_table *t);

#endif
