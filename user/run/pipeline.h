/* SPDX-License-Identifier: MIT */
/*
 * The stages of one worker: records (-> fragments) -> stream -> http -> selection -> lines ->
 * output. Used by one thread.
 */
#ifndef RUN_PIPELINE_H
#define RUN_PIPELINE_H

#include <stdint.h>

#include "run/requests.h"
#include "run/rules.h"
#include "run/sources.h"
#include "config/settings.h"
#include "fragment/table.h"
#include "http/http.h"
#include "output/output.h"
#include "quic/quic.h"
#include "trace/selection.h"
#include "stream/stream.h"
#include "tls/tls.h"

struct pipeline;

/* Where a record of a reassembled segment went. */
enum pipeline_route {
	ROUTE_OWN, /* nowhere: its connection belongs to this pipeline */
	ROUTE_PASSED,
	ROUTE_DROPPED,
};

struct pipeline_conf {
	const struct settings *settings; /* at startup */
	const struct rules *rules;
	unsigned int workers; /* that share --memory and --max-flows */
	uint64_t seed[2];     /* random and secret; keys the hash tables */
	/* Ports, sampling and hash seed for reassembled segments. May change at
	 * any time; must outlive the pipeline. NULL: those of settings. */
	const struct metlo_config *config;
	/* Passes a record to the worker of its connection; NULL: there is only
	 * one. */
	enum pipeline_route (*route)(void *ctx, const struct metlo_rec *rec,
				     const uint8_t *payload);
	void *route_ctx;
	struct output *output;
	unsigned int worker;	/* index of this worker and its queues */
	struct key_table *keys; /* to decrypt TLS with; or NULL */
	/* Asks the kernel to drop payload of a flow; NULL in replay. */
	void (*shunt)(void *ctx, const struct stream_shunt *req);
	void *shunt_ctx;
	/* Explains decisions about flows; NULL unless replay -vv. */
	flow_event_fn *event;
	void *event_ctx;
};

/* Copies conf. Does not keep conf->settings; the other pointers must outlive
 * the pipeline. Returns NULL with errno on failure. */
struct pipeline *pipeline_new(const struct pipeline_conf *conf);
void pipeline_free(struct pipeline *p);

/* Replaces the rules for transactions that complete from now on. The number of
 * views must be the same. The old rules may be freed afterwards. */
void pipeline_set_rules(struct pipeline *p, const struct rules *rules);

/* Sets by how much the wall clock is ahead of the times passed to the functions
 * below. These must never jump, since they drive all timeouts; the wall clock may
 * be set at any time. Reported times are by the wall clock. */
void pipeline_set_clock(struct pipeline *p, int64_t ns);

/* rec->ts_ns is Unix time, unlike in the rings. */
void pipeline_record(struct pipeline *p, const struct metlo_rec *rec,
		     const uint8_t *payload);
/* A batch of n records, which is faster. */
void pipeline_records(struct pipeline *p, const struct stream_input *in,
		      unsigned int n);
/* Expires timers up to now_ns (Unix time) and submits pending lines. */
void pipeline_tick(struct pipeline *p, uint64_t now_ns);
/* Closes every connection and submits everything. Call it once. */
void pipeline_flush(struct pipeline *p, uint64_t now_ns);

/* True once a line was lost for lack of memory. The caller should log that and
 * exit. */
bool pipeline_failed(const struct pipeline *p);

/* The part of --memory for struct output_conf.queue_limit. The pipelines share
 * the rest. */
uint64_t pipeline_queue_limit(const struct settings *s);

/* Owned by the thread of the pipeline. */
const struct fragment_stats *pipeline_fragment_stats(const struct pipeline *p);
const struct stream_stats *pipeline_stream_stats(const struct pipeline *p);
const struct http_stats *pipeline_http_stats(const struct pipeline *p);
const struct http2_stats *pipeline_http2_stats(const struct pipeline *p);
const struct tls_stats *pipeline_tls_stats(const struct pipeline *p);
const struct quic_stats *pipeline_quic_stats(const struct pipeline *p);
const struct selection_stats *
pipeline_selection_stats(const struct pipeline *p);

/* Other threads may read what these point to, see sources.h and requests.h. */
const struct sources *pipeline_sources(const struct pipeline *p);
const struct requests *pipeline_requests(const struct pipeline *p);

#endif
