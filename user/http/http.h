/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1 on top of stream: parses both directions of a connection (RFC 9110,
 * RFC 9112), pairs requests with responses and emits transactions.
 *
 * One engine belongs to one thread. All memory is capped by struct http_conf.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "http/transaction.h"
#include "stream/stream.h"

struct http_engine;

struct http_conf {
	uint64_t body_limit;   /* bytes of a decoded body that are kept */
	uint64_t memory_limit; /* heads, bodies and pending messages */
	uint64_t response_timeout_ns; /* an unanswered request is given up */
	bool body_hash;		      /* SHA-256 of full decoded bodies */
	void (*emit)(void *ctx, const struct http_transaction *t);
	void *emit_ctx;
};

/* Names are those of the summaries and metrics. Conservation:
 * bytes_in = bytes_head + bytes_body + bytes_framing + bytes_resync +
 *            bytes_not_http + bytes_upgraded + bytes_buffered. */
#define HTTP_COUNTERS(X)                                                    \
	X(bytes_in)	  /* from stream, gaps not included */              \
	X(bytes_head)	  /* start lines, fields, trailers */               \
	X(bytes_body)	  /* body octets before decoding */                 \
	X(bytes_framing)  /* chunk headers, empty lines between messages */ \
	X(bytes_resync)	  /* skipped in search of a message start */        \
	X(bytes_not_http) /* on connections that do not speak HTTP/1 */     \
	X(bytes_upgraded) /* after 101 or CONNECT */                        \
	X(bytes_buffered) /* gauge: incomplete heads */                     \
	X(requests)                                                         \
	X(responses) /* final ones */                                       \
	X(interim_responses)                                                \
	X(transactions)	 /* emitted, all kinds */                           \
	X(paired)	 /* of those: request and response */               \
	X(unanswered)	 /* of those: request only */                       \
	X(unrequested)	 /* of those: response only */                      \
	X(resyncs)	 /* searches for a message start begun */           \
	X(malformed)	 /* messages flagged so */                          \
	X(smuggling)	 /* messages flagged so */                          \
	X(head_limit)	 /* heads cut at a limit */                         \
	X(body_limit)	 /* bodies cut at the limit */                      \
	X(decode_failed) /* content codings broken or unknown */            \
	X(decode_limit)	 /* decompression bombs */                          \
	X(upgraded)	 /* connections that left HTTP */                   \
	X(not_http)	 /* connections that never spoke it */              \
	X(not_http_tls)	 /* of those: TLS */                                \
	X(not_http_h2)	 /* of those: HTTP/2 with prior knowledge */        \
	X(memory_limit)	 /* messages given up at memory_limit */            \
	X(memory_used)	 /* gauge, bytes */

struct http_stats {
#define HTTP_FIELD(name) uint64_t name;
	HTTP_COUNTERS(HTTP_FIELD)
#undef HTTP_FIELD
};

/* NULL with errno on failure. conf is copied. */
struct http_engine *http_new(const struct http_conf *conf);
void http_free(struct http_engine *e);

/* Changes these members of the conf, for messages that begin from now on. */
void http_set(struct http_engine *e, uint64_t body_limit, bool body_hash);

/* For struct stream_conf: protocol_ctx is the engine. */
extern const struct stream_protocol http_protocol;

/* Gives up requests and responses that waited too long. Bounded work. */
void http_tick(struct http_engine *e, uint64_t now_ns);

const struct http_stats *http_stats(const struct http_engine *e);

#endif
