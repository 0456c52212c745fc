/* SPDX-License-Identifier: MIT */
/* Logs growing loss counters by name, each with a remedy and rate-limited. */
#ifndef RUN_LOSS_LOG_H
#define RUN_LOSS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "run/summary.h"

/* Minimum time between two messages about the same counter. */
#define LOSS_LOG_INTERVAL_NS (10ull * 1000 * 1000 * 1000)

/* Valid when zero-initialized. */
struct loss_log {
	struct {
		uint64_t value; /* as last logged */
		uint64_t logged_ns;
		bool logged;
	} seen[SUMMARY_LOSSES_MAX];
};

/* Sets the baseline: only losses after this are logged. */
void loss_log_init(struct loss_log *l, const struct summary *s);

/* Logs every counter that has grown. now_ns is monotonic. Returns the number of
 * messages. */
unsigned int loss_log_report(struct loss_log *l, const struct summary *s,
			     uint64_t now_ns, const struct log *log);

#endif
