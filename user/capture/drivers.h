/* SPDX-License-Identifier: MIT */
/*
 * What drivers require of an interface for native XDP, and explanations of the
 * kernel's refusals. Pure functions of their arguments.
 */
#ifndef CAPTURE_DRIVERS_H
#define CAPTURE_DRIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/netdev.h"

struct driver_limits {
	const char *driver; /* as in ETHTOOL_GDRVINFO */
	uint32_t max_mtu;   /* with a program that needs linear packets */
	bool frags;	    /* supports programs for multi-buffer packets, to
			     * which max_mtu does not apply */
	bool half_queues;   /* XDP needs an extra queue per queue in use */
};

/* NULL if nothing is known about the driver. */
const struct driver_limits *driver_limits(const char *driver);

/* Describes the XDP program that occupies the interface, and how to remove it.
 * The text is always NUL-terminated. */
void drivers_other_program(const struct netdev *d, char *out, size_t size);

/* A refused attachment in native mode. */
struct refusal {
	const struct netdev *dev;
	int error;	    /* positive errno of the attempt */
	const char *extack; /* the kernel's message, empty if none */
	bool frags;	    /* the program was loaded for multi-buffer */
};

/* Formats "why: what to do" without a newline; always NUL-terminated. */
void refusal_explain(const struct refusal *r, char *out, size_t size);

#endif
