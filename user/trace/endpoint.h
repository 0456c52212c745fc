/* SPDX-License-Identifier: MIT */
/*
 * Method, host and path of a request, normalised for filters and limits: host in
 * lower case and without port (RFC 9110 section 4.2.3), path without query and
 * with unreserved characters decoded (RFC 3986 section 6.2.2.2).
 */
#ifndef TRACE_ENDPOINT_H
#define TRACE_ENDPOINT_H

#include "base/addr.h"
#include "http/transaction.h"
#include "tls/report.h"

/* DNS names are shorter (RFC 1035 section 2.3.4). A longer host is truncated. */
#define ENDPOINT_HOST_MAX 255u
/* A longer path is not decoded. */
#define ENDPOINT_PATH_MAX 65536u

struct endpoint {
	bool known; /* the request or the ClientHello was seen */
	struct http_span method, path;
	size_t host_len;
	/* Room for "[", an address of ADDR_TEXT_MAX and "]" as well. */
	uint8_t host[ENDPOINT_HOST_MAX + 1];
	uint8_t decoded[ENDPOINT_PATH_MAX];
};

/* e->path points into t or into e. */
void endpoint_of(struct endpoint *e, const struct http_transaction *t);

/* The server's name in a ClientHello, or its address; no method and no path. */
void endpoint_of_tls(struct endpoint *e, const struct tls_report *r);

/*
 * A hash of method, host and path, in which all path segments that look like
 * identifiers are equal: only digits; at least 8 hexadecimal digits and dashes
 * including a digit (UUIDs, hashes); or at least 16 bytes including a digit.
 * Never 0.
 */
uint64_t endpoint_key(const struct endpoint *e, uint64_t seed);

#endif
