/* SPDX-License-Identifier: MIT */
/* Builds the table of counters from the X-macros of the stages. */
#include <string.h>

#include <linux/types.h>

#include "fragment/table.h"
#include "http/conf.h"
#include "http2/conf.h"
#include "metlo_record.h"
#include "output/stats.h"
#include "run/counter_table.h"
#include "quic/conf.h"
#include "stream/types.h"
#include "tls/conf.h"
#include "trace/selection.h"

#define ROW(member, kind, text) \
	{.name = #member,       \
	 .type = PROM_##kind,   \
	 .help = text,          \
	 .offset = offsetof(struct STATS, member)},

#define STATS metlo_stats
static const struct counter packets[] = {METLO_COUNTERS(ROW)};
#undef STATS
#define STATS fragment_stats
static const struct counter fragments[] = {FRAGMENT_COUNTERS(ROW)};
#undef STATS
#define STATS stream_stats
static const struct counter stream[] = {STREAM_COUNTERS(ROW)};
#undef STATS
#define STATS http_stats
static const struct counter http[] = {HTTP_COUNTERS(ROW)};
#undef STATS
#define STATS http2_stats
static const struct counter http2[] = {HTTP2_COUNTERS(ROW)};
#undef STATS
#define STATS tls_stats
static const struct counter tls[] = {TLS_COUNTERS(ROW)};
#undef STATS
#define STATS quic_stats
static const struct counter quic[] = {QUIC_COUNTERS(ROW)};
#undef STATS
#define STATS selection_stats
static const struct counter selection[] = {SELECTION_COUNTERS(ROW)};
#undef STATS
#define STATS output_stats
static const struct counter output[] = {OUTPUT_COUNTERS(ROW)};
#undef STATS

#define GROUP(json, title, rows)                                    \
	{                                                           \
		json, title, rows, sizeof(rows) / sizeof((rows)[0]) \
	}

const struct counter_group counter_table[STAGES] = {
	[STAGE_PACKETS] = GROUP("", "packets", packets),
	[STAGE_FRAGMENTS] = GROUP("fragments", "fragments", fragments),
	[STAGE_STREAM] = GROUP("stream", "tcp", stream),
	[STAGE_HTTP] = GROUP("http", "http", http),
	[STAGE_HTTP2] = GROUP("http2", "http/2", http2),
	[STAGE_TLS] = GROUP("tls", "tls", tls),
	[STAGE_QUIC] = GROUP("quic", "quic", quic),
	[STAGE_SELECTION] = GROUP("selection", "selection", selection),
	[STAGE_OUTPUT] = GROUP("output", "output", output),
};

const struct counter *counter_table_find(enum counter_stage stage,
					 const char *name)
{
	const struct counter_group *g = &counter_table[stage];

	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->counters[i].name, name))
			return &g->counters[i];
	return NULL;
}

uint64_t counter_table_value(const struct counter *c, const void *stats)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + c->offset, sizeof(value));
	return value;
}

void counter_table_add(enum counter_stage stage, void *to, const void *from)
{
	const struct counter_group *g = &counter_table[stage];

	for (size_t i = 0; i < g->n; i++) {
		const struct counter *c = &g->counters[i];
		const uint64_t sum = counter_table_value(c, to) +
				     counter_table_value(c, from);

		memcpy((char *)to + c->offset, &sum, sizeof(sum));
	}
}
