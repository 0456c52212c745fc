/* SPDX-License-Identifier: MIT */
/*
 * At most so many transactions a second, in all and of each endpoint. Token
 * buckets that hold what comes in a second, but at least one, kept as the time
 * at which each would be full again (the generic cell rate algorithm of ITU-T
 * I.371). Used by one thread.
 */
#ifndef TRACE_LIMITER_H
#define TRACE_LIMITER_H

#include <stdint.h>

/* Endpoints with a bucket that is not full, at most. Beyond, a new one shares
 * the bucket of the one that has the most left. */
#define LIMITER_ENDPOINTS 4096u

struct limiter;

struct limiter_rates {
	double all, endpoint; /* per second; 0: no limit */
};

enum limiter_verdict {
	LIMITER_TAKE,
	LIMITER_OVER_ALL,
	LIMITER_OVER_ENDPOINT,
};

/* NULL with errno on failure. */
struct limiter *limiter_new(void);
void limiter_free(struct limiter *l);

/* New rates; what was taken before still counts. */
void limiter_set(struct limiter *l, const struct limiter_rates *rates);

/* One of endpoint key (not 0) at Unix time now_ns; only what is taken counts.
 * key is not looked at where there is no limit for endpoints. */
enum limiter_verdict limiter_take(struct limiter *l, uint64_t key,
				  uint64_t now_ns);

#endif
