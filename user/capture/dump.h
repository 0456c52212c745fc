/* SPDX-License-Identifier: MIT */
/* Copies of packets as the XDP program of an interface sees them. The program copies only
 * while this is open. */
#ifndef CAPTURE_DUMP_H
#define CAPTURE_DUMP_H

#include <stdint.h>

#include <linux/types.h>

#include "base/log.h"
#include "metlo_dump.h"

struct dump;

/* packet has meta->len bytes. */
typedef void dump_fn(void *ctx, const struct metlo_dump_meta *meta,
		     const uint8_t *packet);

/* prog_id: of the XDP program. conf: which packets. 0, or a negative errno after logging
 * why: -EBUSY another dump runs, -EPROTO the program cannot do it. */
int dump_open(struct dump **d, uint32_t prog_id, const struct metlo_dump *conf,
	      dump_fn *fn, void *ctx, const struct log *log);

/* Calls fn for what has arrived, and keeps the program copying. 0 or a negative errno. */
int dump_poll(struct dump *d);

void dump_counts(const struct dump *d, struct metlo_dump *counts);

/* Nothing is copied any more when this returns. d may be NULL. */
void dump_close(struct dump *d);

#endif
