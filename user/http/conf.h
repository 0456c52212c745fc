/* SPDX-License-Identifier: MIT */
/* Settings and counters of an engine. */
#ifndef HTTP_CONF_H
#define HTTP_CONF_H

#include "http/transaction.h"
#include "stream/types.h"

struct http_conf {
	uint64_t body_limit;   /* bytes kept of a decoded body */
	const char *collector; /* what ids depend on; NULL: nothing. Not kept */
	uint64_t memory_limit; /* heads, bodies and pending messages */
	uint64_t response_timeout_ns; /* then a request is emitted as it is */
	uint64_t request_timeout_ns;  /* the same for a response */
	uint64_t progress_ns;	      /* HTTP_STARTED after this; 0: never */
	bool body_hash;		      /* SHA-256 of complete decoded bodies */
	void (*emit)(void *ctx, const struct http_transaction *t);
	/* The response of a transaction that emit() will get later, too, has
	 * lasted for progress_ns. What it returns is t->verdict then. */
	uint8_t (*started)(void *ctx, const struct http_transaction *t);
	void *emit_ctx;
	flow_event_fn *event; /* FLOW_RESYNC and FLOW_PAIR; or NULL */
	void *event_ctx;
};

/*
 * X(name, type, help), see METLO_OUTCOMES. Conservation:
 * bytes_in = bytes_head + bytes_body + bytes_framing + bytes_resync +
 *            bytes_not_http + bytes_upgraded + bytes_buffered.
 */
#define HTTP_COUNTERS(X)                                                     \
	X(bytes_in, COUNTER,                                                 \
	  "Bytes received from streams, not counting gaps.")                 \
	X(bytes_head, COUNTER, "Bytes of start lines, fields and trailers.") \
	X(bytes_body, COUNTER, "Bytes of bodies before decoding.")           \
	X(bytes_framing, COUNTER,                                            \
	  "Bytes of PROXY headers, chunk headers and empty lines.")          \
	X(bytes_resync, COUNTER,                                             \
	  "Bytes skipped while searching for the start of a message.")       \
	X(bytes_not_http, COUNTER,                                           \
	  "Bytes of connections that do not speak HTTP/1.")                  \
	X(bytes_upgraded, COUNTER,                                           \
	  "Bytes of connections after an upgrade or CONNECT.")               \
	X(bytes_buffered, GAUGE, "Bytes held that are not classified yet.")  \
	X(requests, COUNTER, "Requests.")                                    \
	X(responses, COUNTER, "Final responses.")                            \
	X(interim_responses, COUNTER, "Responses with a 1xx status.")        \
	X(transactions, COUNTER, "Transactions, complete or not.")           \
	X(paired, COUNTER, "Transactions with both request and response.")   \
	X(unanswered, COUNTER, "Transactions without a response.")           \
	X(unrequested, COUNTER, "Transactions without a request.")           \
	X(resyncs, COUNTER, "Searches for the start of a message.")          \
	X(malformed, COUNTER, "Messages that violate RFC 9112.")             \
	X(smuggling, COUNTER,                                                \
	  "Messages with ambiguous framing (RFC 9112 section 11.2).")        \
	X(head_limit, COUNTER, "Heads cut at a size limit.")                 \
	X(body_limit, COUNTER, "Bodies cut at --body-limit.")                \
	X(decode_failed, COUNTER,                                            \
	  "Bodies with invalid or incomplete data of a content coding.")     \
	X(decode_limit, COUNTER,                                             \
	  "Bodies not decompressed further because they expand too far.")    \
	X(coding_unknown, COUNTER,                                           \
	  "Bodies with a content coding that is not undone.")                \
	X(upgraded, COUNTER,                                                 \
	  "Connections that left HTTP by an upgrade or CONNECT.")            \
	X(proxy_headers, COUNTER,                                            \
	  "Connections that begin with a header of the PROXY protocol.")     \
	X(not_http, COUNTER, "Connections that never spoke HTTP/1.")         \
	X(not_http_tls, COUNTER, "Connections that speak TLS.")              \
	X(not_http_h2, COUNTER, "Connections that speak HTTP/2.")            \
	X(disbelieved, COUNTER,                                              \
	  "Messages left out: the other direction speaks another protocol.") \
	X(memory_limit, COUNTER,                                             \
	  "Messages dropped or cut at the limit of --memory.")               \
	X(queue_limit, COUNTER,                                              \
	  "Messages given up because too many of a connection waited.")      \
	X(memory_used, GAUGE,                                                \
	  "Bytes of memory used by heads, bodies and pending messages.")

struct http_stats {
#define HTTP_FIELD(name, ...) uint64_t name;
	HTTP_COUNTERS(HTTP_FIELD)
#undef HTTP_FIELD
};

#endif
