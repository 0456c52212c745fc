/* SPDX-License-Identifier: MIT */
/*
 * What the settings say of transactions, compiled: masks, filters, limits.
 * Immutable and shared by all workers, so that a reload is a change of one
 * pointer.
 */
#ifndef RUN_RULES_H
#define RUN_RULES_H

#include "config/redact.h"
#include "config/settings.h"
#include "trace/filter.h"
#include "trace/limiter.h"
#include "trace/trace.h"

/*
 * A view is how outputs see a transaction. Where all of them have the same
 * masks there is one; else one for each sink.
 */
struct rules_views {
	unsigned int n;
	unsigned int sinks[N_SINKS]; /* of each view, as bits */
};

struct rules {
	struct rules_views views;
	struct trace_conf *trace[N_SINKS]; /* of each view */
	struct filter *filter;
	struct limiter_rates rates; /* of each worker */
	uint64_t body_limit;	    /* bytes per side */
	bool body_hash;
};

/* The views that the settings need. */
void rules_views(struct rules_views *out, const struct settings *s);

/* The view of each of s->outputs. */
void rules_output_views(unsigned int out[OPT_LIST_MAX],
			const struct settings *s, const struct rules_views *v);

/* Rules for these views, whose number is that of the start. Where the settings
 * need more of them, what is masked for one output is masked for all of its
 * view. NULL with errno on failure. s is not needed afterwards. */
struct rules *rules_new(const struct settings *s, const struct rules_views *v,
			unsigned int workers);
void rules_free(struct rules *r);

#endif
