/* SPDX-License-Identifier: MIT */
/*
 * A line becomes a span of OpenTelemetry, by the semantic conventions of HTTP and
 * RPC. Values are those of the line, so what is masked there stays masked.
 */
#ifndef OTLP_SPAN_H
#define OTLP_SPAN_H

#include "base/buf.h"
#include "delivery/peers.h"

/* The conventions that the attributes follow. */
#define OTLP_SCHEMA_URL "https://opentelemetry.io/schemas/1.37.0"

enum otlp_verdict {
	OTLP_SPAN,
	OTLP_INCOMPLETE, /* no request: neither a method nor a parent */
	OTLP_SELF,	 /* a request to the receiver of the spans itself */
	OTLP_MALFORMED,	 /* not a line that trace_write() wrote */
};

struct otlp_span_conf {
	const char *self; /* host[:port] of the receiver, or NULL */
	const struct delivery_peers *peers; /* and its addresses */
};

/* Appends the span as a field of ScopeSpans, if OTLP_SPAN. Lack of memory sets
 * out->failed. */
enum otlp_verdict otlp_span_write(struct buf *out, const uint8_t *line,
				  size_t n, const struct otlp_span_conf *conf);

#endif
