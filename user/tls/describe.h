/* SPDX-License-Identifier: MIT */
/* What hellos say, as members of a report. Spans point into the messages. */
#ifndef TLS_DESCRIBE_H
#define TLS_DESCRIBE_H

#include "tls/fingerprint.h"
#include "tls/report.h"

void describe_client_hello(struct tls_report *r, struct fingerprints *prints,
			   const struct client_hello *h,
			   enum ja4_transport transport);
/* Not of a HelloRetryRequest. */
void describe_server_hello(struct tls_report *r, struct fingerprints *prints,
			   const struct server_hello *h);

#endif
