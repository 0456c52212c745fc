/* SPDX-License-Identifier: MIT */
/* HTTP/1 as a row of the protocols: the engine knows neither settings nor
 * rules. */
#include "base/clock.h"
#include "http/http.h"
#include "run/protocols.h"

/* Most servers and proxies time out a request earlier. */
#define RESPONSE_TIMEOUT_S 120.0

static void *create_http(const struct protocol_conf *conf)
{
	const struct settings *s = conf->settings;
	double timeout = s->idle_timeout < RESPONSE_TIMEOUT_S
				 ? s->idle_timeout
				 : RESPONSE_TIMEOUT_S;
	const struct http_conf http = {
		.body_limit = conf->rules->body_limit,
		.memory_limit = conf->memory_limit,
		.response_timeout_ns = (uint64_t)(timeout * NSEC_PER_SEC),
		.body_hash = conf->rules->body_hash,
		.emit = conf->emit,
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
	.create = create_http,
	.destroy = destroy_http,
	.set_rules = set_http_rules,
	.tick = tick_http,
};
