/* SPDX-License-Identifier: MIT */
/* Says on stderr when data is lost, by the counter's name and with what to do
 * about it, and seldom enough to be read. */
#ifndef RUN_LOSS_LOG_H
#define RUN_LOSS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "run/summary.h"

/* One counter is mentioned at most this often. */
#define LOSS_LOG_INTERVAL_NS (10ull * 1000 * 1000 * 1000)

/* Zero-initialised is empty. */
struct loss_log {
	struct {
		uint64_t value; /* when last looked at for a message */
		uint64_t told_ns;
		bool known;
	} seen[SUMMARY_LOSSES_MAX];
};

/* Takes what was counted before as told. */
void loss_log_init(struct loss_log *l, const struct summary *s);

/* Logs what has grown. now_ns is of a clock that does not jump. Returns how
 * many messages that were. */
unsigned int loss_log_report(struct loss_log *l, const struct summary *s,
			     uint64_t now_ns, const struct log *log);

#endif
