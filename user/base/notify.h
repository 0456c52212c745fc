/* SPDX-License-Identifier: MIT */
/*
 * Notifies the service manager by the protocol of sd_notify(3): datagrams of
 * "NAME=value" lines to the socket that NOTIFY_SOCKET names. Without a service
 * manager every call does nothing.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

struct notify {
	int fd;		      /* -1: no service manager */
	uint64_t watchdog_ns; /* keep-alive interval it expects; 0: none */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and connects while the
 * process still has its privileges. Problems are logged as warnings and not
 * returned: the service manager reports a service that does not notify it. */
void notify_open(struct notify *n, const struct log *log);
void notify_close(struct notify *n);

/* Sends one datagram of lines separated by '\n'. Blocks for at most a second if
 * the service manager does not read. 0 or a negative errno: -ENOTCONN without a
 * service manager. */
int notify_send(const struct notify *n, const char *fmt, ...) LOG_PRINTF(2, 3);

#endif
