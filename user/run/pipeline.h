/* SPDX-License-Identifier: MIT */
/*
 * One worker's stages wired together: records -> stream -> http ->
 * serialised transactions -> output. Used by one thread.
 */
#ifndef RUN_PIPELINE_H
#define RUN_PIPELINE_H

#include <stdint.h>

#include "run/rules.h"
#include "config/settings.h"
#include "http/http.h"
#include "output/output.h"
#include "trace/selection.h"
#include "stream/stream.h"

struct pipeline;

struct pipeline_conf {
	const struct settings
		*settings; /* of the start; see pipeline_set_rules() */
	const struct rules *rules;
	unsigned int workers; /* caps of memory and flows are shared by these */
	uint64_t seed[2];     /* secret of this start */
	struct output *output;
	unsigned int worker; /* index of this one: its queue in output */
	/* NULL in replay */
	void (*shunt)(void *ctx, const struct stream_shunt *req);
	void *shunt_ctx;
};

/* NULL with errno on failure. conf is copied, what it points to is not, but
 * settings are not needed afterwards. */
struct pipeline *pipeline_new(const struct pipeline_conf *conf);
void pipeline_free(struct pipeline *p);

/* Other rules, for what ends from now on; the number of views is the same. The
 * old ones are not needed any more. */
void pipeline_set_rules(struct pipeline *p, const struct rules *rules);

/* rec->ts_ns is Unix time in ns from here on. */
void pipeline_record(struct pipeline *p, const struct metlo_rec *rec,
		     const uint8_t *payload);
/* The same for n of them in turn, which is faster. */
void pipeline_records(struct pipeline *p, const struct stream_input *in,
		      unsigned int n);
/* Time goes on: time-outs, and what was serialised goes to the output. */
void pipeline_tick(struct pipeline *p, uint64_t now_ns);
/* The end: every connection is closed, everything goes to the output. */
void pipeline_flush(struct pipeline *p, uint64_t now_ns);

/* True once there was no memory for a line: it is missing in the output, and
 * the caller should say so and end. */
bool pipeline_failed(const struct pipeline *p);

/* The part of --memory that is meant for struct output_conf.queue_limit; the
 * rest is shared by the pipelines. */
uint64_t pipeline_queue_limit(const struct settings *s);

/* May be read by other threads: counters are word-sized and only grow. */
const struct stream_stats *pipeline_stream_stats(const struct pipeline *p);
const struct http_stats *pipeline_http_stats(const struct pipeline *p);
const struct selection_stats *
pipeline_selection_stats(const struct pipeline *p);

#endif
