/* SPDX-License-Identifier: MIT */
/*
 * Watches the sources of mirrored traffic, by VNI: one that used to send and falls silent,
 * or of which only one direction arrives any more, is a blind spot that no total shows.
 */
#ifndef RUN_COVERAGE_H
#define RUN_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "capture/counters.h"
#include "run/sources.h"

/* How often to call coverage_update(). */
#define COVERAGE_INTERVAL_S 5u

/* X(name): in the JSON of status. */
#define COVERAGE_STATES(X)                                                \
	X(active)                                                         \
	X(idle) /* sent before this start of the daemon, and not since */ \
	X(silent)                                                         \
	X(one_sided)

enum coverage_state {
#define COVERAGE_ENUM(name) COVERAGE_##name,
	COVERAGE_STATES(COVERAGE_ENUM)
#undef COVERAGE_ENUM
		N_COVERAGE_STATES
};

extern const char *const coverage_names[N_COVERAGE_STATES];

/* A source. */
struct coverage_row {
	uint32_t vni;
	uint32_t state;		 /* enum coverage_state */
	struct source_seen seen; /* since this start of the daemon */
	/* All packets, whether captured or not, since attached or since the kernel
	 * last evicted the VNI; 0 if it has. */
	uint64_t packets, bytes;
};

/* A snapshot. */
struct coverage_list {
	const struct coverage_row
		*rows; /* in the order of the VNIs' appearance */
	size_t n;
	struct source_seen other; /* of the VNIs beyond VNI_INDEX_MAX */
	unsigned int in_state[N_COVERAGE_STATES];
};

struct coverage;

/* silent_ns: how long nothing must come from a source, at least; 0: never mind. NULL: out
 * of memory. */
struct coverage *coverage_new(uint64_t silent_ns);
void coverage_free(struct coverage *c);

/* Takes the counts of all workers, and of the kernel if they are known (n_vnis 0: no).
 * now_ns is CLOCK_MONOTONIC. */
void coverage_update(struct coverage *c, const struct sources *const *workers,
		     unsigned int n_workers, const struct counters_vni *vnis,
		     size_t n_vnis, uint64_t now_ns);

/* As of the last update; valid until the next. */
const struct coverage_list *coverage_list(const struct coverage *c);

/* Lists VNIs in a state, "7000, 7001 and 3 more". Returns their number. */
unsigned int coverage_text(const struct coverage_list *l,
			   enum coverage_state state, char *to, size_t size);

/* Logs what has changed since the last call, in a few lines. */
void coverage_log(struct coverage *c, const struct log *log);

#endif
