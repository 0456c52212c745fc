/* SPDX-License-Identifier: MIT */
/*
 * The settings that apply to transactions (masks, filters, limits) in compiled
 * form. Immutable and shared by all workers, so that a reload swaps one
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
 * A view is a transaction as one set of sinks sees it, with their masks. Types
 * of sink with equal masks share a view, so that a line is rendered once for
 * all of them, unless only some of them get lines of HTTP_STARTED.
 */
struct rules_views {
	unsigned int n;
	unsigned int sinks[N_SINKS]; /* of each view: bits of enum sink_id */
	bool started[N_SINKS];	     /* it gets lines of HTTP_STARTED */
};

struct rules {
	struct rules_views views;
	struct trace_conf *trace[N_SINKS]; /* one per view */
	struct name_table *names;	   /* of addresses, or NULL */
	struct proto_set *protos;	   /* types of gRPC, or NULL */
	struct filter *filter;
	struct limiter_rates rates; /* share of one worker */
	uint64_t body_limit;	    /* bytes per side */
	bool body_hash;
};

/* Groups the configured types of sink into views. */
void rules_views(struct rules_views *out, const struct settings *s);

/* Sets out[i] to the view of s->outputs.item[i]. */
void rules_output_views(unsigned int out[OPT_LIST_MAX],
			const struct settings *s, const struct rules_views *v);

/* Compiles s for the views v, whose number is fixed at startup. If s would need
 * more of them, the sinks of a view get the masks of all of them. Does not keep
 * s, and does not read files. Returns NULL with errno on failure. */
struct rules *rules_new(const struct settings *s, const struct rules_views *v,
			unsigned int workers);
/* The same, with the files of --names and --proto-descriptors. Returns 0 and sets *out, or -errno after
 * logging: -EINVAL if the user must change something. */
int rules_load(struct rules **out, const struct settings *s,
	       const struct rules_views *v, unsigned int workers,
	       const struct log *log);
void rules_free(struct rules *r);

#endif
