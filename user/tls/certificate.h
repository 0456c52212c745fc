/* SPDX-License-Identifier: MIT */
/* What a certificate says (RFC 5280). */
#ifndef TLS_CERTIFICATE_H
#define TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "tls/wire.h"

#define CERT_NAMES_MAX 128u /* subject alternative names reported */

enum cert_name_type { CERT_DNS, CERT_IP, CERT_URI, CERT_EMAIL };

struct cert_name {
	enum cert_name_type type;
	struct tls_span text; /* of CERT_IP the 4 or 16 bytes */
};

/* Immutable. What cannot be read has no bytes. */
struct certificate {
	uint32_t bytes;
	bool parsed; /* else only bytes and, if hashed, sha256 are valid */
	bool hashed;
	uint8_t sha256[32];
	struct tls_span subject, issuer;     /* RFC 4514 */
	struct tls_span serial;		     /* hexadecimal */
	char not_before[21], not_after[21];  /* RFC 3339, or "" */
	const char *key, *curve, *signature; /* static text or NULL */
	uint32_t key_bits;		     /* RSA; else 0 */
	const struct cert_name *names;
	uint32_t n_names;
	uint32_t total_names; /* more than n_names if some are not reported */
};

#endif
