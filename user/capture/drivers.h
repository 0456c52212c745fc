/* SPDX-License-Identifier: MIT */
/*
 * What drivers ask of an interface before they take an XDP program, and the
 * refusals of the kernel put into words. Pure: works on what it is given.
 */
#ifndef CAPTURE_DRIVERS_H
#define CAPTURE_DRIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/netdev.h"

struct driver_limits {
	const char *driver; /* as in ETHTOOL_GDRVINFO */
	uint32_t max_mtu;   /* with a program that wants linear packets */
	bool frags;	    /* takes programs for multi-buffer packets, which
			     * have no such limit */
	bool half_queues;   /* XDP needs as many queues again for sending */
};

/* NULL: nothing is known about the driver. */
const struct driver_limits *driver_limits(const char *driver);

/* Which program is in the way, and how to remove it; always terminated. */
void drivers_other_program(const struct netdev *d, char *out, size_t size);

/* A refused attachment in native mode. */
struct refusal {
	const struct netdev *dev;
	int error;	    /* positive errno of the attempt */
	const char *extack; /* the kernel's words, empty if none */
	bool frags;	    /* the program was loaded for multi-buffer */
};

/* "why: what to do", without the newline; always terminated. */
void refusal_explain(const struct refusal *r, char *out, size_t size);

#endif
