/* SPDX-License-Identifier: MIT */
/*
 * Which transactions are reported, and what becomes of the others: filters,
 * then limits. Used by one thread.
 */
#ifndef TRACE_SELECTION_H
#define TRACE_SELECTION_H

#include "trace/filter.h"
#include "trace/limiter.h"

struct selection;

/* Names are those of the summaries and metrics. Each transaction moves one. */
#define SELECTION_COUNTERS(X)                                          \
	X(selected)	    /* handed on to the output */              \
	X(not_included)	    /* --include is given, and does not fit */ \
	X(excluded)	    /* by --exclude */                         \
	X(rate_limited)	    /* beyond --rate-limit */                  \
	X(endpoint_limited) /* beyond --rate-limit-endpoint */

struct selection_stats {
#define SELECTION_FIELD(name) uint64_t name;
	SELECTION_COUNTERS(SELECTION_FIELD)
#undef SELECTION_FIELD
};

/* seed is secret. NULL with errno on failure. Takes everything at first. */
struct selection *selection_new(uint64_t seed);
void selection_free(struct selection *s);

/* From now on; filter is not copied. */
void selection_set(struct selection *s, const struct filter *filter,
		   const struct limiter_rates *rates);

/* Whether t is to be reported. now_ns is Unix time that only grows but for
 * changes of the clock. */
bool selection_take(struct selection *s, const struct http_transaction *t,
		    uint64_t now_ns);

const struct selection_stats *selection_stats(const struct selection *s);

#endif
