/* SPDX-License-Identifier: MIT */
/* HTTP/1 as a row of the protocols: the engine knows neither settings nor
 * rules. */
#include "base/clock.h"
#include "http/http.h"
#include "run/protocols.h"

/* Longest wait for the request of a response: the mirror delivers packets out
 * of order, but not for longer. */
#define REQUEST_TIMEOUT_S 120.0
/* A connection that has been silent for longer is taken for dead. Keep-alives
 * are not seen: the kernel drops segments without payload. */
#define SILENCE_S 86400.0

static void *create_http(const struct protocol_conf *conf)
{
	const struct settings *s = conf->settings;
	double request = s->idle_timeout < REQUEST_TIMEOUT_S
				 ? s->idle_timeout
				 : REQUEST_TIMEOUT_S;
	double response =
		s->response_timeout > 0 ? s->response_timeout : SILENCE_S;
	const struct http_conf http = {
		.body_limit = conf->rules->body_limit,
		.memory_limit = conf->memory_limit,
		.response_timeout_ns = (uint64_t)(response * NSEC_PER_SEC),
		.request_timeout_ns = (uint64_t)(request * NSEC_PER_SEC),
		.progress_ns = (uint64_t)(s->progress_interval * NSEC_PER_SEC),
		.body_hash = conf->rules->body_hash,
		.collector = s->collector,
		.emit = conf->emit,
		.started = conf->started,
		.emit_ctx = conf->emit_ctx,
		.event = conf->event,
		.event_ctx = conf->event_ctx,
	};

	return http_new(&http);
}

static void destroy_http(void *engine)
{
	http_free(engine);
}

static void set_http_rules(void *engine, const struct rules *rules)
{
	http_set(engine, rules->body_limit, rules->body_hash);
}

static void tick_http(void *engine, uint64_t now_ns)
{
	http_tick(engine, now_ns);
}

const struct protocol protocol_http = {
	.stream = &http_protocol,
	.kind = RECORDS_HTTP,
	.create = create_http,
	.destroy = destroy_http,
	.set_rules = set_http_rules,
	.tick = tick_http,
};
