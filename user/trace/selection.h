/* SPDX-License-Identifier: MIT */
/*
 * Decides which transactions are reported: filters first, then rate limits.
 * Counts the others by reason. Used by one thread.
 */
#ifndef TRACE_SELECTION_H
#define TRACE_SELECTION_H

#include "trace/filter.h"
#include "trace/limiter.h"

struct selection;

/* Each transaction increments one. The names appear in summaries and metrics. */
#define SELECTION_COUNTERS(X)                          \
	X(selected)	    /* passed to the output */ \
	X(not_included)	    /* no --include matches */ \
	X(excluded)	    /* an --exclude matches */ \
	X(rate_limited)	    /* over --rate-limit */    \
	X(endpoint_limited) /* over --rate-limit-endpoint */

struct selection_stats {
#define SELECTION_FIELD(name) uint64_t name;
	SELECTION_COUNTERS(SELECTION_FIELD)
#undef SELECTION_FIELD
};

/* Accepts everything until selection_set(). seed: secret of this run. NULL with
 * errno on failure. */
struct selection *selection_new(uint64_t seed);
void selection_free(struct selection *s);

/* Applies from now on. filter is not copied. */
void selection_set(struct selection *s, const struct filter *filter,
		   const struct limiter_rates *rates);

/* Is t to be reported? now_ns: Unix time. */
bool selection_accept(struct selection *s, const struct http_transaction *t,
		      uint64_t now_ns);

const struct selection_stats *selection_stats(const struct selection *s);

#endif
