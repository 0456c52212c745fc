/* SPDX-License-Identifier: MIT */
/*
 * ClientHello and ServerHello (RFC 8446 section 4.1, RFC 5246 section 7.4.1).
 * Spans point into the message.
 */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "tls/wire.h"

#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

/* An extension that is absent has a span without a pointer. */
struct client_hello {
	uint16_t legacy_version;
	struct tls_span ciphers;    /* 16-bit numbers */
	struct tls_span extensions; /* the vector as it is */
	bool has_sni;		    /* the extension, even an empty one */
	struct tls_span sni;	    /* the first host_name; may be empty */
	struct tls_span alpn;	    /* names with their lengths */
	bool has_versions;
	struct tls_span versions; /* 16-bit numbers, as the next three */
	struct tls_span groups, signatures;
	struct tls_span point_formats; /* bytes */
	bool ech, early_data;
};

struct server_hello {
	uint16_t legacy_version, version, cipher;
	struct tls_span extensions;
	struct tls_span alpn; /* the selected name */
	bool retry;	      /* it is a HelloRetryRequest */
	bool psk;
	bool has_group;
	uint16_t group; /* of its key share */
};

/* Parse the message without its header. False: it violates the syntax; nothing
 * in *out is to be used then. */
bool client_hello_parse(struct client_hello *out, const uint8_t *p, size_t n);
bool server_hello_parse(struct server_hello *out, const uint8_t *p, size_t n);

/* A reserved number, which clients offer to see whether servers ignore it
 * (RFC 8701). */
static inline bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* The next extension; false after the last. */
bool extension_next(struct wire *w, uint16_t *type, struct tls_span *data);

#endif
