/* SPDX-License-Identifier: MIT */
/* One lock for counters and state, so that a reader sees both of one moment. */
#include "base/clock.h"
#include "output/published.h"

void published_init(struct published *p)
{
	*p = (struct published){0};
	pthread_mutex_init(&p->lock, NULL);
}

void published_destroy(struct published *p)
{
	pthread_mutex_destroy(&p->lock);
}

void published_set(struct published *p, const struct output_stats *stats,
		   const struct published_state *state)
{
	pthread_mutex_lock(&p->lock);
	p->stats = *stats;
	p->state = *state;
	pthread_mutex_unlock(&p->lock);
}

void published_stats(struct published *p, struct output_stats *stats)
{
	pthread_mutex_lock(&p->lock);
	*stats = p->stats;
	pthread_mutex_unlock(&p->lock);
}

const char *published_last_error(struct published *p, bool *transient)
{
	const char *error;

	pthread_mutex_lock(&p->lock);
	error = p->state.last_error;
	*transient = p->state.transient;
	pthread_mutex_unlock(&p->lock);
	return error;
}

uint64_t published_undelivered_age(struct published *p)
{
	uint64_t since, now;

	pthread_mutex_lock(&p->lock);
	since = p->state.waiting_since;
	now = clock_mono_ns();
	pthread_mutex_unlock(&p->lock);
	return since && now > since ? now - since : 0;
}
