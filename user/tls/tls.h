/* SPDX-License-Identifier: MIT */
/*
 * TLS on top of stream: what the handshake of a connection shows without keys, and
 * how much was sent. One report per connection, when it ends. An engine belongs to
 * one thread.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "stream/stream.h"
#include "tls/conf.h"

struct tls_engine;

/* NULL with errno on failure. conf is copied. */
struct tls_engine *tls_new(const struct tls_conf *conf);
void tls_free(struct tls_engine *e);

/* For struct stream_conf; its ctx is the engine. Claims connections whose first
 * bytes are a hello or, joined midstream, any record. */
extern const struct stream_protocol tls_protocol;

/* Decides about what waits for keys; call it regularly. */
void tls_tick(struct tls_engine *e, uint64_t now_ns);

const struct tls_stats *tls_stats(const struct tls_engine *e);

#endif
