/* SPDX-License-Identifier: MIT */
/*
 * The counters of every stage under their public names, printed as text or
 * JSON. attach, status and replay share this, so that a name means the same
 * everywhere.
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
#include "http2/conf.h"
#include "fragment/table.h"
#include "metlo_record.h"
#include "output/output.h"
#include "quic/conf.h"
#include "run/counter_table.h"
#include "trace/selection.h"
#include "stream/stream.h"
#include "tls/tls.h"

struct summary_sink {
	const char *name; /* as given to --output */
	struct output_stats stats;
};

#define SUMMARY_SINKS_MAX OPT_LIST_MAX

/* Owns nothing. A stage that is NULL is left out. */
struct summary {
	const struct metlo_stats *packets;
	const struct fragment_stats *fragments;
	const struct stream_stats *stream;
	const struct http_stats *http;
	const struct http2_stats *http2;
	const struct tls_stats *tls;
	const struct quic_stats *quic;
	const struct selection_stats *selection;
	const struct output_stats *output; /* sums of all sinks */
	const struct summary_sink *sinks;
	size_t n_sinks;
	const struct counters_vni *vnis;
	size_t n_vnis;
	bool resumed; /* packets also counts those of earlier runs */
};

/* Reads the counters of each sink into out, which has room for
 * SUMMARY_SINKS_MAX, and their sum. The names in out point into o. Returns the
 * number of sinks. */
size_t summary_read_output(struct output *o, struct output_stats *sum,
			   struct summary_sink *out);

/* Sorts by packets, busiest first. Call before printing. */
void summary_sort_vnis(struct counters_vni *vnis, size_t n);

/*
 * Prints members of a JSON object without its braces, so that a command can add
 * its own: packet counters at the top level, then the objects "fragments", "stream", "http", "http2",
 * "selection" and "output", then the array "vni".
 */
void summary_json_members(FILE *f, const struct summary *s);

/* Calls fn for every counter in the order of the JSON. */
typedef void summary_fn(void *ctx, const struct counter_group *group,
			const struct counter *c, uint64_t value);
void summary_each(const struct summary *s, summary_fn *fn, void *ctx);

/* Prints "name value" lines. Zero counters are omitted, except for packets. */
void summary_text(FILE *f, const struct summary *s);

/* Logs totals, each with its lifetime if s->resumed, and in a second line what options such as --sample left out.
 * Needs s->http and s->selection. */
void summary_log(const struct log *log, const struct summary *s);

/* A counter of lost data and how to avoid the loss. */
struct summary_loss {
	const char *counter;
	uint64_t value;
	const char *remedy;
};

#define SUMMARY_LOSSES_MAX 16

/* Lists the loss counters of the stages in s, including zeros, always in the
 * same order. Returns their number. */
size_t summary_losses(const struct summary *s,
		      struct summary_loss out[SUMMARY_LOSSES_MAX]);

/* Prints a quoted JSON string. */
void summary_json_string(FILE *f, const char *s);

#endif
