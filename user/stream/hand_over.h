/* SPDX-License-Identifier: MIT */
/* From one protocol to another. */
#ifndef STREAM_HAND_OVER_H
#define STREAM_HAND_OVER_H

#include "stream/types.h"

/*
 * Called by the protocol from its callbacks: the flow speaks another protocol, which
 * must be one of stream_conf, with the state proto; NULL: no memory, its bytes are
 * discarded. The caller's close() is not called. A protocol with carried_hand_over()
 * keeps the flow and passes on what comes.
 */
void stream_hand_over(struct stream_flow *flow,
		      const struct stream_protocol *to, void *proto);

#endif
