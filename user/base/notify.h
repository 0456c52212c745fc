/* SPDX-License-Identifier: MIT */
/*
 * Talks to the service manager by the protocol of sd_notify(3): datagrams of
 * "NAME=value" lines to the socket that NOTIFY_SOCKET names. All of it does
 * nothing where there is no service manager.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

struct notify {
	int fd;		      /* -1: nobody to talk to */
	uint64_t watchdog_ns; /* a sign of life is expected this often; 0: no */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and connects, so that
 * it can be used after the privileges were dropped. What is wrong with them is
 * logged, and is no reason to fail: the service manager will say so. */
void notify_open(struct notify *n, const struct log *log);
void notify_close(struct notify *n);

/* One datagram; lines are separated by '\n'. Waits at most a second, for a
 * manager that does not read. false if it did not get there. */
bool notify_send(const struct notify *n, const char *fmt, ...) LOG_PRINTF(2, 3);

#endif
