/* SPDX-License-Identifier: MIT */
/* Says on stderr when data is lost, by the counter's name and with what to do
 * about it, and seldom enough to be read. */
#ifndef RUN_LOSSES_H
#define RUN_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "run/summary.h"

/* One counter is mentioned at most this often. */
#define LOSSES_INTERVAL_NS (10ull * 1000 * 1000 * 1000)

/* Zero-initialised is empty. */
struct losses {
	struct {
		uint64_t value; /* when last looked at for a message */
		uint64_t told_ns;
		bool known;
	} seen[SUMMARY_LOSSES_MAX];
};

/* Takes what was counted before as told. */
void losses_start(struct losses *l, const struct summary *s);

/* Logs what has grown. now_ns is of a clock that does not jump. Returns how
 * many messages that were. */
unsigned int losses_report(struct losses *l, const struct summary *s,
			   uint64_t now_ns, const struct log *log);

#endif
