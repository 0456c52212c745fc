/* SPDX-License-Identifier: MIT */
/* How long to wait before the next attempt: exponential backoff with full
 * jitter, so that many collectors do not reconnect at the same moment. */
#ifndef DELIVERY_BACKOFF_H
#define DELIVERY_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint64_t base_ns; /* longest wait after the first failure */
	uint64_t cap_ns;  /* longest wait after any failure */
	unsigned int failures;
};

/* Counts a failure. Returns the wait in ns: uniform from 0 to
 * min(cap, base * 2^(failures - 1)). random: 64 random bits. */
uint64_t backoff_next(struct backoff *b, uint64_t random);

static inline void backoff_reset(struct backoff *b)
{
	b->failures = 0;
}

#endif
