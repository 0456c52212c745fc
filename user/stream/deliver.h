/* SPDX-License-Identifier: MIT */
/*
 * Calls into the protocol. Everything that advances a direction passes through
 * here, which keeps its position and the counters in step.
 */
#ifndef STREAM_DELIVER_H
#define STREAM_DELIVER_H

#include <stddef.h>

#include "stream/flow.h"

/* Delivers the next len bytes; *ack is the acknowledgment number of their
 * packet, or NULL. */
void deliver_data(struct stream_table *t, struct flow *f, unsigned int dir,
		  const uint8_t *data, size_t len, uint64_t ts_ns,
		  const uint32_t *ack);
/* The same if nothing is skipped and the flow is F_OPEN and not F_DEAD. */
void deliver_plain(struct stream_table *t, struct flow *f, unsigned int dir,
		   const uint8_t *data, size_t len, uint64_t ts_ns,
		   const uint32_t *ack);
/* Reports the next len bytes as missing. The part in a skipped range is
 * reported as skipped whatever kind is. */
void deliver_gap(struct stream_table *t, struct flow *f, unsigned int dir,
		 uint32_t len, enum stream_gap_kind kind, uint64_t ts_ns);
/* Reports that the direction has reached its FIN. */
void deliver_fin(struct stream_table *t, struct flow *f, unsigned int dir,
		 uint64_t ts_ns);
/* kept: the protocol may linger. */
void deliver_close(struct stream_table *t, struct flow *f, enum stream_end why,
		   bool kept, uint64_t ts_ns);
/* Closes it if it does. */
void deliver_end_linger(struct stream_table *t, struct flow *f, uint64_t ts_ns);

void flow_tuple(const struct flow *f, struct stream_tuple *out);

#endif
