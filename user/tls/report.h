/* SPDX-License-Identifier: MIT */
/*
 * What was seen of a TLS connection: tls/ produces it, trace/ renders it. All
 * memory belongs to the producer and is valid during the callback only. What is
 * not known has no value: a span without a pointer, TLS_UNKNOWN, or a number whose
 * "has" is false.
 */
#ifndef TLS_REPORT_H
#define TLS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "stream/types.h"
#include "tls/certificate.h"
#include "tls/fingerprint.h"
#include "tls/wire.h"

enum tls_answer { TLS_UNKNOWN, TLS_NO, TLS_YES };

#define TLS_CERTIFICATES_MAX 16u /* reported of a chain */
#define TLS_ALERTS_MAX	     4u

/* capture.flags, in output order. */
#define TLS_FLAGS(X)                                                          \
	X(MIDSTREAM, "midstream")   /* the handshake of TCP was missed */     \
	X(CLIENT_GAP, "client-gap") /* handshake bytes are missing */         \
	X(SERVER_GAP, "server-gap")                                           \
	X(TRUNCATED, "truncated")   /* some of them cut off by the mirror */  \
	X(MALFORMED, "malformed")   /* no records, or invalid messages */     \
	X(LIMIT, "handshake-limit") /* longer than what is examined */        \
	X(AMBIGUOUS, "ambiguous")   /* the receiver may have read others */   \
	X(EVICTED, "evicted")	    /* reported early: memory */              \
	X(PROXY_UNCONFIRMED, "proxy-unconfirmed") /* its header: no answer */ \
	X(OBS_TEXT, "obs-text") /* set by trace/: see line_text() */

enum tls_flag {
#define TLS_FLAG_BIT(name, text) TLS_FLAG_BIT_##name,
	TLS_FLAGS(TLS_FLAG_BIT)
#undef TLS_FLAG_BIT
		TLS_FLAG_COUNT
};
enum {
#define TLS_FLAG_MASK(name, text) TLS_F_##name = 1u << TLS_FLAG_BIT_##name,
	TLS_FLAGS(TLS_FLAG_MASK)
#undef TLS_FLAG_MASK
};

struct tls_alert {
	bool from_server;
	uint8_t level, description;
};

struct tls_chain {
	enum tls_answer sent; /* NO: none was sent, although it could be */
	uint32_t n;
	const struct certificate *cert[TLS_CERTIFICATES_MAX];
};

struct tls_report {
	/* of the ClientHello */
	bool has_client_hello;
	uint16_t client_version; /* legacy_version */
	struct tls_span sni;
	struct tls_span alpn;	  /* names with their lengths */
	struct tls_span versions; /* 16-bit numbers, as groups */
	struct tls_span groups;
	bool has_versions; /* else client_version is the only one */
	bool ech, early_data;
	bool has_ja3, has_ja3s, has_ja4;
	uint8_t ja3[JA3_SIZE], ja3s[JA3_SIZE];
	char ja4[JA4_SIZE];
	/* of the ServerHello */
	bool has_server_hello;
	uint16_t version, cipher;
	struct tls_span selected_alpn;
	bool has_group;
	uint16_t group;
	/* of the handshake */
	enum tls_answer resumed, retry, client_cert_requested, complete;
	struct tls_chain server_chain, client_chain;
	struct tls_alert alert[TLS_ALERTS_MAX];
	uint32_t n_alerts;
	bool has_handshake_ns;
	uint64_t handshake_ns; /* ClientHello to the end of the handshake */
	/* of QUIC: 1 or 2; 0: TLS over TCP, whose end and bytes are known */
	uint8_t quic_version;
	bool quic_retry; /* the server sent a Retry packet */
	/* of the connection; source is the client */
	uint64_t bytes[2]; /* sent by the source, by the destination */
	uint64_t first_ns, last_ns;
	const char *end; /* how it ended, static text */
	uint32_t flags;	 /* TLS_F_* */
	uint32_t vni;
	uint8_t source_addr[16], destination_addr[16];
	uint16_t source_port, destination_port;
	bool ipv6;
	struct stream_origin origin; /* whom a PROXY header names instead */
	uint64_t id[2], connection;  /* as in struct http_transaction */
	int64_t clock_ns;	     /* added to times makes Unix time */
};

#endif
