/* SPDX-License-Identifier: MIT */
/*
 * Every counter of every stage: name, type, description and place. The rows are
 * the X-macros of the stages (METLO_COUNTERS, FRAGMENT_COUNTERS, STREAM_COUNTERS, HTTP_COUNTERS,
 * HTTP2_COUNTERS, TLS_COUNTERS, QUIC_COUNTERS, SELECTION_COUNTERS, OUTPUT_COUNTERS); JSON, text, metrics and
 * the man page are printed from this table.
 */
#ifndef RUN_COUNTER_TABLE_H
#define RUN_COUNTER_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "run/prom.h"

/* The stages, in the order in which their counters are shown. */
enum counter_stage {
	STAGE_PACKETS,	 /* struct metlo_stats */
	STAGE_FRAGMENTS, /* struct fragment_stats */
	STAGE_STREAM,	 /* struct stream_stats */
	STAGE_HTTP,	 /* struct http_stats */
	STAGE_HTTP2,	 /* struct http2_stats */
	STAGE_TLS,	 /* struct tls_stats */
	STAGE_QUIC,	 /* struct quic_stats */
	STAGE_SELECTION, /* struct selection_stats */
	STAGE_OUTPUT,	 /* struct output_stats */
	STAGES
};

struct counter {
	const char *name;
	enum prom_type type;
	const char *help; /* a sentence */
	size_t offset;	  /* of the uint64_t in the struct of the stage */
};

struct counter_group {
	const char *json;  /* name of its JSON object; "": the top level */
	const char *title; /* in the text of status */
	const struct counter *counters;
	size_t n;
};

extern const struct counter_group counter_table[STAGES];

/* Returns NULL if the stage has no such counter. */
const struct counter *counter_table_find(enum counter_stage stage,
					 const char *name);

/* The value of c in the struct of its stage. */
uint64_t counter_table_value(const struct counter *c, const void *stats);

/* Adds every counter of *from to *to. Right for gauges too, because each worker
 * holds its own share of them. */
void counter_table_add(enum counter_stage stage, void *to, const void *from);

#endif
