/* SPDX-License-Identifier: MIT */
/* W3C Trace Context: traceparent and tracestate of a request. */
#ifndef OTLP_TRACE_CONTEXT_H
#define OTLP_TRACE_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_walk.h"
#include "otlp/text.h"

/* A longer tracestate is left out; 512 is what everyone must propagate. */
#define TRACESTATE_MAX 2048u

struct trace_context {
	bool has_parent;
	uint8_t trace_id[16];
	uint8_t parent_id[8];
	uint8_t flags;
	struct otlp_text state; /* empty if there is none */
};

/* Reads traceparent: 00-TRACE-PARENT-FLAGS, and later versions that begin in the
 * same way. false: invalid, and to be ignored. */
bool trace_context_parse(struct trace_context *c, struct json_text value);

/* Sets *c from the header fields of a request, an array of objects with name and
 * value. A request with several traceparent fields has none. */
void trace_context_find(struct trace_context *c, struct json_text headers);

/* Ids of a span, and of a trace for which there is no context, made from the id
 * of a transaction: the same again whenever it is sent again. */
void trace_context_ids(struct json_text id, uint8_t trace_id[16],
		       uint8_t span_id[8]);

#endif
