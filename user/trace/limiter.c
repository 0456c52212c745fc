/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "trace/limiter.h"

#define WAYS 4u
#define SETS (LIMITER_ENDPOINTS / WAYS)

/* Of one rate. */
struct pace {
	uint64_t interval; /* ns from one token to the next; 0: no limit */
	uint64_t burst;	   /* ns in which an empty bucket gets full */
};

struct bucket {
	uint64_t key;  /* 0: never used */
	uint64_t full; /* time at which it is full again */
};

struct limiter {
	struct pace all, endpoint;
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

static struct pace pace_of(double rate)
{
	struct pace p = {0};

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
	l->all = pace_of(rates->all);
	l->endpoint = pace_of(rates->endpoint);
}

/* Is there a token? A bucket cannot be emptier than empty: the clock was set
 * back, or there was another rate. */
static bool has_token(struct bucket *b, const struct pace *p, uint64_t now)
{
	if (b->full > now + p->burst)
		b->full = now + p->burst;
	return b->full + p->interval <= now + p->burst;
}

static void take_token(struct bucket *b, const struct pace *p, uint64_t now)
{
	b->full = (b->full > now ? b->full : now) + p->interval;
}

/* A full bucket is as good as a new one; else the fullest one of its place is
 * shared, so that many endpoints are not many buckets. */
static struct bucket *bucket_of(struct limiter *l, uint64_t key)
{
	struct bucket *set = l->bucket[key % SETS], *fullest = set;
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].full < fullest->full)
			fullest = &set[i];
	}
	fullest->key = key;
	return fullest;
}

enum limiter_verdict limiter_take(struct limiter *l, uint64_t key,
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
	return LIMITER_TAKE;
}
