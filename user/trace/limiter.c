/* SPDX-License-Identifier: MIT */
/* Buckets per endpoint are in a set-associative table of fixed size, so memory and
 * time do not depend on the number of endpoints. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "trace/limiter.h"

#define WAYS 4u
#define SETS (LIMITER_ENDPOINTS / WAYS)

struct rate {
	uint64_t interval; /* ns from one token to the next; 0: no limit */
	uint64_t burst;	   /* ns to fill an empty bucket */
};

struct bucket {
	uint64_t key;	  /* 0: unused */
	uint64_t full_ns; /* Unix time at which it will be full */
};

struct limiter {
	struct rate all, endpoint;
	struct bucket total;
	struct bucket bucket[SETS][WAYS];
};

struct limiter *limiter_new(void)
{
	return calloc(1, sizeof(struct limiter));
}

void limiter_free(struct limiter *l)
{
	free(l);
}

static struct rate rate_of(double rate)
{
	struct rate p = {0};

	if (rate <= 0)
		return p;
	p.interval = (uint64_t)((double)NSEC_PER_SEC / rate + 0.5);
	if (!p.interval)
		p.interval = 1;
	p.burst = p.interval > NSEC_PER_SEC ? p.interval : NSEC_PER_SEC;
	return p;
}

void limiter_set(struct limiter *l, const struct limiter_rates *rates)
{
	l->all = rate_of(rates->all);
	l->endpoint = rate_of(rates->endpoint);
}

/* Is there a token? A bucket that is less than empty was filled under another
 * rate or before the clock was set back: make it empty. */
static bool has_token(struct bucket *b, const struct rate *p, uint64_t now)
{
	if (b->full_ns > now + p->burst)
		b->full_ns = now + p->burst;
	return b->full_ns + p->interval <= now + p->burst;
}

static void take_token(struct bucket *b, const struct rate *p, uint64_t now)
{
	b->full_ns = (b->full_ns > now ? b->full_ns : now) + p->interval;
}

/* The bucket of a key. A new key takes over the fullest bucket of its set with
 * the tokens it has, so inventing endpoints does not yield tokens. */
static struct bucket *bucket_of(struct limiter *l, uint64_t key)
{
	struct bucket *set = l->bucket[key % SETS], *fullest = set;
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].full_ns < fullest->full_ns)
			fullest = &set[i];
	}
	fullest->key = key;
	return fullest;
}

enum limiter_verdict limiter_accept(struct limiter *l, uint64_t key,
				    uint64_t now_ns)
{
	struct bucket *b = NULL;

	if (l->endpoint.interval) {
		b = bucket_of(l, key);
		if (!has_token(b, &l->endpoint, now_ns))
			return LIMITER_OVER_ENDPOINT;
	}
	if (l->all.interval) {
		if (!has_token(&l->total, &l->all, now_ns))
			return LIMITER_OVER_ALL;
		take_token(&l->total, &l->all, now_ns);
	}
	if (b)
		take_token(b, &l->endpoint, now_ns);
	return LIMITER_ACCEPT;
}
