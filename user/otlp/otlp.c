/* SPDX-License-Identifier: MIT */
/* The sink: what it has of its own is in conf.c and server.c. */
#include <string.h>

#include "delivery/delivery.h"
#include "otlp/conf.h"
#include "otlp/otlp.h"

static void *open_sink(const struct sink_conf *sink)
{
	const struct otlp_conf *c = sink->conf;
	const struct delivery_conf conf = {
		.http = c->http,
		.ctx = &c->context,
		.spool = c->spool,
		.spool_option = "--otlp-spool",
		.spool_limit = c->spool_limit,
		.owner = c->owner,
		.times = c->times,
	};

	return delivery_open(sink, &conf);
}

static const char *const completions[] = {OTLP_PREFIX, NULL};

static bool accepts(const char *destination)
{
	struct delivery_url url;
	char why[256];

	return !strncmp(destination, OTLP_PREFIX, strlen(OTLP_PREFIX)) &&
	       otlp_url_parse(&url, destination, why, sizeof(why));
}

const struct sink_ops otlp_sink = {
	.name = "otlp",
	.http_only = true,
	.usage =
		"otlp:URL (a receiver of OpenTelemetry's OTLP over HTTP, such as http://localhost:4318)",
	.completions = completions,
	.accepts = accepts,
	.options = otlp_options,
	.setup = otlp_conf_setup,
	.teardown = otlp_conf_free,
	.open = open_sink,
	DELIVERY_SINK_OPS,
};
