/* SPDX-License-Identifier: MIT */
/* The settings of the Metlo sink: its options, the API key, and a first call to
 * the collector. */
#ifndef METLO_CONF_H
#define METLO_CONF_H

#include <stdint.h>

#include "base/opt.h"
#include "base/owned_file.h"
#include "delivery/http.h"
#include "delivery/send.h"
#include "metlo/trace.h"
#include "output/sink.h"

#define INGEST_KEY_MAX 400

/* Texts are not owned. */
struct ingest_conf {
	struct delivery_url url;
	const char *ca_file; /* NULL: the system's authorities */
	const char *spool;   /* directory, or NULL */
	uint64_t spool_limit;
	struct owner owner;		    /* of the spool */
	const struct delivery_times *times; /* NULL: delivery_default_times */
	struct delivery_peers *peers;	    /* owned */
	struct ingest_trace_conf trace;	    /* refers to the above */
	char key[INGEST_KEY_MAX + 1];	    /* sent as Authorization */
};

/* See struct sink_ops. */
extern const struct opt ingest_options[];

/*
 * sink_ops.setup(): reads the key and asks the collector whether it accepts it,
 * which takes some seconds at most. Without a spool the answer must be yes.
 * Initialises libcurl, which must precede other threads.
 */
int ingest_conf_setup(const struct sink_setup *setup, void **conf);

/* Erases the key. */
void ingest_conf_free(void *conf);

/* Sets c->trace from the rest. */
void ingest_conf_trace(struct ingest_conf *c);

/* What requests to the collector carry. */
struct ingest_headers {
	char authorization[INGEST_KEY_MAX + 32];
	const char *lines[2];
};

/* The result refers to c and headers; it has no time-out yet. */
struct delivery_http_conf ingest_conf_http(const struct ingest_conf *c,
					   struct ingest_headers *headers);

/* delivery_url_parse() with the rules of Metlo's own agents: http without a port
 * means port 8081. */
bool ingest_url_parse(struct delivery_url *url, const char *text, char *why,
		      size_t size);

#endif
