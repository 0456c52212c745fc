/* SPDX-License-Identifier: MIT */
/* TLS as a row of the protocols. No rule applies to what a handshake shows. */
#include "run/protocols.h"
#include "tls/tls.h"

/* Of the memory for messages, on top of it. */
#define MEMORY_PART 8u

static void *create_tls(const struct protocol_conf *conf)
{
	const struct tls_conf tls = {
		.memory_limit = conf->memory_limit / MEMORY_PART,
		.collector = conf->settings->collector,
		.next = conf->next,
		.emit = conf->emit_tls,
		.emit_ctx = conf->emit_ctx,
	};

	return tls_new(&tls);
}

static void destroy_tls(void *engine)
{
	tls_free(engine);
}

const struct protocol protocol_tls = {
	.stream = &tls_protocol,
	.kind = RECORDS_TLS,
	.create = create_tls,
	.destroy = destroy_tls,
};
