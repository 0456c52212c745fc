/* SPDX-License-Identifier: MIT */
/*
 * QUIC connections, by what their Initial packets show: one report each. Used by
 * one thread.
 */
#ifndef QUIC_QUIC_H
#define QUIC_QUIC_H

#include <linux/types.h>

#include "metlo_record.h"
#include "quic/conf.h"

struct quic_engine;

/* Copies conf. NULL with errno on failure. */
struct quic_engine *quic_new(const struct quic_conf *conf);
void quic_free(struct quic_engine *e);

/* A record of a UDP datagram that begins with an Initial packet. */
void quic_record(struct quic_engine *e, const struct metlo_rec *rec,
		 const uint8_t *payload);
/* Reports connections that show nothing more, up to now_ns; bounded work. */
void quic_tick(struct quic_engine *e, uint64_t now_ns);
/* Reports all of them. */
void quic_flush(struct quic_engine *e);

const struct quic_stats *quic_stats(const struct quic_engine *e);

#endif
