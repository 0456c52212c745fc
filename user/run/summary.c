/* SPDX-License-Identifier: MIT */
/*
 * Prints, sums and classifies counters. The X-macros of the stages give their
 * names and order, so a new counter appears here without a change.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "run/summary.h"

/* Summing is right for gauges too: each worker holds its own share. */
void summary_add_stream(struct stream_stats *to,
			const struct stream_stats *from)
{
#define ADD(name) to->name += from->name;
	STREAM_COUNTERS(ADD)
#undef ADD
}

void summary_add_http(struct http_stats *to, const struct http_stats *from)
{
#define ADD(name) to->name += from->name;
	HTTP_COUNTERS(ADD)
#undef ADD
}

void summary_add_selection(struct selection_stats *to,
			   const struct selection_stats *from)
{
#define ADD(name) to->name += from->name;
	SELECTION_COUNTERS(ADD)
#undef ADD
}

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
	putc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(f, "\\u%04x", c);
		else
			putc(c, f);
	}
	putc('"', f);
}

/* A visitor of counters; one() is called for each. */
struct printer {
	FILE *f;
	const char *separator;
	void (*one)(struct printer *p, const char *name, uint64_t value);
	/* For summary_each(): */
	const char *group;
	summary_fn *fn;
	void *ctx;
};

static void json_one(struct printer *p, const char *name, uint64_t value)
{
	fprintf(p->f, "%s\"%s\":%" PRIu64, p->separator, name, value);
	p->separator = ",";
}

static void text_one(struct printer *p, const char *name, uint64_t value)
{
	fprintf(p->f, "  %-22s %20" PRIu64 "\n", name, value);
}

static void text_nonzero(struct printer *p, const char *name, uint64_t value)
{
	if (value)
		text_one(p, name, value);
}

static void each_packet_counter(struct printer *p, const struct metlo_stats *s)
{
#define ONE(name) p->one(p, #name, s->name);
	ONE(packets)
	ONE(bytes)
	METLO_OUTCOMES(ONE)
	ONE(delivered_bytes)
	ONE(truncated_bytes)
	ONE(sampled_out_bytes)
	ONE(shunted_bytes)
	ONE(ring_full_bytes)
	ONE(records)
#undef ONE
}

static void each_stream_counter(struct printer *p, const struct stream_stats *s)
{
#define ONE(name) p->one(p, #name, s->name);
	STREAM_COUNTERS(ONE)
#undef ONE
}

static void each_http_counter(struct printer *p, const struct http_stats *s)
{
#define ONE(name) p->one(p, #name, s->name);
	HTTP_COUNTERS(ONE)
#undef ONE
}

static void each_selection_counter(struct printer *p,
				   const struct selection_stats *s)
{
#define ONE(name) p->one(p, #name, s->name);
	SELECTION_COUNTERS(ONE)
#undef ONE
}

static void each_output_counter(struct printer *p, const struct output_stats *s)
{
#define ONE(name) p->one(p, #name, s->name);
	OUTPUT_COUNTERS(ONE)
#undef ONE
}

static void call_fn(struct printer *p, const char *name, uint64_t value)
{
	p->fn(p->ctx, p->group, name, value);
}

void summary_each(const struct summary *s, summary_fn *fn, void *ctx)
{
	struct printer p = {.one = call_fn, .group = "", .fn = fn, .ctx = ctx};

	if (s->packets)
		each_packet_counter(&p, s->packets);
	p.group = "stream";
	if (s->stream)
		each_stream_counter(&p, s->stream);
	p.group = "http";
	if (s->http)
		each_http_counter(&p, s->http);
	p.group = "selection";
	if (s->selection)
		each_selection_counter(&p, s->selection);
	p.group = "output";
	if (s->output)
		each_output_counter(&p, s->output);
}

static void json_sinks(struct printer *p, const struct summary *s)
{
	fprintf(p->f, ",\"sinks\":[");
	for (size_t i = 0; i < s->n_sinks; i++) {
		fprintf(p->f, "%s{\"name\":", i ? "," : "");
		summary_json_string(p->f, s->sinks[i].name);
		p->separator = ",";
		each_output_counter(p, &s->sinks[i].stats);
		putc('}', p->f);
	}
	putc(']', p->f);
	p->separator = ",";
}

void summary_json_members(FILE *f, const struct summary *s)
{
	struct printer p = {.f = f, .separator = "", .one = json_one};

	if (s->packets)
		each_packet_counter(&p, s->packets);
	if (s->stream) {
		fprintf(f, "%s\"stream\":{", p.separator);
		p.separator = "";
		each_stream_counter(&p, s->stream);
		putc('}', f);
	}
	if (s->http) {
		fprintf(f, "%s\"http\":{", p.separator);
		p.separator = "";
		each_http_counter(&p, s->http);
		putc('}', f);
	}
	if (s->selection) {
		fprintf(f, "%s\"selection\":{", p.separator);
		p.separator = "";
		each_selection_counter(&p, s->selection);
		putc('}', f);
	}
	if (s->output) {
		fprintf(f, "%s\"output\":{", p.separator);
		p.separator = "";
		each_output_counter(&p, s->output);
		json_sinks(&p, s);
		putc('}', f);
	}
	fprintf(f, "%s\"vni\":[", p.separator);
	for (size_t i = 0; i < s->n_vnis; i++)
		fprintf(f,
			"%s{\"vni\":%" PRIu32 ",\"packets\":%" PRIu64
			",\"bytes\":%" PRIu64 "}",
			i ? "," : "", s->vnis[i].vni,
			(uint64_t)s->vnis[i].stats.packets,
			(uint64_t)s->vnis[i].stats.bytes);
	putc(']', f);
}

void summary_text(FILE *f, const struct summary *s)
{
	struct printer p = {.f = f, .one = text_one};

	if (s->packets) {
		fprintf(f, "packets\n");
		each_packet_counter(&p, s->packets);
	}
	p.one = text_nonzero;
	if (s->stream) {
		fprintf(f, "tcp\n");
		each_stream_counter(&p, s->stream);
	}
	if (s->http) {
		fprintf(f, "http\n");
		each_http_counter(&p, s->http);
	}
	if (s->selection) {
		fprintf(f, "selection\n");
		each_selection_counter(&p, s->selection);
	}
	if (s->output) {
		fprintf(f, "output\n");
		each_output_counter(&p, s->output);
	}
	/* A single sink would repeat the sums above. */
	for (size_t i = 0; s->n_sinks > 1 && i < s->n_sinks; i++) {
		fprintf(f, "output %s\n", s->sinks[i].name);
		each_output_counter(&p, &s->sinks[i].stats);
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
		 "%" PRIu64 " packets, %" PRIu64
		 " with TCP data for these ports, %" PRIu64
		 " transactions (%" PRIu64 " complete)",
		 (uint64_t)packets->packets, (uint64_t)packets->delivered,
		 s->http->transactions, s->http->paired);
	add_left_out(&l, "sampled_out", packets->sampled_out, " packets");
#define ADD(name) add_left_out(&l, #name, s->selection->name, "");
	ADD(not_included)
	ADD(excluded)
	ADD(rate_limited)
	ADD(endpoint_limited)
#undef ADD
	if (l.n)
		log_info(log, "excluded by options: %s", l.text);
}

size_t summary_losses(const struct summary *s,
		      struct summary_loss out[SUMMARY_LOSSES_MAX])
{
	size_t n = 0;

#define LOSS(name, number, what_to_do)                                 \
	out[n++] = (struct summary_loss)                               \
	{                                                              \
		.counter = name, .value = number, .remedy = what_to_do \
	}

	if (s->packets) {
		LOSS("ring_full", s->packets->ring_full,
		     "raise --ring-size or --workers, or give the collector more CPU");
		LOSS("truncated_bytes", s->packets->truncated_bytes,
		     "mirrored packets arrive truncated: raise the packet length of the mirror session and the MTU of this interface");
	}
	if (s->stream) {
		LOSS("gap_bytes", s->stream->gap_bytes,
		     "packets are missing: see ring_full and truncated_bytes; otherwise the mirror source or the network dropped them");
		LOSS("flows_evicted", s->stream->flows_evicted,
		     "raise --max-flows");
		LOSS("flows_no_memory", s->stream->flows_no_memory,
		     "the machine is out of memory: lower --max-flows or --memory");
		LOSS("ooo_total_limit", s->stream->ooo_total_limit,
		     "raise --memory");
	}
	if (s->http)
		LOSS("memory_limit", s->http->memory_limit, "raise --memory");
	if (s->output) {
		LOSS("dropped_queue", s->output->dropped_queue,
		     "the output cannot keep up: speed up its reader or raise --memory");
		LOSS("dropped_error", s->output->dropped_error,
		     "the output cannot be written: see the error above");
		LOSS("dropped_refused", s->output->dropped_refused,
		     "Metlo rejected these transactions: see the warning above");
		LOSS("dropped_spool", s->output->dropped_spool,
		     "Metlo was unreachable for longer than the spool covers: raise --spool-limit");
		LOSS("dropped_damaged", s->output->dropped_damaged,
		     "the spool cannot be read back: check the disk");
	}
#undef LOSS
	return n;
}
