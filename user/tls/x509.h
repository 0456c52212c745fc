/* SPDX-License-Identifier: MIT */
/* Reads one certificate (RFC 5280) with OpenSSL. */
#ifndef TLS_X509_H
#define TLS_X509_H

#include <stddef.h>

#include "tls/certificate.h"

/* Where the texts and names of a certificate are put. */
struct x509_room {
	uint8_t *text, *text_end;
	struct cert_name *names; /* CERT_NAMES_MAX */
};

/*
 * Sets the members of *out that a certificate in DER determines; they point into
 * room, whose text is advanced. False: it is no certificate, or there is not
 * enough room.
 */
bool x509_read(struct certificate *out, struct x509_room *room,
	       const uint8_t *der, size_t n);

/* Loads what OpenSSL loads with its first use, which may read files. */
void x509_warm_up(void);

#endif
