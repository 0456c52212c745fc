/* SPDX-License-Identifier: MIT */
/*
 * The worker threads of attach. Worker i is the only consumer of ring i, and
 * the kernel puts both directions of a connection into the same ring, so a
 * worker processes its connections without locks.
 */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "base/log.h"
#include "capture/capture.h"
#include "run/requests.h"
#include "run/rules.h"
#include "run/sources.h"
#include "config/settings.h"
#include "fragment/table.h"
#include "http/http.h"
#include "http2/conf.h"
#include "output/output.h"
#include "trace/selection.h"
#include "stream/stream.h"
#include "quic/quic.h"
#include "tls/tls.h"

struct workers;

/* Creates a pipeline for each ring; keys: to decrypt TLS with, or NULL. The arguments must outlive the workers,
 * except that rules may be replaced. Returns NULL after logging why. */
struct workers *workers_new(struct capture *c, const struct settings *s,
			    const struct rules *rules, struct output *o,
			    struct key_table *keys, const struct log *log);

/* Publishes rules, which every worker adopts with its next tick. Call only when
 * workers_rules_applied(): otherwise a worker may be about to adopt the rules of
 * the call before, which the caller no longer tracks. */
void workers_set_rules(struct workers *w, const struct rules *rules);

/* True once every worker has adopted the rules set last, so that older ones can
 * be freed. */
bool workers_rules_applied(const struct workers *w);

/* Drains the rings left by an earlier daemon with another number or size of
 * rings, then starts the threads. Returns 0, or -errno after logging. */
int workers_start(struct workers *w);

/* Stops the threads. Each first processes what its ring holds at this moment,
 * for at most half a second, then flushes its pipeline into the output. */
void workers_stop(struct workers *w);

/* True once a transaction was lost for lack of memory. */
bool workers_failed(struct workers *w);

void workers_free(struct workers *w);

/* A worker at one moment. */
struct worker_state {
	uint64_t heartbeat_ns; /* CLOCK_MONOTONIC of its last pass through the
				* loop, every few ms even when idle; 0: not
				* started */
	uint64_t lag_ns;       /* age of the record being processed */
	uint64_t waiting;      /* bytes in its ring */
	uint64_t ring_size;
	uint64_t malformed; /* records with an impossible length */
	uint64_t cpu_ns;    /* CPU time of its thread, updated every 100 ms */
};

/* Takes no lock, so that the state of a hung worker can be read. */
void workers_sample(const struct workers *w, unsigned int i,
		    struct worker_state *state);

/* Adds what the workers count of requests, and of the sources. Any thread may call
 * these at any time. */
void workers_requests(const struct workers *w, struct requests *sum);
const struct sources *workers_sources(const struct workers *w, unsigned int i);

/* Sums over the workers. Running workers publish their counters every 100 ms. */
void workers_stats(struct workers *w, struct fragment_stats *fragments,
		   struct stream_stats *stream, struct http_stats *http,
		   struct http2_stats *http2, struct tls_stats *tls,
		   struct quic_stats *quic, struct selection_stats *selection);

#endif
