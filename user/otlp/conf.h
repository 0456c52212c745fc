/* SPDX-License-Identifier: MIT */
/* The settings of the sink for OpenTelemetry: its options, header fields, and a
 * first call to the receiver. */
#ifndef OTLP_CONF_H
#define OTLP_CONF_H

#include <limits.h>
#include <stdint.h>

#include "base/opt.h"
#include "base/owned_file.h"
#include "delivery/http.h"
#include "delivery/send.h"
#include "otlp/headers.h"
#include "otlp/server.h"
#include "output/sink.h"

#define OTLP_PREFIX "otlp:"

/* Texts are not owned. */
struct otlp_conf {
	const char *ca_file; /* NULL: the system's authorities */
	const char *spool;   /* directory, or NULL */
	uint64_t spool_limit;
	struct owner owner;		    /* of the spool */
	const struct delivery_times *times; /* NULL: delivery_default_times */
	struct otlp_headers headers;
	const char *service;
	char host[HOST_NAME_MAX + 1];
	bool gzip;
	struct delivery_url url;
	struct delivery_peers peers;
	struct otlp_context context;	/* these two refer to the above */
	struct delivery_http_conf http; /* without a time-out */
};

/* See struct sink_ops. */
extern const struct opt otlp_options[];

/* sink_ops.setup() */
int otlp_conf_setup(const struct sink_setup *setup, void **conf);

/* Erases the header fields. */
void otlp_conf_free(void *conf);

/* destination: otlp:URL. false: the reason is in why. */
bool otlp_url_parse(struct delivery_url *url, const char *destination,
		    char *why, size_t size);

/* Sets context and http from the rest. */
void otlp_conf_finish(struct otlp_conf *c);

#endif
