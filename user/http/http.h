/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1 on top of stream: parses both directions of a connection (RFC 9110,
 * RFC 9112), pairs requests with responses and emits transactions.
 *
 * An engine belongs to one thread; memory_limit bounds its memory.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "http/conf.h"
#include "stream/stream.h"

struct http_engine;

/* NULL with errno on failure. conf is copied. */
struct http_engine *http_new(const struct http_conf *conf);
void http_free(struct http_engine *e);

/* Changes these settings for messages that begin from now on. */
void http_set(struct http_engine *e, uint64_t body_limit, bool body_hash);

/* For struct stream_conf; its ctx is the engine. Claims every connection. */
extern const struct stream_protocol http_protocol;

/* Emits exchanges that have waited longer than response_timeout_ns. Bounded
 * work; call it regularly. */
void http_tick(struct http_engine *e, uint64_t now_ns);

const struct http_stats *http_stats(const struct http_engine *e);

#endif
