/* SPDX-License-Identifier: MIT */
/* Every type of sink. A new one is added here and nowhere else. */
#ifndef CONFIG_SINK_TABLE_H
#define CONFIG_SINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "output/sink.h"

#define SINK_COMPLETIONS_MAX 32

/* X(id): the ops are id_sink. The order is that of the options in the help. */
#define SINKS(X)  \
	X(ndjson) \
	X(ingest) \
	X(otlp)   \
	SINK_KAFKA(X)

/* Distributions without librdkafka. */
#ifdef WITHOUT_KAFKA
#define SINK_KAFKA(X)
#else
#define SINK_KAFKA(X) X(kafka)
#endif

#define SINK(id) extern const struct sink_ops id##_sink;
SINKS(SINK)
#undef SINK

enum sink_id {
#define SINK(id) SINK_##id,
	SINKS(SINK)
#undef SINK
		N_SINKS
};

extern const struct sink_ops *const sink_table[N_SINKS];

/* The type of a destination, by the name before its colon; -1: none. */
int sink_table_find(const char *destination);

/* Is this a valid destination of one of the types? */
bool sink_table_accepts(const char *destination);

/* All valid destinations, for the help: "ndjson:- (...), metlo (...)". */
void sink_table_usage(char *to, size_t size);

/* The completions of all types, ending in NULL. */
void sink_table_completions(const char *to[SINK_COMPLETIONS_MAX]);

#endif
