/* SPDX-License-Identifier: MIT */
/*
 * The way out to the protocol. Everything that moves a direction on goes
 * through here, so that its position and the counters agree.
 */
#ifndef STREAM_DELIVER_H
#define STREAM_DELIVER_H

#include <stddef.h>

#include "stream/flow.h"

/* The next len bytes of a direction; ack is that of their packet. */
void deliver_data(struct stream_table *t, struct flow *f, unsigned int dir,
		  const uint8_t *data, size_t len, uint64_t ts_ns,
		  const uint32_t *ack);
/* The same where nothing is skipped and the flow is F_OPEN. */
void deliver_plain(struct stream_table *t, struct flow *f, unsigned int dir,
		   const uint8_t *data, size_t len, uint64_t ts_ns,
		   const uint32_t *ack);
/* The next len bytes are not there. What lies in a skipped range is told as
 * skipped, whatever kind says. */
void deliver_gap(struct stream_table *t, struct flow *f, unsigned int dir,
		 uint32_t len, enum stream_gap_kind kind, uint64_t ts_ns);
/* FIN reached. */
void deliver_fin(struct stream_table *t, struct flow *f, unsigned int dir,
		 uint64_t ts_ns);
void deliver_close(struct stream_table *t, struct flow *f, enum stream_end why,
		   uint64_t ts_ns);

void flow_tuple(const struct flow *f, struct stream_tuple *out);
/* Is dir (endpoint) the client's direction? */
static inline enum stream_dir role_of(const struct flow *f, unsigned int dir)
{
	return dir == !!(f->flags & F_CLIENT1) ? STREAM_C2S : STREAM_S2C;
}

#endif
