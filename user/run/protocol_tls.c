/* SPDX-License-Identifier: MIT */
/* TLS as a row of the protocols. No rule applies to what a handshake shows. */
#include <string.h>

#include "base/clock.h"
#include "run/protocols.h"
#include "tls/follow.h"

/* Of the memory for messages, on top of it; with keys, data waits for them. */
#define MEMORY_PART	 8u
#define MEMORY_PART_KEYS 2u

static void *create_tls(const struct protocol_conf *conf)
{
	const struct settings *s = conf->settings;
	struct tls_engine *e;
	struct tls_conf tls = {
		.memory_limit = conf->memory_limit /
				(conf->keys ? MEMORY_PART_KEYS : MEMORY_PART),
		.keys = conf->keys,
		.wait_ns = (uint64_t)(s->tls_wait * NSEC_PER_SEC),
		.count_keys = conf->keys && conf->worker == 0,
		.n_carried = conf->n_carried,
		.collector = s->collector,
		.next = conf->next,
		.emit = settings_report(s, RECORDS_TLS) &&
					s->format != FORMAT_HAR
				? conf->emit_tls
				: NULL,
		.emit_ctx = conf->emit_ctx,
	};

	memcpy(tls.carried, conf->carried, sizeof(tls.carried));
	e = tls_new(&tls);
	if (e && conf->http)
		tls_follow(e, conf->http);
	return e;
}

static void destroy_tls(void *engine)
{
	tls_free(engine);
}

static void tick(void *engine, uint64_t now_ns)
{
	tls_tick(engine, now_ns);
}

const struct protocol protocol_tls = {
	.stream = &tls_protocol,
	.kind = RECORDS_TLS,
	.create = create_tls,
	.destroy = destroy_tls,
	.tick = tick,
};
