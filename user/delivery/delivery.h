/* SPDX-License-Identifier: MIT */
/*
 * The sinks that deliver batches over HTTP: a thread that dequeues lines, converts
 * them to records, stores these in the spool and sends them to a server. A sink
 * supplies what differs (server.h), and uses the functions below as its ops.
 */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include "base/owned_file.h"
#include "delivery/send.h"
#include "output/sink.h"

/* Texts are not owned. */
struct delivery_conf {
	struct delivery_http_conf http;	    /* timeout_ms is set by open */
	const void *ctx;		    /* of the server's functions */
	const char *spool;		    /* directory, or NULL */
	const char *spool_option;	    /* that names it, in messages */
	uint64_t spool_limit;		    /* bytes */
	struct owner owner;		    /* of the spool */
	const struct delivery_times *times; /* NULL: delivery_default_times */
};

/* For sink_ops.open(). */
void *delivery_open(const struct sink_conf *sink,
		    const struct delivery_conf *conf);

/* See struct sink_ops. */
void *delivery_run(void *sink);
bool delivery_failed(const void *sink);
const char *delivery_last_error(void *sink, bool *transient);
uint64_t delivery_undelivered_age(void *sink);
void delivery_stats(void *sink, struct output_stats *stats);
int delivery_close(void *sink);
void delivery_free(void *sink);

/* No stop(): run() ends by itself some seconds after the queue. */
#define DELIVERY_SINK_OPS                                                     \
	.run = delivery_run, .failed = delivery_failed,                       \
	.last_error = delivery_last_error,                                    \
	.undelivered_age = delivery_undelivered_age, .stats = delivery_stats, \
	.close = delivery_close, .free = delivery_free

#endif
