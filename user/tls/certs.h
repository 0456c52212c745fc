/* SPDX-License-Identifier: MIT */
/*
 * Certificates as facts. Servers send the same few again and again, so a cache
 * keeps what was read, found by the bytes of the certificate; new ones are read at
 * a bounded rate.
 */
#ifndef TLS_CERTS_H
#define TLS_CERTS_H

#include <stddef.h>
#include <stdint.h>

#include "tls/certificate.h"

struct cert_cache;

struct cert_stats {
	uint64_t known, read, unreadable, skipped;
};

/* memory: what the certificates in use are added to, in bytes. NULL: no memory. */
struct cert_cache *cert_cache_new(size_t *memory);
void cert_cache_free(struct cert_cache *c);

/*
 * The facts of a certificate in DER, to be returned by cert_put(). Beyond the
 * rate, only its length is known. NULL: out of memory.
 */
const struct certificate *cert_get(struct cert_cache *c, const uint8_t *der,
				   size_t n, uint64_t now_ns);
void cert_put(struct cert_cache *c, const struct certificate *cert);

const struct cert_stats *cert_cache_stats(const struct cert_cache *c);

#endif
