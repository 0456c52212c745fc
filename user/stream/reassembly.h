/* SPDX-License-Identifier: MIT */
/*
 * One connection: records of both directions in, bytes in order out.
 */
#ifndef STREAM_REASSEMBLY_H
#define STREAM_REASSEMBLY_H

#include "stream/flow.h"

/* A record of this flow. May end the flow. */
void reassembly_record(struct stream_table *t, uint32_t index, unsigned int dir,
		       const struct metlo_rec *rec, const uint8_t *payload);

/* A record under the flow's VNI, but far off its numbers. Returns false when
 * a run of such records shows that this is another connection: the record
 * then belongs to a new flow. */
bool reassembly_far(struct stream_table *t, uint32_t index, unsigned int dir,
		    const struct metlo_rec *rec, const uint8_t *payload);

/* The wait of this ext is over: gives up what it wait_traffic for. */
void reassembly_expire(struct stream_table *t, uint32_t ext, uint64_t ts_ns);

/* Makes room by giving up what has wait_traffic longest for something missing and
 * holds bytes. False: found nothing. */
bool reassembly_reclaim(struct stream_table *t, uint64_t ts_ns);

/* Ends the flow now: delivers what is held, behind holes. The flow lingers or
 * is gone afterwards. */
void reassembly_finish(struct stream_table *t, uint32_t index,
		       enum stream_end why, uint64_t ts_ns);

#endif
