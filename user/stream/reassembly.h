/* SPDX-License-Identifier: MIT */
/*
 * Reassembly of one connection: records of both directions in, bytes in order
 * out, and the end of the flow.
 */
#ifndef STREAM_REASSEMBLY_H
#define STREAM_REASSEMBLY_H

#include "stream/flow.h"

/* Processes a record of this flow. May end the flow. */
void reassembly_record(struct stream_table *t, uint32_t index, unsigned int dir,
		       const struct metlo_rec *rec, const uint8_t *payload);

/* Processes a record with the flow's VNI but a sequence number far off. False:
 * a run of contiguous such records shows that this is another connection, and
 * the record needs a new flow. */
bool reassembly_far(struct stream_table *t, uint32_t index, unsigned int dir,
		    const struct metlo_rec *rec, const uint8_t *payload);

/* Ends the wait of an ext: gives up the missing bytes, the search for the start,
 * or the flow. */
void reassembly_expire(struct stream_table *t, uint32_t ext, uint64_t ts_ns);

/* Frees memory: gives up the oldest wait that holds bytes. False: none found
 * among the oldest waits. */
bool reassembly_reclaim(struct stream_table *t, uint64_t ts_ns);

/* Ends the flow now, after delivering the held data and its holes. Afterwards
 * the flow is in LIST_CLOSED or freed. */
void reassembly_finish(struct stream_table *t, uint32_t index,
		       enum stream_end why, uint64_t ts_ns);

/* An ended flow makes room, or has been kept for long enough. */
void reassembly_forget(struct stream_table *t, uint32_t index);

#endif
