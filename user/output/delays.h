/* SPDX-License-Identifier: MIT */
/* A histogram of the time from submitting a transaction to writing it. */
#ifndef OUTPUT_DELAYS_H
#define OUTPUT_DELAYS_H

#include <stdint.h>

#define DELAYS_BOUNDS 10
extern const double delays_bounds[DELAYS_BOUNDS]; /* upper bounds, seconds */

/* Zero-initialise. */
struct delays {
	/* Per bucket, not cumulative; the last is for values above all
	 * bounds. */
	uint64_t counts[DELAYS_BOUNDS + 1];
	uint64_t sum_ns;
};

/* Adds n transactions that took ns each. */
void delays_add(struct delays *d, uint64_t ns, unsigned int n);

#endif
