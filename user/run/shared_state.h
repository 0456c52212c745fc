/* SPDX-License-Identifier: MIT */
/*
 * What the daemon publishes for status and doctor: the counters of its stages since it
 * started, hints and sources. It is in the lock file of the interface, which is open
 * anyway, belongs to the user of the daemon and lies in memory.
 */
#ifndef RUN_SHARED_STATE_H
#define RUN_SHARED_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/advice.h"
#include "run/coverage.h"
#include "run/snapshot.h"

struct shared_counters {
	struct fragment_stats fragments;
	struct stream_stats stream;
	struct http_stats http;
	struct http2_stats http2;
	struct tls_stats tls;
	struct selection_stats selection;
	struct output_stats output;
};

struct shared_state {
	uint64_t started_s, updated_s; /* Unix time */
	struct metlo_stats
		at_start; /* of the kernel; later minus this is since the start */
	struct shared_counters counters;
	struct source_seen other; /* of the sources beyond the limit */
	uint32_t n_advice, n_rows;
	struct advice advice[N_ADVICES];
	struct coverage_row *rows; /* read: owned; see shared_state_free() */
};

/* Writes it to the lock file, with s->n_rows of these rows. 0 or -errno. */
int shared_state_write(int lock_fd, const struct shared_state *s,
		       const struct coverage_row *rows);

/* Reads it. -ENODATA: there is none, or that of another version; -EPROTO: it is damaged;
 * -EAGAIN: it is being written all the time. */
int shared_state_read(int lock_fd, struct shared_state *s);
void shared_state_free(struct shared_state *s);

#endif
