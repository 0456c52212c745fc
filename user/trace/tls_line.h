/* SPDX-License-Identifier: MIT */
/* Serialises what was seen of a TLS connection as one line of JSON. */
#ifndef TRACE_TLS_LINE_H
#define TRACE_TLS_LINE_H

#include "base/buf.h"
#include "tls/report.h"
#include "trace/trace_conf.h"

/* Appends the line with its newline, always UTF-8: names that are not are written as
 * ISO 8859-1. Out of memory sets out->failed and leaves out->len unchanged. */
void tls_line_write(struct buf *out, const struct tls_report *r,
		    const struct trace_conf *c);

#endif
