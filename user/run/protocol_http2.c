/* SPDX-License-Identifier: MIT */
/* HTTP/2 as a row of the protocols. It has no settings of its own: those of HTTP/1
 * apply. */
#include "http2/http2.h"
#include "run/protocols.h"

static void *create_http2(const struct protocol_conf *conf)
{
	return http2_new(conf->http);
}

static void destroy_http2(void *engine)
{
	http2_free(engine);
}

static void tick_http2(void *engine, uint64_t now_ns)
{
	http2_tick(engine, now_ns);
}

const struct protocol protocol_http2 = {
	.stream = &http2_protocol,
	.kind = RECORDS_HTTP,
	.create = create_http2,
	.destroy = destroy_http2,
	.tick = tick_http2,
};
