/* SPDX-License-Identifier: MIT */
/*
 * Limits the rate of transactions, in total and per endpoint. Each limit is a
 * token bucket that holds one second's worth of tokens, and at least one. A
 * bucket is stored as the time at which it will be full (generic cell rate
 * algorithm, ITU-T I.371). Used by one thread.
 */
#ifndef TRACE_LIMITER_H
#define TRACE_LIMITER_H

#include <stdint.h>

/* Most endpoints with a bucket of their own. Beyond that, a new endpoint takes
 * over the fullest bucket of its set. */
#define LIMITER_ENDPOINTS 4096u

struct limiter;

struct limiter_rates {
	double all, endpoint; /* per second; 0: no limit */
};

enum limiter_verdict {
	LIMITER_ACCEPT,
	LIMITER_OVER_ALL,
	LIMITER_OVER_ENDPOINT,
};

/* NULL with errno on failure. */
struct limiter *limiter_new(void);
void limiter_free(struct limiter *l);

/* Changes the rates. What was accepted before still counts. */
void limiter_set(struct limiter *l, const struct limiter_rates *rates);

/* A transaction of the endpoint with this key (not 0) at Unix time now_ns. Only
 * accepted ones use tokens. key is unused without a limit per endpoint. */
enum limiter_verdict limiter_accept(struct limiter *l, uint64_t key,
				    uint64_t now_ns);

#endif
