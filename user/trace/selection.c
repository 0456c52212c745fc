/* SPDX-License-Identifier: MIT */
/* Normalises a request only if a filter or a limit needs it. */
#include <errno.h>
#include <stdlib.h>

#include "trace/selection.h"

struct selection {
	struct selection_stats stats;
	const struct filter *filter; /* NULL: accepts everything */
	bool limits, endpoint_limit;
	uint64_t seed;
	struct limiter *limiter;
	struct endpoint endpoint; /* of the current transaction */
};

struct selection *selection_new(uint64_t seed)
{
	struct selection *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->seed = seed;
	s->limiter = limiter_new();
	if (s->limiter)
		return s;
	free(s);
	errno = ENOMEM;
	return NULL;
}

void selection_free(struct selection *s)
{
	if (!s)
		return;
	limiter_free(s->limiter);
	free(s);
}

void selection_set(struct selection *s, const struct filter *filter,
		   const struct limiter_rates *rates)
{
	s->filter = filter_empty(filter) ? NULL : filter;
	s->limits = rates->all > 0 || rates->endpoint > 0;
	s->endpoint_limit = rates->endpoint > 0;
	limiter_set(s->limiter, rates);
}

/* Decides on what s->endpoint is about. selected: the verdict if it is accepted. */
static enum selection_verdict
judge(struct selection *s, enum selection_verdict selected, uint64_t now_ns)
{
	uint64_t key = 0;

	if (s->filter) {
		switch (filter_apply(s->filter, &s->endpoint)) {
		case FILTER_ACCEPT:
			break;
		case FILTER_NOT_INCLUDED:
			return SELECTION_not_included;
		case FILTER_EXCLUDED:
			return SELECTION_excluded;
		}
	}
	if (!s->limits)
		return selected;
	if (s->endpoint_limit)
		key = endpoint_key(&s->endpoint, s->seed);
	switch (limiter_accept(s->limiter, key, now_ns)) {
	case LIMITER_OVER_ALL:
		return SELECTION_rate_limited;
	case LIMITER_OVER_ENDPOINT:
		return SELECTION_endpoint_limited;
	case LIMITER_ACCEPT:
		break;
	}
	return selected;
}

enum selection_verdict selection_judge(struct selection *s,
				       const struct http_transaction *t,
				       uint64_t now_ns)
{
	if (s->filter || s->endpoint_limit)
		endpoint_of(&s->endpoint, t);
	return judge(s, SELECTION_selected, now_ns);
}

bool selection_count(struct selection *s, enum selection_verdict verdict)
{
	((uint64_t *)&s->stats)[verdict]++;
	return verdict == SELECTION_selected ||
	       verdict == SELECTION_selected_tls;
}

bool selection_accept_tls(struct selection *s, const struct tls_report *r,
			  uint64_t now_ns)
{
	if (s->filter || s->endpoint_limit)
		endpoint_of_tls(&s->endpoint, r);
	return selection_count(s, judge(s, SELECTION_selected_tls, now_ns));
}

const struct selection_stats *selection_stats(const struct selection *s)
{
	return &s->stats;
}
