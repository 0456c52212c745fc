/* SPDX-License-Identifier: MIT */
/*
 * Whether the daemon does its work: judged by what one thread sees several
 * times a second, and answered to those who ask, from another thread.
 */
#ifndef RUN_HEALTH_H
#define RUN_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/worker.h"

/* Why the answer is no. The names are those of the JSON and of the metric
 * metlo_xdp_unhealthy. */
#define HEALTH_REASONS(X)                                                 \
	X(starting)	   /* not all threads run yet */                  \
	X(stopping)	   /* on the way out */                           \
	X(detached)	   /* the program is not on the interface */      \
	X(interface_down)  /* administratively, or no carrier */          \
	X(worker_stalled)  /* a worker does not move */                   \
	X(main_stalled)	   /* the thread that looks after all does not */ \
	X(ring_full)	   /* packets were lost a moment ago */           \
	X(ring_behind)	   /* a ring is filled more than half for long */ \
	X(output_broken)   /* a sink cannot be written */                 \
	X(output_dropping) /* transactions were dropped a moment ago */

enum health_reason {
#define HEALTH_ENUM(name) HEALTH_##name,
	HEALTH_REASONS(HEALTH_ENUM)
#undef HEALTH_ENUM
		HEALTH_REASONS_N
};

extern const char *const health_names[HEALTH_REASONS_N];

/* A worker, or the main thread, that was not seen to move for so long is
 * stalled. */
#define HEALTH_STALL_S 5u
/* A ring filled to more than this percentage ... */
#define HEALTH_RING_PERCENT 50u
/* ... for so long means that its worker is behind. */
#define HEALTH_RING_S 5u
/* How long a loss is held against the daemon. */
#define HEALTH_LOSS_S 10u

/* A place that transactions go to. */
struct health_sink {
	const char *name;
	const char *broken; /* why it takes nothing, or NULL */
	uint64_t dropped;   /* transactions, ever */
};

/* What is seen at one moment. Nothing is owned. */
struct health_sample {
	uint64_t now_ns; /* CLOCK_MONOTONIC */
	bool attached, interface_up;
	uint64_t ring_full; /* packets lost, ever */
	const struct worker_state *workers;
	unsigned int n_workers;
	const struct health_sink *sinks;
	unsigned int n_sinks;
};

struct health;

/* Starting, until health_update() is called. iface is copied. NULL with
 * errno. */
struct health *health_new(const char *iface);
void health_free(struct health *h);

void health_update(struct health *h, const struct health_sample *look);

/* The end has begun; no more looks are needed. */
void health_stopping(struct health *h);

/* Writes the state as a JSON object; true: all is well. */
bool health_write_json(struct health *h, uint64_t now_ns, struct buf *json);

/* The reasons that hold, one bit each, 1 << enum health_reason. */
uint32_t health_reasons(struct health *h, uint64_t now_ns);

#endif
