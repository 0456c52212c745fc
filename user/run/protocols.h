/* SPDX-License-Identifier: MIT */
/*
 * The protocols that a worker decodes. Each connection belongs to the first
 * one that claims its first bytes (stream_protocol.claims).
 */
#ifndef RUN_PROTOCOLS_H
#define RUN_PROTOCOLS_H

#include <stdint.h>

#include "config/settings.h"
#include "http/transaction.h"
#include "run/rules.h"
#include "stream/stream.h"
#include "tls/conf.h"

/* The engine of one worker. What the pointers refer to outlives it, except the
 * settings. */
struct protocol_conf {
	const struct settings *settings;
	const struct rules *rules;
	uint64_t memory_limit; /* bytes, for messages in progress */
	/* Gets connections that are not what their first bytes were taken for;
	 * no protocol: nothing does. */
	struct stream_binding next;
	void (*emit)(void *ctx, const struct http_transaction *t);
	uint8_t (*started)(void *ctx, const struct http_transaction *t);
	void (*emit_tls)(void *ctx, const struct tls_report *r);
	void *emit_ctx;
	flow_event_fn *event; /* or NULL */
	void *event_ctx;
	struct key_table *keys; /* of TLS, or NULL */
	unsigned int worker;	/* index of this worker */
	/* Those that TLS may carry. */
	struct stream_binding carried[TLS_CARRIED_MAX];
	unsigned int n_carried;
	struct http_engine *http; /* once it exists: it is created first */
};

/* A row, with adapters that translate settings and rules into what the engine
 * takes. */
struct protocol {
	const struct stream_protocol *stream; /* its ctx is the engine */
	enum record_kind kind;		      /* what --records selects it by */
	/* The engine of a worker, or NULL with errno. */
	void *(*create)(const struct protocol_conf *conf);
	void (*destroy)(void *engine);
	/* Applies to messages that begin from now on. NULL: no rule applies. */
	void (*set_rules)(void *engine, const struct rules *rules);
	/* Expires timers; bounded work. NULL: it has none. */
	void (*tick)(void *engine, uint64_t now_ns);
};

/* X(ID, row), in the order in which they are asked; protocol_NAME.c defines the
 * row. HTTP/1 claims everything, because it can join any connection midstream,
 * so it comes last. */
#define PROTOCOLS(X)             \
	X(TLS, protocol_tls)     \
	X(HTTP2, protocol_http2) \
	X(HTTP, protocol_http)

enum protocol_id {
#define PROTOCOL_ID(ID, row) PROTOCOL_##ID,
	PROTOCOLS(PROTOCOL_ID)
#undef PROTOCOL_ID
		N_PROTOCOLS
};

#define DECLARE_ROW(ID, row) extern const struct protocol row;
PROTOCOLS(DECLARE_ROW)
#undef DECLARE_ROW

extern const struct protocol *const protocols[N_PROTOCOLS];

#endif
