/* SPDX-License-Identifier: MIT */
/*
 * What the main thread of the daemon finds out once a second and tells others: hints,
 * sources, health. /healthz, the log, status and doctor get the same.
 */
#ifndef RUN_OBSERVER_H
#define RUN_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "run/monitor.h"

struct observer_conf {
	const struct settings *settings;
	struct capture *capture;
	struct workers *workers;
	struct monitor *monitor;
	const struct log *log;
};

struct observer;

/* Before the workers start. s: the counters now. NULL after logging why. */
struct observer *observer_new(const struct observer_conf *conf,
			      const struct summary *s);
void observer_free(struct observer *o);

/* attached: the program is. now_ns is CLOCK_MONOTONIC. */
void observer_update(struct observer *o, const struct summary *s, bool attached,
		     uint64_t now_ns);

/* Packets that arrived or were lost since the start of this daemon. */
struct observer_since {
	uint64_t packets, lost;
};
struct observer_since observer_since(const struct observer *o,
				     const struct summary *s);

#endif
