/* SPDX-License-Identifier: MIT */
/* The settings of the Metlo sink: its options, the API key, and a first call to
 * the collector. */
#ifndef METLO_CONF_H
#define METLO_CONF_H

#include <stdint.h>

#include "base/opt.h"
#include "base/owned_file.h"
#include "metlo/http.h"
#include "metlo/send.h"
#include "output/sink.h"

#define INGEST_KEY_MAX 400

/* Texts are not owned. */
struct ingest_conf {
	struct ingest_url url;
	const char *ca_file; /* NULL: the system's authorities */
	const char *spool;   /* directory, or NULL */
	uint64_t spool_limit;
	struct owner owner;		  /* of the spool */
	const struct ingest_times *times; /* NULL: ingest_default_times */
	struct ingest_peers *peers;	  /* owned */
	char key[INGEST_KEY_MAX + 1];	  /* sent as Authorization */
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

struct ingest_http_conf ingest_conf_http(const struct ingest_conf *c,
					 uint64_t timeout_ns);

#endif
