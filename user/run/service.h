/* SPDX-License-Identifier: MIT */
/*
 * Notifies the service manager (sd_notify(3)) of readiness, reloads, shutdown
 * and status, and feeds its watchdog. Without a service manager every function
 * does nothing.
 */
#ifndef RUN_SERVICE_H
#define RUN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/notify.h"

/* Minimum time between two status lines. */
#define SERVICE_STATUS_NS (5ull * 1000 * 1000 * 1000)

struct service {
	struct notify notify;
	const struct log *log;
	uint64_t pinged_ns; /* last WATCHDOG=1 */
	uint64_t status_ns; /* last service_status() */
	bool stalled;	    /* a stall has been logged */
	char status[256];
};

/* Call before dropping privileges. Does not own log. */
void service_open(struct service *s, const struct log *log);
void service_close(struct service *s);

/* Attached and draining the rings, initially or after a reload. */
void service_ready(struct service *s, uint64_t now_ns);
/* A reload has begun; service_ready() ends it. */
void service_reloading(const struct service *s, uint64_t now_ns);
/* Shutdown has begun and takes at most this many seconds. */
void service_stopping(const struct service *s, unsigned int seconds);

/*
 * Pings the watchdog at half its interval, unless a worker has stalled since
 * the previous ping. heartbeat_ns is the oldest heartbeat among the workers;
 * all times are CLOCK_MONOTONIC. Call several times per interval.
 */
void service_feed_watchdog(struct service *s, uint64_t now_ns,
			   uint64_t heartbeat_ns);

/* True if the next status line is due. */
bool service_status_due(const struct service *s, uint64_t now_ns);
/* Sends a one-line status, unless it equals the previous one. */
void service_status(struct service *s, uint64_t now_ns, const char *fmt, ...)
	LOG_PRINTF(3, 4);

#endif
