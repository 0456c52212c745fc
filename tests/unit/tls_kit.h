/* SPDX-License-Identifier: MIT */
/* For the tests of tls/: builds records and handshake messages. */
#ifndef TESTS_TLS_KIT_H
#define TESTS_TLS_KIT_H

#include "base/buf.h"

/* A number of so many bytes, the highest first. */
void tls_put(struct buf *b, uint32_t v, unsigned int bytes);
/* Begins a vector whose length takes so many bytes; returns what tls_end() needs. */
size_t tls_begin(struct buf *b, unsigned int bytes);
void tls_end(struct buf *b, size_t at, unsigned int bytes);

/* Numbers of 16 bits up to 0, which ends the list. */
void tls_put_u16s(struct buf *b, const uint16_t *list);

/* An extension of a hello; p[0..n) is its data. */
void tls_put_extension(struct buf *b, uint16_t type, const void *p, size_t n);

/* A ClientHello without message header. extensions: as tls_put_extension() made
 * them; NULL: the message ends before them. */
void tls_put_client_hello(struct buf *b, uint16_t version,
			  const uint16_t *ciphers,
			  const struct buf *extensions);
/* The same of a ServerHello. retry: it is a HelloRetryRequest. */
void tls_put_server_hello(struct buf *b, uint16_t version, uint16_t cipher,
			  bool retry, const struct buf *extensions);

/* A handshake message in a record of its own. */
void tls_put_message(struct buf *b, uint8_t type, const void *p, size_t n);
void tls_put_record(struct buf *b, uint8_t type, const void *p, size_t n);

/* The type of a record. */
#define CCS	  20
#define ALERT	  21
#define HANDSHAKE 22
#define DATA	  23

/* So many records of n bytes that mean nothing. */
void tls_put_records(struct buf *b, uint8_t type, size_t n, unsigned int times);
void tls_put_ccs(struct buf *b);

/* A typical hello in a record: TLS 1.3 offered, h2, the name www.example.com. */
void tls_put_typical_client(struct buf *b);
/* Its answer. version: 0x0303 or 0x0304. */
void tls_put_typical_server(struct buf *b, uint16_t version, bool psk);

#endif
