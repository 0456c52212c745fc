/* SPDX-License-Identifier: MIT */
/* Serialises a transaction as one line of JSON: a Metlo trace plus "capture". */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "base/buf.h"
#include "http/transaction.h"
#include "trace/trace_conf.h"

/*
 * Appends the line with its newline. It is always UTF-8:
 * - A target, field name or value that is not UTF-8 is written as ISO 8859-1,
 *   with the flag obs-text, as JSON has no byte strings.
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
