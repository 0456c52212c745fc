/* SPDX-License-Identifier: MIT */
/*
 * Prints counters and picks out losses. Names and order come from the counter
 * table, so a new counter appears here without a change.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "run/summary.h"

size_t summary_read_output(struct output *o, struct output_stats *sum,
			   struct summary_sink *out)
{
	unsigned int i, n = output_n_sinks(o);

	output_stats(o, sum);
	for (i = 0; i < n && i < SUMMARY_SINKS_MAX; i++) {
		out[i].name = output_sink_name(o, i);
		output_sink_stats(o, i, &out[i].stats);
	}
	return i;
}

static int busier(const void *a, const void *b)
{
	const struct counters_vni *x = a, *y = b;

	if (x->stats.packets != y->stats.packets)
		return x->stats.packets < y->stats.packets ? 1 : -1;
	return x->vni < y->vni ? -1 : x->vni > y->vni;
}

void summary_sort_vnis(struct counters_vni *vnis, size_t n)
{
	if (n)
		qsort(vnis, n, sizeof(*vnis), busier);
}

void summary_json_string(FILE *f, const char *s)
{
	struct buf b = {0};

	json_add_string(&b, s, strlen(s));
	if (b.failed)
		fputs("\"\"", f);
	else
		fwrite(b.p, 1, b.len, f);
	buf_free(&b);
}

/* The counters of a stage, or NULL if s does not have that stage. */
static const void *stage_stats(const struct summary *s,
			       enum counter_stage stage)
{
	const void *const stats[STAGES] = {
		[STAGE_PACKETS] = s->packets,
		[STAGE_STREAM] = s->stream,
		[STAGE_HTTP] = s->http,
		[STAGE_HTTP2] = s->http2,
		[STAGE_TLS] = s->tls,
		[STAGE_QUIC] = s->quic,
		[STAGE_OUTPUT] = s->output,
		[STAGE_SELECTION] = s->selection,
		[STAGE_FRAGMENTS] = s->fragments,
	};

	return stats[stage];
}

void summary_each(const struct summary *s, summary_fn *fn, void *ctx)
{
	for (int stage = 0; stage < STAGES; stage++) {
		const struct counter_group *g = &counter_table[stage];
		const void *stats = stage_stats(s, (enum counter_stage)stage);

		for (size_t i = 0; stats && i < g->n; i++)
			fn(ctx, g, &g->counters[i],
			   counter_table_value(&g->counters[i], stats));
	}
}

/* --- JSON ------------------------------------------------------------------- */

static void json_counters(FILE *f, const char *separator,
			  const struct counter_group *g, const void *stats)
{
	for (size_t i = 0; i < g->n; i++) {
		fprintf(f, "%s\"%s\":%" PRIu64, separator, g->counters[i].name,
			counter_table_value(&g->counters[i], stats));
		separator = ",";
	}
}

static void json_sinks(FILE *f, const struct summary *s)
{
	fprintf(f, ",\"sinks\":[");
	for (size_t i = 0; i < s->n_sinks; i++) {
		fprintf(f, "%s{\"name\":", i ? "," : "");
		summary_json_string(f, s->sinks[i].name);
		json_counters(f, ",", &counter_table[STAGE_OUTPUT],
			      &s->sinks[i].stats);
		putc('}', f);
	}
	putc(']', f);
}

void summary_json_members(FILE *f, const struct summary *s)
{
	const char *separator = "";

	for (int stage = 0; stage < STAGES; stage++) {
		const struct counter_group *g = &counter_table[stage];
		const void *stats = stage_stats(s, (enum counter_stage)stage);

		if (!stats)
			continue;
		if (stage == STAGE_PACKETS) {
			json_counters(f, "", g, stats);
		} else {
			fprintf(f, "%s\"%s\":{", separator, g->json);
			json_counters(f, "", g, stats);
			if (stage == STAGE_OUTPUT)
				json_sinks(f, s);
			putc('}', f);
		}
		separator = ",";
	}
	fprintf(f, "%s\"vni\":[", separator);
	for (size_t i = 0; i < s->n_vnis; i++)
		fprintf(f,
			"%s{\"vni\":%" PRIu32 ",\"packets\":%" PRIu64
			",\"bytes\":%" PRIu64 "}",
			i ? "," : "", s->vnis[i].vni,
			(uint64_t)s->vnis[i].stats.packets,
			(uint64_t)s->vnis[i].stats.bytes);
	putc(']', f);
}

/* --- text ------------------------------------------------------------------- */

static void text_counters(FILE *f, const struct counter_group *g,
			  const void *stats, bool zeros)
{
	for (size_t i = 0; i < g->n; i++) {
		const uint64_t value =
			counter_table_value(&g->counters[i], stats);

		if (value || zeros)
			fprintf(f, "  %-22s %20" PRIu64 "\n",
				g->counters[i].name, value);
	}
}

void summary_text(FILE *f, const struct summary *s)
{
	for (int stage = 0; stage < STAGES; stage++) {
		const struct counter_group *g = &counter_table[stage];
		const void *stats = stage_stats(s, (enum counter_stage)stage);

		if (!stats)
			continue;
		fprintf(f, "%s\n", g->title);
		text_counters(f, g, stats, stage == STAGE_PACKETS);
	}
	/* A single sink would repeat the sums above. */
	for (size_t i = 0; s->n_sinks > 1 && i < s->n_sinks; i++) {
		fprintf(f, "output %s\n", s->sinks[i].name);
		text_counters(f, &counter_table[STAGE_OUTPUT],
			      &s->sinks[i].stats, false);
	}
	if (!s->n_vnis)
		return;
	fprintf(f,
		"vni                           packets                bytes\n");
	for (size_t i = 0; i < s->n_vnis; i++)
		fprintf(f, "  %-12" PRIu32 " %22" PRIu64 " %20" PRIu64 "\n",
			s->vnis[i].vni, (uint64_t)s->vnis[i].stats.packets,
			(uint64_t)s->vnis[i].stats.bytes);
}

/* --- log -------------------------------------------------------------------- */

/* A list of counters being built. */
struct left_out {
	char text[256];
	size_t n;
};

static void add_left_out(struct left_out *l, const char *name, uint64_t value,
			 const char *unit)
{
	if (!value || l->n >= sizeof(l->text))
		return;
	l->n += (size_t)snprintf(l->text + l->n, sizeof(l->text) - l->n,
				 "%s%s %" PRIu64 "%s", l->n ? ", " : "", name,
				 value, unit);
}

void summary_log(const struct log *log, const struct summary *s)
{
	static const struct metlo_stats none;
	const struct metlo_stats *packets = s->packets ? s->packets : &none;
	struct left_out l = {.n = 0};

	log_info(log,
		 "%s%" PRIu64 " packets, %" PRIu64
		 " with TCP data for these ports%s, %" PRIu64
		 " transactions (%" PRIu64 " complete)",
		 s->resumed ? "since it was attached: " : "",
		 (uint64_t)packets->packets, (uint64_t)packets->delivered,
		 s->resumed ? "; in this run" : "", s->http->transactions,
		 s->http->paired);
	add_left_out(&l, "sampled_out", packets->sampled_out,
		     s->resumed ? " packets since it was attached"
				: " packets");
	for (size_t i = 0; i < counter_table[STAGE_SELECTION].n; i++) {
		const struct counter *c =
			&counter_table[STAGE_SELECTION].counters[i];

		if (c->offset != offsetof(struct selection_stats, selected) &&
		    c->offset != offsetof(struct selection_stats, selected_tls))
			add_left_out(&l, c->name,
				     counter_table_value(c, s->selection), "");
	}
	if (l.n)
		log_info(log, "excluded by options: %s", l.text);
}

static const struct {
	enum counter_stage stage;
	const char *counter, *remedy;
} losses[] = {
	{STAGE_PACKETS, "ring_full",
	 "raise --ring-size or --workers, or give the collector more CPU"},
	{STAGE_PACKETS, "truncated_bytes",
	 "mirrored packets arrive truncated: raise the packet length of the mirror session and the MTU of this interface"},
	{STAGE_FRAGMENTS, "limit",
	 "too many IP fragments that are never completed: usually a flood; raise --memory"},
	{STAGE_FRAGMENTS, "dropped",
	 "the workers are too slow: give the collector more CPU"},
	{STAGE_STREAM, "gap_bytes",
	 "packets are missing: see ring_full, truncated_bytes and fragments; otherwise the mirror source or the network dropped them"},
	{STAGE_STREAM, "flows_evicted", "raise --max-flows"},
	{STAGE_STREAM, "flows_no_memory",
	 "the machine is out of memory: lower --max-flows or --memory"},
	{STAGE_STREAM, "ooo_total_limit", "raise --memory"},
	{STAGE_HTTP, "memory_limit", "raise --memory"},
	{STAGE_TLS, "memory_limit",
	 "TLS connections were reported before their end: raise --memory"},
	{STAGE_OUTPUT, "dropped_queue",
	 "the output cannot keep up: speed up its reader or raise --memory"},
	{STAGE_OUTPUT, "dropped_error",
	 "the output cannot be written: see the error above"},
	{STAGE_OUTPUT, "dropped_refused",
	 "Metlo or Kafka rejected these transactions: see the warning above"},
	{STAGE_OUTPUT, "uncertain",
	 "Kafka may lack these transactions or have them twice: compare capture.id"},
	{STAGE_OUTPUT, "dropped_spool",
	 "Metlo was unreachable for longer than the spool covers: raise --spool-limit"},
	{STAGE_OUTPUT, "dropped_damaged",
	 "the spool cannot be read back: check the disk"},
};

_Static_assert(sizeof(losses) / sizeof(losses[0]) <= SUMMARY_LOSSES_MAX,
	       "raise SUMMARY_LOSSES_MAX");

size_t summary_losses(const struct summary *s,
		      struct summary_loss out[SUMMARY_LOSSES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		const void *stats = stage_stats(s, losses[i].stage);
		const struct counter *c =
			counter_table_find(losses[i].stage, losses[i].counter);

		if (stats && c)
			out[n++] = (struct summary_loss){
				.counter = c->name,
				.value = counter_table_value(c, stats),
				.remedy = losses[i].remedy,
			};
	}
	return n;
}
