/* SPDX-License-Identifier: MIT */
/* A transaction as one line of JSON: the Metlo trace plus "capture". */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "base/buf.h"
#include "http/transaction.h"

struct trace_conf; /* compiled masking rules; immutable, shared by threads */

struct trace_options {
	bool no_redact;
	const char *const *headers; /* masked besides the default ones */
	unsigned int n_headers;
	const char *const *fields; /* JSON fields, form and query parameters */
	unsigned int n_fields;
};

/* NULL with errno on failure. */
struct trace_conf *trace_conf_new(const struct trace_options *o);
void trace_conf_free(struct trace_conf *c);

/*
 * Appends the line with its newline, in UTF-8. Where a transaction is not:
 * - In targets and fields each byte that is not UTF-8 becomes U+FFFD, because
 *   JSON has no bytes.
 * - A body that is not UTF-8 is base64 as a whole. A character that the body
 *   limit cuts in two is left out.
 * Members of what was not seen are null or 0, without a request also the
 * target. Without a host, it is the server's address, with its port unless
 * that is 80. Masks change texts only: lengths and hashes are those of the
 * wire. On out of memory out->failed is set and out->len is as before.
 */
void trace_write(struct buf *out, const struct http_transaction *t,
		 const struct trace_conf *c);

#endif
