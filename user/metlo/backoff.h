/* SPDX-License-Identifier: MIT */
/* How long to wait before something that failed is tried again: exponential
 * with full jitter, so that many collectors do not come back at once. */
#ifndef METLO_BACKOFF_H
#define METLO_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint64_t base_ns; /* the longest wait after the first failure */
	uint64_t cap_ns;  /* and the longest of all */
	unsigned int failures;
};

/* Counts a failure: ns to wait, from 0 to base * 2^(failures - 1) or cap.
 * random has 64 bits of chance. */
uint64_t backoff_next(struct backoff *b, uint64_t random);

static inline void backoff_reset(struct backoff *b)
{
	b->failures = 0;
}

#endif
