/* SPDX-License-Identifier: MIT */
/* Serialises a transaction as one line of JSON: a Metlo trace plus "capture". */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "base/buf.h"
#include "http/transaction.h"

struct trace_conf; /* compiled masking rules; immutable, shared by threads */

struct trace_options {
	bool no_redact;
	const char *const *headers; /* masked in addition to the defaults */
	unsigned int n_headers;
	const char *const *fields; /* JSON fields, form and query parameters */
	unsigned int n_fields;
};

/* NULL with errno on failure. */
struct trace_conf *trace_conf_new(const struct trace_options *o);
void trace_conf_free(struct trace_conf *c);

/*
 * Appends the line with its newline. It is always UTF-8:
 * - In targets and fields, each byte that is not UTF-8 becomes U+FFFD, as JSON
 *   has no byte strings.
 * - A body that is not UTF-8 is written as base64. If the body limit splits a
 *   character, its first bytes are omitted.
 * What was not seen is null or 0, including the target if there is no request.
 * A missing host is replaced by the server's address, with the port unless it
 * is 80. Masks change only text: lengths and hashes are those of the data on the
 * wire. Out of memory sets out->failed and leaves out->len unchanged.
 */
void trace_write(struct buf *out, const struct http_transaction *t,
		 const struct trace_conf *c);

#endif
