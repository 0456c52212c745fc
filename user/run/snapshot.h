/* SPDX-License-Identifier: MIT */
/* All counters of a running daemon at one moment. */
#ifndef RUN_SNAPSHOT_H
#define RUN_SNAPSHOT_H

#include "run/summary.h"
#include "run/worker.h"

/* The storage that a struct summary points into. Zero-initialize before the
 * first use. */
struct snapshot {
	struct metlo_stats packets;
	struct fragment_stats fragments;
	struct stream_stats stream;
	struct http_stats http;
	struct http2_stats http2;
	struct tls_stats tls;
	struct quic_stats quic;
	struct selection_stats selection;
	struct output_stats out;
	struct summary_sink sinks[SUMMARY_SINKS_MAX];
	struct counters_vni *vnis; /* owned */
	size_t n_vnis;
};

/* Reads everything but the VNIs. *s points into r until the next call. Kernel
 * counters that cannot be read are left out. */
void snapshot_read(struct snapshot *r, struct summary *s,
		   const struct capture *c, struct workers *w,
		   struct output *o);

/* Adds the VNIs, sorted by packets. Costs system calls in proportion to the
 * number of VNIs. */
void snapshot_read_vnis(struct snapshot *r, struct summary *s,
			const struct capture *c);

void snapshot_free(struct snapshot *r);

#endif
