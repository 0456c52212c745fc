/* SPDX-License-Identifier: MIT */
/* Whether both sides of connections are captured: see struct stream_conf.count. */
#ifndef STREAM_SIDES_H
#define STREAM_SIDES_H

#include "stream/flow.h"

/* The first record of a connection. */
void sides_opened(const struct stream_table *t, const struct metlo_rec *rec);
/* A record of one that is not the next of an undisturbed flow. */
void sides_record(const struct stream_table *t, const struct flow *f,
		  unsigned int dir, const struct metlo_rec *rec);
/* The connection ends. */
void sides_ended(const struct stream_table *t, const struct flow *f);

#endif
