/* SPDX-License-Identifier: MIT */
/*
 * Rings that the program no longer fills, because their number, size or layout
 * changed, and that may still hold records. Their pins wait in a folder of their
 * own until a daemon has drained them, however often it is interrupted.
 */
#ifndef CAPTURE_RETIRED_H
#define CAPTURE_RETIRED_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "capture/layouts.h"

/* Maximum number of retired rings. */
#define RETIRED_MAX (2 * METLO_RINGS_MAX)

struct retired_ring {
	char pin[48];
	int fd;
	size_t size;
	const struct layout *layout;
};

/* Rings in the order in which to drain them. */
struct retired {
	int folder; /* negative: there is none */
	unsigned int n;
	struct retired_ring ring[RETIRED_MAX];
};

/* Moves the pins of all rings whose names start with prefix ("ring-", or "old-"
 * as 0.1.0 called retired ones) out of the interface's folder of a layout. They
 * are drained after those retired before, and the last slot first. 0, or a
 * negative errno after logging it. */
int retired_add(const char *iface, int version, const char *prefix,
		const struct log *log);

/* Opens the rings; all but the folder are closed by retired_close(). 0, or a
 * negative errno after logging it: -E2BIG too many, -EPROTO of a layout that
 * this version does not know. */
int retired_open(struct retired *r, const char *iface, const struct log *log);
void retired_close(struct retired *r);

#endif
