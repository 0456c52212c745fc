/* SPDX-License-Identifier: MIT */
/* Writes the member "capture" of a line: what was observed, apart from the trace. */
#ifndef TRACE_CAPTURE_H
#define TRACE_CAPTURE_H

#include "trace/grpc_call.h"
#include "trace/masked_body.h"

/* How the other members of the line were written. */
struct capture_notes {
	bool mask;			/* the target may contain a secret */
	enum body_encoding encoding[2]; /* request, response */
	const struct client *client;	/* NULL: no proxy is trusted */
	const struct grpc_call *grpc;	/* NULL: it is none */
};

/* Of HTTP_STARTED: the bodies were not written. */
void capture_without_bodies(struct capture_notes *notes,
			    const struct http_transaction *t);

/* With the comma before it, and the ends of the member and of the line. */
void capture_put(struct line *l, const struct http_transaction *t,
		 const struct trace_conf *c, const struct capture_notes *notes);

#endif
