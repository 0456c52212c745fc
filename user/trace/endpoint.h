/* SPDX-License-Identifier: MIT */
/*
 * What a request asks for, in the form that filters and limits compare: hosts
 * in lower case and without port (RFC 9110 section 4.2.3), paths without query
 * and without needless percent-encoding (RFC 3986 section 6.2.2.2).
 */
#ifndef TRACE_ENDPOINT_H
#define TRACE_ENDPOINT_H

#include "base/addr.h"
#include "http/transaction.h"

/* Names of the DNS are shorter (RFC 1035 section 2.3.4); what is longer is
 * compared up to here. */
#define ENDPOINT_HOST_MAX 255u
/* Longer paths are compared as they are on the wire. */
#define ENDPOINT_PATH_MAX 65536u

struct endpoint {
	bool known; /* there was a request */
	struct http_span method, path;
	size_t host_len;
	/* Room for "[", an address of ADDR_TEXT_MAX and "]" as well. */
	uint8_t host[ENDPOINT_HOST_MAX + 1];
	uint8_t decoded[ENDPOINT_PATH_MAX];
};

/* path points into t or into e. */
void endpoint_of(struct endpoint *e, const struct http_transaction *t);

/*
 * A number for method, host and path, in which segments of the path that are
 * identifiers count as equal: digits only; hexadecimal digits and dashes, at
 * least 8 with a digit among them (UUIDs, hashes); 16 bytes and more with a
 * digit among them. Never 0.
 */
uint64_t endpoint_key(const struct endpoint *e, uint64_t seed);

#endif
