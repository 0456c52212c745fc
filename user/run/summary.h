/* SPDX-License-Identifier: MIT */
/*
 * The counters of every stage under their public names, as text for people
 * and as JSON for programs. Shared by attach, status and replay, so that a
 * name means the same everywhere.
 */
#ifndef RUN_SUMMARY_H
#define RUN_SUMMARY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/types.h>

#include "base/log.h"
#include "base/opt.h"
#include "capture/counters.h"
#include "http/http.h"
#include "metlo_record.h"
#include "output/output.h"
#include "trace/selection.h"
#include "stream/stream.h"

/* One of the places that transactions go to. */
struct summary_sink {
	const char *name; /* as given to --output */
	struct output_stats stats;
};

#define SUMMARY_SINKS_MAX OPT_LIST_MAX

/* Nothing is owned; a stage that is NULL is left out. */
struct summary {
	const struct metlo_stats *packets;
	const struct stream_stats *stream;
	const struct http_stats *http;
	const struct selection_stats *selection;
	const struct output_stats *output; /* sums of all sinks */
	const struct summary_sink *sinks;
	size_t n_sinks;
	const struct counters_vni *vnis;
	size_t n_vnis;
};

/* Sums of several workers. */
void summary_add_stream(struct stream_stats *to,
			const struct stream_stats *from);
void summary_add_http(struct http_stats *to, const struct http_stats *from);
void summary_add_selection(struct selection_stats *to,
			   const struct selection_stats *from);

/* The counters of each sink and their sums; out has room for
 * SUMMARY_SINKS_MAX and is valid as long as o. Returns how many they are. */
size_t summary_read_output(struct output *o, struct output_stats *sum,
			   struct summary_sink *out);

/* By packets, the busiest first; to be done before printing. */
void summary_sort_vnis(struct counters_vni *vnis, size_t n);

/*
 * The members of a JSON object without its braces, so that a command can put
 * its own before them: the counters of the packets at the top, then "stream",
 * "http", "selection" and "output" as objects, then "vni" as an array.
 */
void summary_json_members(FILE *f, const struct summary *s);

/* Calls fn for every counter, in the order and by the names of the JSON. group
 * is that of the object it is in, "" for those of the packets. */
typedef void summary_fn(void *ctx, const char *group, const char *name,
			uint64_t value);
void summary_each(const struct summary *s, summary_fn *fn, void *ctx);

/* "name value" lines; counters of zero are left out beyond the packets. */
void summary_text(FILE *f, const struct summary *s);

/* How much it was, and what was left out because somebody asked for it: one or
 * two lines. http and selection are there. */
void summary_log(const struct log *log, const struct summary *s);

/* A counter that stands for data that was lost, and what to do about it. */
struct summary_loss {
	const char *counter;
	uint64_t value;
	const char *remedy;
};

#define SUMMARY_LOSSES_MAX 16

/* The loss counters that are present in s, those of zero too, in an order
 * that is the same in each call. Returns how many. */
size_t summary_losses(const struct summary *s,
		      struct summary_loss out[SUMMARY_LOSSES_MAX]);

/* A JSON string with its quotes. */
void summary_json_string(FILE *f, const char *s);

#endif
