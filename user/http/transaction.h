/* SPDX-License-Identifier: MIT */
/*
 * One HTTP transaction as observed: http/ produces it, trace/ renders it. All
 * memory belongs to the producer and is valid during the callback only.
 */
#ifndef HTTP_TRANSACTION_H
#define HTTP_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_INTERIM_MAX 8u /* 1xx responses kept per transaction */

/* Bytes, not a C string: any octet may occur. */
struct http_span {
	const uint8_t *p;
	uint32_t len;
};

struct grpc_counter;

/* With HTTP_F_FIELDS_UNKNOWN, what is unknown has no address. */
struct http_field {
	struct http_span name;
	struct http_span value; /* OWS trimmed, obs-fold replaced by spaces */
};

struct http_body {
	const uint8_t *data; /* decoded, at most the body limit */
	size_t len;
	uint64_t total;	 /* full decoded length; if incomplete, bytes seen */
	uint64_t wire;	 /* the same before decoding, without chunk framing */
	bool encoded;	 /* data may still be encoded, at least in part */
	bool has_sha256; /* only for a complete body */
	uint8_t sha256[32];
	/* Of gRPC, if data is not all: the messages of the whole. Or NULL. */
	struct grpc_counter *grpc;
};

/* Parts of a message that are unknown (http_message.unknown). */
#define HTTP_UNKNOWN_METHOD 1u
#define HTTP_UNKNOWN_TARGET 2u /* and so are path and query */
#define HTTP_UNKNOWN_HOST   4u
#define HTTP_UNKNOWN_STATUS 8u

struct http_message {
	/* request */
	struct http_span method;
	struct http_span target; /* exactly as on the wire */
	struct http_span host;	 /* authority of the target (RFC 9112 section
				  * 3.2), else Host; may be empty */
	struct http_span path;	 /* target without scheme, authority, query */
	struct http_span query;	 /* without "?" */
	/* response */
	uint8_t unknown; /* HTTP_UNKNOWN_* */
	uint16_t status; /* 200 for HTTP/0.9 */
	struct http_span reason;
	/* both */
	uint8_t version_major, version_minor;
	const struct http_field *fields; /* in wire order, trailers after */
	uint32_t n_fields;
	uint32_t n_regular;  /* the names of the first n_regular are tokens */
	uint32_t n_trailers; /* the last n_trailers of fields */
	bool head_partial;   /* fields of the head may be missing */
	struct http_body body;
	/* Bytes past a span, up to this address, may be read (vector code
	 * does). Not for the body. NULL: no such guarantee. */
	const uint8_t *readable;
	/* Times of the packets that carried its first byte and the last byte
	 * seen of it. See struct http_transaction.clock_ns. */
	uint64_t first_ns, last_ns;
	bool http2;	/* HTTP/2, whatever version HTTP/1 may have named */
	bool malformed; /* the head violates RFC 9112 */
};

/* After the last field, and after the last one before the trailers. Without fields,
 * their address may be null, to which nothing may be added. */
static inline const struct http_field *
http_fields_end(const struct http_message *m)
{
	return m->n_fields ? m->fields + m->n_fields : m->fields;
}

static inline const struct http_field *
http_head_fields_end(const struct http_message *m)
{
	return m->n_fields ? m->fields + (m->n_fields - m->n_trailers)
			   : m->fields;
}

/* capture.flags, in output order. */
#define HTTP_FLAGS(X)                                                          \
	X(NO_RESPONSE, "no-response")                                          \
	X(NO_REQUEST, "no-request")                                            \
	X(MIDSTREAM, "midstream")     /* the handshake was not captured */     \
	X(REQUEST_GAP, "request-gap") /* bytes of the message are missing */   \
	X(RESPONSE_GAP, "response-gap")                                        \
	X(TRUNCATED, "truncated")   /* some of them cut off by the mirror */   \
	X(BODY_LIMIT, "body-limit") /* body longer than the limit */           \
	X(MALFORMED, "malformed")   /* deviates from RFC 9112 */               \
	X(SMUGGLING, "smuggling")   /* ambiguous framing, RFC 9112 11.2 */     \
	X(CLOSED_EARLY, "closed-early") /* connection ended in the message */  \
	X(DECODE_FAILED, "decode-failed")   /* broken data of a coding */      \
	X(DECODE_LIMIT, "decode-limit")	    /* decompression limit reached */  \
	X(CODING_UNKNOWN, "coding-unknown") /* not a coding that we undo */    \
	X(UPGRADED, "upgraded")		    /* 101, or 2xx to CONNECT */       \
	X(HEAD_LIMIT, "head-limit")	    /* head, field or target limit */  \
	X(TIMEOUT, "timeout")	  /* waited too long for the other half */     \
	X(EVICTED, "evicted")	  /* dropped at a limit on memory */           \
	X(AMBIGUOUS, "ambiguous") /* the receiver may have read other bytes */ \
	/* the server does not show that it agrees to a PROXY header */        \
	X(PROXY_UNCONFIRMED, "proxy-unconfirmed")                              \
	X(SOURCE_AMBIGUOUS, "source-ambiguous") /* set by trace/: client.h */  \
	X(OBS_TEXT, "obs-text")		/* set by trace/: see line_text() */   \
	X(PAIR_ASSUMED, "pair-assumed") /* see user/http/README.md: Pairing */ \
	/* HTTP/2: values refer to what the capture does not have */           \
	X(FIELDS_UNKNOWN, "fields-unknown")                                    \
	X(RESET, "reset") /* HTTP/2: RST_STREAM before the response's end */

enum http_flag {
#define HTTP_FLAG_BIT(name, text) HTTP_FLAG_BIT_##name,
	HTTP_FLAGS(HTTP_FLAG_BIT)
#undef HTTP_FLAG_BIT
		HTTP_FLAG_COUNT
};
enum {
#define HTTP_FLAG_MASK(name, text) HTTP_F_##name = 1u << HTTP_FLAG_BIT_##name,
	HTTP_FLAGS(HTTP_FLAG_MASK)
#undef HTTP_FLAG_MASK
};

/* A transaction whose response takes long is reported twice. */
enum http_progress {
	HTTP_ONCE,    /* not this one */
	HTTP_STARTED, /* its response has begun; there are no bodies yet */
	HTTP_ENDED,   /* and this is its end */
};

struct http_transaction {
	const struct http_message *request;  /* NULL: not seen */
	const struct http_message *response; /* NULL: not seen */
	const struct http_message *interim;  /* 1xx, before the response */
	uint32_t n_interim;
	uint32_t flags;	 /* HTTP_F_* */
	uint32_t stream; /* of HTTP/2; 0: not HTTP/2 */
	uint32_t vni;
	uint8_t client_addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint8_t server_addr[16];
	uint16_t client_port;
	uint16_t server_port;
	bool ipv6;
	uint8_t progress; /* enum http_progress */
	uint8_t verdict;  /* HTTP_ENDED: what http_conf.started() returned */
	/* Unique, from the highest bit on: the time of the first byte in
	 * microseconds (52 bits, not affected by clock_ns), a hash of the
	 * connection (52), the number of the transaction in it (24). The id of
	 * the connection has the time of its first transaction, of which
	 * connection has all and the first 12 bits of the hash. */
	uint64_t id[2], connection;
	/* The id of the TLS connection it was decrypted from; 0: none. */
	uint64_t tls[2];
	/* Added to times of messages makes Unix time. */
	int64_t clock_ns;
	/* A PROXY header names another client than client_addr, which is then
	 * the proxy. */
	bool proxied;
	bool source_ipv6;
	uint16_t source_port;
	uint8_t source_addr[16];
};

#endif
