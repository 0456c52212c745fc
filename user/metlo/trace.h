/* SPDX-License-Identifier: MIT */
/*
 * Converts an NDJSON line to the trace that Metlo's collector accepts: request,
 * response and meta only. The collector stops in the middle of a batch at a trace
 * that it rejects. So what it would reject is encoded here, lest a client hide
 * its requests by an odd path or method; what it would ignore is left out.
 */
#ifndef METLO_TRACE_H
#define METLO_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "delivery/peers.h"

enum ingest_trace_verdict {
	INGEST_TRACE_ACCEPTED,
	INGEST_TRACE_INCOMPLETE, /* lacks the request or the response */
	INGEST_TRACE_SELF,	 /* a request to the collector itself */
	INGEST_TRACE_STATUS,	 /* status 0, which the collector ignores */
	INGEST_TRACE_SIZE,	 /* too large, even without bodies */
	INGEST_TRACE_MALFORMED,	 /* not a line that trace_write() wrote */
};

struct ingest_trace_conf {
	const char *self;		    /* host[:port] of the collector, */
	const struct delivery_peers *peers; /* and its addresses */
	size_t max; /* bytes of a trace; bodies are truncated to fit */
};

/* How an accepted trace differs from its line. */
struct ingest_changes {
	unsigned int cut;    /* bodies truncated to fit */
	unsigned int binary; /* bodies left empty, as they are not text */
	bool path;	     /* percent-encoded */
	bool method;	     /* replaced */
};

/*
 * Appends the trace to out. The line is from trace_write(), with or without its
 * newline. A path that the collector rejects is percent-encoded where necessary.
 * A method that it rejects becomes POST if the request has a body, else GET, and
 * is the value of an additional first field X-Original-Method.
 * If the user trusts proxies, meta.source is that of the line, and the TCP peer, if
 * it is another one, meta.originalSource. Otherwise the first address in
 * X-Forwarded-For becomes meta.source, and the source of the line
 * meta.originalSource. A truncated body adds meta.flags. Out of memory sets
 * out->failed.
 */
enum ingest_trace_verdict
ingest_trace_write(struct buf *out, const uint8_t *line, size_t n,
		   const struct ingest_trace_conf *conf,
		   struct ingest_changes *changes);

/* Does the collector accept this path? Its rule is getValidPath(). p is the
 * content of a JSON string. */
bool ingest_path_valid(const uint8_t *p, size_t n);

/* Does the answer to a batch say that the collector stopped at the path of this
 * trace? Returns the length of the path in the answer, since one path can be a
 * prefix of another, or 0. */
size_t ingest_trace_rejected(const uint8_t *trace, size_t n,
			     const char *answer);

#endif
