/* SPDX-License-Identifier: MIT */
/*
 * What the service manager is told of attach: that it is ready, reloads,
 * stops, how it goes, and, where a watchdog is set, that it is alive. Does
 * nothing without a service manager.
 */
#ifndef RUN_SERVICE_H
#define RUN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/notify.h"

/* The state in words is told this often at most. */
#define SERVICE_STATUS_NS (5ull * 1000 * 1000 * 1000)

struct service {
	struct notify notify;
	const struct log *log;
	uint64_t pinged_ns; /* the last sign of life */
	uint64_t status_ns; /* the last state in words */
	bool stalled;	    /* and it was logged */
	char status[256];
};

/* Before the privileges are dropped. log is not owned. */
void service_open(struct service *s, const struct log *log);
void service_close(struct service *s);

/* Attached and draining, for the first time or after a reload. */
void service_ready(struct service *s, uint64_t now_ns);
/* The configuration is being read again; service_ready() follows. */
void service_reloading(const struct service *s, uint64_t now_ns);
/* The end has begun and takes at most so many seconds from now on. */
void service_stopping(const struct service *s, unsigned int seconds);

/*
 * To be called often: gives the sign of life at half of what the watchdog
 * allows, unless some worker has not moved since the last one. heartbeat_ns is when
 * the worker was last seen to move that has not done so for the longest; all
 * times are of CLOCK_MONOTONIC.
 */
void service_feed_watchdog(struct service *s, uint64_t now_ns,
			   uint64_t heartbeat_ns);

/* True when the state in words is due. */
bool service_status_due(const struct service *s, uint64_t now_ns);
/* One line; not sent again while it says the same. */
void service_status(struct service *s, uint64_t now_ns, const char *fmt, ...)
	LOG_PRINTF(3, 4);

#endif
