/* SPDX-License-Identifier: MIT */
/* A protocol that carries another one in the same flow, such as TLS. */
#ifndef STREAM_CARRY_H
#define STREAM_CARRY_H

#include "stream/types.h"

/*
 * From now on what the flow is asked by stream_skip() and stream_hand_over() comes
 * from the protocol carried, and goes to that which carries it; or no more.
 */
void stream_carry(struct stream_flow *flow, bool carries);

/* The id of the connection that carries this one. False: none does. */
bool stream_carrier_id(const struct stream_flow *flow, uint64_t id[2]);

/* Calls close() of a protocol whose lingers() was true. Not from a callback of the
 * same flow. */
void stream_end_linger(struct stream_flow *flow);

#endif
