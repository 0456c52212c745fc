/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 in cleartext on top of stream: parses both directions of a connection
 * (RFC 9113, RFC 7541) and emits each stream as a transaction.
 *
 * An engine belongs to one thread, like the HTTP/1 engine whose settings, memory
 * limit, decoders and counters of transactions it shares.
 */
#ifndef HTTP2_HTTP2_H
#define HTTP2_HTTP2_H

#include "http/http.h"
#include "http2/conf.h"

struct http2_engine;

/* NULL with errno on failure. http outlives it. Connections that prove not to
 * speak HTTP/2 are given to http. */
struct http2_engine *http2_new(struct http_engine *http);
void http2_free(struct http2_engine *e);

/* For struct stream_conf, before http_protocol; its ctx is the engine. */
extern const struct stream_protocol http2_protocol;

/* Emits streams that have waited too long. Bounded work; call it regularly. */
void http2_tick(struct http2_engine *e, uint64_t now_ns);

const struct http2_stats *http2_stats(const struct http2_engine *e);

#endif
