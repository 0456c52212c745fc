/* SPDX-License-Identifier: MIT */
/*
 * Fingerprints of hellos: JA3 and JA3S (MD5 of the parameters in their order) and
 * JA4, the client fingerprint of FoxIO's suite (in sorted order).
 */
#ifndef TLS_FINGERPRINT_H
#define TLS_FINGERPRINT_H

#include "base/buf.h"
#include "tls/hello.h"

#define JA3_SIZE 16
#define JA4_SIZE 36

struct fingerprints; /* digests and scratch memory of one thread */

/* NULL: out of memory. */
struct fingerprints *fingerprints_new(void);
void fingerprints_free(struct fingerprints *f);

/* False if there is no MD5 (FIPS mode), or no memory. */
bool fingerprint_ja3(struct fingerprints *f, const struct client_hello *h,
		     uint8_t out[JA3_SIZE]);
bool fingerprint_ja3s(struct fingerprints *f, const struct server_hello *h,
		      uint8_t out[JA3_SIZE]);
/* The first character of JA4. */
enum ja4_transport { JA4_TCP = 't', JA4_QUIC = 'q' };
/* Writes JA4_SIZE characters without a NUL. False: no memory. */
bool fingerprint_ja4(struct fingerprints *f, const struct client_hello *h,
		     enum ja4_transport transport, char out[JA4_SIZE]);

/* The text whose MD5 is JA3, for tests; valid until the next call. */
const struct buf *fingerprint_text(const struct fingerprints *f);

#endif
