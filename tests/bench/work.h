/* SPDX-License-Identifier: MIT */
/* Expensive input, as the records of one connection after the other. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"

struct work_feed {
	/* Gets each record with its payload. */
	void (*record)(void *ctx, const struct metlo_rec *rec, const void *p);
	/* Gets the time long after a connection has ended; may be NULL. */
	void (*tick)(void *ctx, uint64_t now);
	void *ctx;
	uint64_t now;
	uint32_t number; /* of the connection */
	uint32_t at[2];	 /* bytes sent, by direction */
	uint64_t packets, bytes;
};

/* The last one has no name. */
struct work_scenario {
	const char *name;
	unsigned int divisor; /* of the sizes: many packets per byte */
	/* Sends about n bytes on the open connection. */
	void (*run)(struct work_feed *f, size_t n);
};

extern const struct work_scenario work_scenarios[];

void work_open(struct work_feed *f);
void work_close(struct work_feed *f);

#endif
