/* SPDX-License-Identifier: MIT */
/* Settings and counters of an engine. */
#ifndef HTTP_CONF_H
#define HTTP_CONF_H

#include "http/transaction.h"
#include "stream/types.h"

struct http_conf {
	uint64_t body_limit;	      /* bytes kept of a decoded body */
	uint64_t memory_limit;	      /* heads, bodies and pending messages */
	uint64_t response_timeout_ns; /* then an exchange is emitted as it is */
	bool body_hash;		      /* SHA-256 of complete decoded bodies */
	void (*emit)(void *ctx, const struct http_transaction *t);
	void *emit_ctx;
	flow_event_fn *event; /* FLOW_RESYNC and FLOW_PAIR; or NULL */
	void *event_ctx;
};

/* The names appear in summaries and metrics. Conservation:
 * bytes_in = bytes_head + bytes_body + bytes_framing + bytes_resync +
 *            bytes_not_http + bytes_upgraded + bytes_buffered. */
#define HTTP_COUNTERS(X)                                                    \
	X(bytes_in)	  /* from stream, without gaps */                   \
	X(bytes_head)	  /* start lines, fields, trailers */               \
	X(bytes_body)	  /* body octets before decoding */                 \
	X(bytes_framing)  /* chunk headers, empty lines between messages */ \
	X(bytes_resync)	  /* skipped while searching for a message start */ \
	X(bytes_not_http) /* on connections that do not speak HTTP/1 */     \
	X(bytes_upgraded) /* after 101 or CONNECT */                        \
	X(bytes_buffered) /* gauge: held, not classified yet */             \
	X(requests)                                                         \
	X(responses) /* final */                                            \
	X(interim_responses)                                                \
	X(transactions)	 /* emitted */                                      \
	X(paired)	 /* request and response */                         \
	X(unanswered)	 /* request only */                                 \
	X(unrequested)	 /* response only */                                \
	X(resyncs)	 /* searches for a message start */                 \
	X(malformed)	 /* messages with this flag */                      \
	X(smuggling)	 /* messages with this flag */                      \
	X(head_limit)	 /* heads cut at a limit */                         \
	X(body_limit)	 /* bodies cut at the limit */                      \
	X(decode_failed) /* broken or unknown codings */                    \
	X(decode_limit)	 /* decompression bombs */                          \
	X(upgraded)	 /* connections that left HTTP */                   \
	X(not_http)	 /* connections without HTTP/1 */                   \
	X(not_http_tls)	 /* of those: TLS */                                \
	X(not_http_h2)	 /* of those: HTTP/2 with prior knowledge */        \
	X(memory_limit)	 /* messages dropped or cut at memory_limit */      \
	X(memory_used)	 /* gauge, bytes */

struct http_stats {
#define HTTP_FIELD(name) uint64_t name;
	HTTP_COUNTERS(HTTP_FIELD)
#undef HTTP_FIELD
};

#endif
