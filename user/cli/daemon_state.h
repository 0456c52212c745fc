/* SPDX-License-Identifier: MIT */
/* What a running daemon has published, for status and doctor. */
#ifndef CLI_DAEMON_STATE_H
#define CLI_DAEMON_STATE_H

#include <stdbool.h>

#include "capture/attached.h"
#include "run/shared_state.h"
#include "run/summary.h"

/* False: no daemon runs, or one of another version, or it has just started. If true, the
 * caller frees *s. */
bool daemon_state_read(struct shared_state *s, const struct attached *a);

/* Adds the counters of the daemon; d may be NULL. */
void daemon_state_summary(const struct shared_state *d, struct summary *s);

/* What the daemon has found, or, without one (d is NULL), why nothing reaches the rings. */
unsigned int daemon_state_advice(const struct attached *a,
				 const struct shared_state *d,
				 struct advice advice[N_ADVICES]);

/* Local date and time, "-" if s is 0. */
void daemon_state_time(char *to, size_t size, uint64_t s);

#endif
