/* SPDX-License-Identifier: MIT */
/* A histogram of how long transactions took. */
#ifndef OUTPUT_DELAYS_H
#define OUTPUT_DELAYS_H

#include <stdint.h>

#define DELAYS_BOUNDS 10
extern const double delays_bounds[DELAYS_BOUNDS]; /* seconds, ascending */

/* Zero-initialised is empty. */
struct delays {
	/* [i]: more than the bound before and at most bound i; the last one
	 * those beyond all bounds. */
	uint64_t counts[DELAYS_BOUNDS + 1];
	uint64_t sum_ns;
};

/* n transactions took ns each. */
void delays_add(struct delays *d, uint64_t ns, unsigned int n);

#endif
