/* SPDX-License-Identifier: MIT */
/* A histogram with fixed buckets, updated once per slice of lines. */
#include "output/delays.h"

/* From an idle collector's delay to ten minutes, when data is stale anyway. */
const double delays_bounds[DELAYS_BOUNDS] = {0.001, 0.005, 0.02, 0.1, 0.5,
					     1,	    5,	   30,	 120, 600};

void delays_add(struct delays *d, uint64_t ns, unsigned int n)
{
	const double seconds = (double)ns / 1e9;
	unsigned int i = 0;

	while (i < DELAYS_BOUNDS && seconds > delays_bounds[i])
		i++;
	d->counts[i] += n;
	d->sum_ns += ns * n;
}
