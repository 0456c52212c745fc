/* SPDX-License-Identifier: MIT */
/* What is particular to receivers of OTLP/HTTP. Everything else is delivery/. */
#ifndef OTLP_SERVER_H
#define OTLP_SERVER_H

#include <stdbool.h>

#include "delivery/server.h"
#include "otlp/span.h"

#define OTLP_PATH	 "/v1/traces"
#define OTLP_BATCH_BYTES 1000000u
#define OTLP_BATCH_SPANS 512u

/* The ctx of otlp_server. Texts are not owned. */
struct otlp_context {
	struct otlp_span_conf span;
	const char *service; /* attributes of the resource */
	const char *host;
	bool gzip;
};

extern const struct delivery_server otlp_server;

/* The verdict on an HTTP status; 0: no answer. */
enum delivery_verdict otlp_verdict_of(long status);

#endif
