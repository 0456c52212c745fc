/* SPDX-License-Identifier: MIT */
/* From the payload of Initial packets to hellos. Private to user/quic. */
#ifndef QUIC_MESSAGES_H
#define QUIC_MESSAGES_H

#include "quic/conf.h"
#include "quic/table.h"

/* The frames of a packet that side sent. */
void messages_packet(struct quic_conn *c, enum quic_side side, const uint8_t *p,
		     uint32_t n, size_t *memory, struct quic_stats *stats);

/* Whether all that Initial packets show has been seen. */
bool messages_complete(const struct quic_conn *c);

/* Completes c->report by what the hellos say. It points into c. */
void messages_describe(struct quic_conn *c, struct fingerprints *prints);

#endif
