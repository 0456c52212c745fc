/* SPDX-License-Identifier: MIT */
/*
 * Calls that stream for hours would be invisible until they end; see
 * http/progress.c. All streams wait for the same time, so that those whose turn it is
 * are the first of a list.
 */
#include "http2/progress.h"

#include "http2/emit.h"
#include "http2/streams.h"

/* Streams that one call reports. */
#define PROGRESS_MAX 4096u

/* Nothing but its end can follow. */
static bool is_certain(const struct h2_stream *s)
{
	const struct h2_half_state *r = &s->half[H2_RESPONSE];

	return s->half[H2_REQUEST].msg && !s->reset && !r->status_unknown &&
	       r->progress != H2_ENDED_HALF;
}

static void report(struct h2_stream *s)
{
	struct started *started;
	size_t cap;

	started = store_alloc(&s->conn->engine->http->store, sizeof(*started),
			      &cap);
	if (!started)
		return; /* no memory: its end is reported all the same */
	*started = (struct started){.cap = cap};
	s->started = started;
	h2_emit_started(s);
}

void h2_progress_check(struct http2_engine *e, uint64_t now_ns)
{
	const uint64_t after = e->http->conf.progress_ns;

	for (unsigned int i = 0; i < PROGRESS_MAX; i++) {
		struct h2_stream *s = e->answering.oldest;

		if (!s || s->half[H2_RESPONSE].msg->first_ns + after > now_ns)
			return;
		h2_stream_answered(s);
		if (is_certain(s))
			report(s);
	}
}
