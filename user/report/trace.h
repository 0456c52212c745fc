/* SPDX-License-Identifier: MIT */
/* A transaction as one line of JSON: the Metlo trace plus "capture". */
#ifndef REPORT_TRACE_H
#define REPORT_TRACE_H

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

/* Appends the line with its newline. On out of memory out->failed is set and
 * out->len is as before. */
void trace_write(struct buf *out, const struct http_transaction *t,
		 const struct trace_conf *c);

#endif
