/* SPDX-License-Identifier: MIT */
/* The sink: what it has of its own is in conf.c and server.c. */
#include <string.h>

#include "delivery/delivery.h"
#include "metlo/conf.h"
#include "metlo/ingest.h"

static void *open_sink(const struct sink_conf *sink)
{
	const struct ingest_conf *c = sink->conf;
	struct ingest_headers headers;
	const struct delivery_conf conf = {
		.http = ingest_conf_http(c, &headers),
		.ctx = &c->trace,
		.spool = c->spool,
		.spool_option = "--spool",
		.spool_limit = c->spool_limit,
		.owner = c->owner,
		.times = c->times,
	};

	return delivery_open(sink, &conf);
}

static const char *const completions[] = {"metlo", NULL};

static bool accepts(const char *destination)
{
	return !strcmp(destination, "metlo");
}

const struct sink_ops ingest_sink = {
	.name = "metlo",
	.http_only = true,
	.usage = "metlo (Metlo's collector, which --metlo-host names)",
	.completions = completions,
	.accepts = accepts,
	.options = ingest_options,
	.setup = ingest_conf_setup,
	.teardown = ingest_conf_free,
	.open = open_sink,
	DELIVERY_SINK_OPS,
};
