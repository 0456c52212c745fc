/* SPDX-License-Identifier: MIT */
/*
 * A line of NDJSON as the trace that Metlo's collector takes: request, response
 * and meta only. What the collector would refuse, or take for nothing, is left
 * out here, because it aborts a batch in the middle.
 */
#ifndef METLO_TRACE_H
#define METLO_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum ingest_fate {
	INGEST_TAKEN,
	INGEST_INCOMPLETE, /* without request or response */
	INGEST_SELF,	   /* a request to the collector itself */
	INGEST_PATH,	   /* the collector refuses such a path */
	INGEST_METHOD,	   /* or such a method */
	INGEST_SIZE,	   /* too large even without bodies */
	INGEST_NO_LINE,	   /* not a line of ours */
};

struct ingest_trace_conf {
	const char *self; /* host[:port] of requests to the collector */
	size_t max;	  /* bytes of a trace; bodies are cut to fit */
};

/* What was done to a trace that was taken. */
struct ingest_changes {
	unsigned int cut;    /* bodies cut to fit */
	unsigned int binary; /* bodies left empty, as they are not text */
};

/*
 * Appends the trace to out. The line is one of trace_write(), with or without
 * its newline. The first address of X-Forwarded-For becomes meta.source, what
 * was there originalSource. A trace with a body that was cut has meta.flags.
 * On out of memory out->failed is set.
 */
enum ingest_fate ingest_trace_write(struct buf *out, const uint8_t *line,
				    size_t n,
				    const struct ingest_trace_conf *conf,
				    struct ingest_changes *changes);

/* The rule of the collector's getValidPath(), on the text between the quotes of
 * a JSON string. */
bool ingest_path_valid(const uint8_t *p, size_t n);

/* Whether the answer to a batch says that it stopped at the path of this
 * trace; returns the length of that path, as a path may begin with another,
 * or 0. */
size_t ingest_trace_refused(const uint8_t *trace, size_t n, const char *answer);

#endif
