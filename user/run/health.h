/* SPDX-License-Identifier: MIT */
/*
 * Decides whether the daemon is healthy. The main thread passes in a sample
 * about once a second; server threads read the verdict at any time. All state
 * that they share is behind one mutex.
 */
#ifndef RUN_HEALTH_H
#define RUN_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/advice.h"
#include "run/worker.h"

/* Reasons to be unhealthy. The names appear in the JSON of /healthz and in the
 * metric metlo_xdp_unhealthy. */
#define HEALTH_REASONS(X)                                            \
	X(starting)	   /* not all workers run yet */             \
	X(stopping)	   /* shutdown has begun */                  \
	X(detached)	   /* the program is not on the interface */ \
	X(interface_down)  /* administratively down or no carrier */ \
	X(worker_stalled)  /* no heartbeat from a worker */          \
	X(main_stalled)	   /* no sample from the main thread */      \
	X(ring_full)	   /* packets were dropped recently */       \
	X(ring_behind)	   /* a ring stays more than half full */    \
	X(output_broken)   /* a sink cannot deliver */               \
	X(output_dropping) /* transactions were dropped recently */

enum health_reason {
#define HEALTH_ENUM(name) HEALTH_##name,
	HEALTH_REASONS(HEALTH_ENUM)
#undef HEALTH_ENUM
		HEALTH_REASONS_N
};

extern const char *const health_names[HEALTH_REASONS_N];

/* A worker without a heartbeat, or the main thread without a sample, for longer
 * than this is stalled. */
#define HEALTH_STALL_S 5u
/* A worker is behind if its ring stays fuller than HEALTH_RING_PERCENT for
 * longer than HEALTH_RING_S. */
#define HEALTH_RING_PERCENT 50u
#define HEALTH_RING_S	    5u
/* A loss makes the daemon unhealthy for this long. */
#define HEALTH_LOSS_S 10u

struct health_sink {
	const char *name;
	const char *broken; /* why it cannot deliver, or NULL */
	uint64_t dropped;   /* transactions since the start */
};

/* The state at one moment. Owns nothing. */
struct health_sample {
	uint64_t now_ns; /* CLOCK_MONOTONIC */
	bool attached, interface_up;
	uint64_t ring_full; /* packets lost since the program was loaded */
	const struct worker_state *workers;
	unsigned int n_workers;
	const struct health_sink *sinks;
	unsigned int n_sinks;
	/* Why no transaction arrives: degraded, not unhealthy. */
	const struct advice *advice;
	unsigned int n_advice;
};

struct health;

/* The state is "starting" until the first health_update(). Copies iface.
 * Returns NULL with errno on failure. */
struct health *health_new(const char *iface);
void health_free(struct health *h);

/* Evaluates a sample. Call from one thread only. */
void health_update(struct health *h, const struct health_sample *sample);

/* Shutdown has begun. Samples may cease without counting as a stall. */
void health_stopping(struct health *h);

/* Appends the state as a JSON object. Returns true if healthy or degraded: moving the
 * traffic elsewhere would not help against what degrades it. */
bool health_write_json(struct health *h, uint64_t now_ns, struct buf *json);

/* The reasons that apply now, as bits 1 << enum health_reason. */
uint32_t health_reasons(struct health *h, uint64_t now_ns);

#endif
