/* SPDX-License-Identifier: MIT */
/*
 * Decides which transactions are reported: filters first, then rate limits.
 * Counts the others by reason. Used by one thread.
 */
#ifndef TRACE_SELECTION_H
#define TRACE_SELECTION_H

#include "trace/filter.h"
#include "trace/limiter.h"
#include "tls/report.h"

struct selection;

/* X(name, type, help), see METLO_OUTCOMES. Each transaction and each TLS or QUIC
 * connection increments one. */
#define SELECTION_COUNTERS(X)                                             \
	X(selected, COUNTER, "Transactions passed to the outputs.")       \
	X(selected_tls, COUNTER,                                          \
	  "TLS and QUIC connections passed to the outputs.")              \
	X(not_included, COUNTER, "Transactions that match no --include.") \
	X(excluded, COUNTER, "Transactions that match an --exclude.")     \
	X(rate_limited, COUNTER, "Transactions over --rate-limit.")       \
	X(endpoint_limited, COUNTER, "Transactions over --rate-limit-endpoint.")

struct selection_stats {
#define SELECTION_FIELD(name, ...) uint64_t name;
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

/* The index of each counter. */
enum selection_verdict {
#define SELECTION_VERDICT(name, ...) SELECTION_##name,
	SELECTION_COUNTERS(SELECTION_VERDICT)
#undef SELECTION_VERDICT
};

/* Decides on t, which may use up a part of a rate. now_ns: Unix time. */
enum selection_verdict selection_judge(struct selection *s,
				       const struct http_transaction *t,
				       uint64_t now_ns);
/* Counts it. Is the transaction to be reported? */
bool selection_count(struct selection *s, enum selection_verdict verdict);

/* Is the TLS connection to be reported? Its host is the name that the client asked
 * for, and it has no path: patterns with one match no connection. */
bool selection_accept_tls(struct selection *s, const struct tls_report *r,
			  uint64_t now_ns);

const struct selection_stats *selection_stats(const struct selection *s);

#endif
