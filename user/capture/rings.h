/* SPDX-License-Identifier: MIT */
/*
 * The rings of one interface: created, reopened after a restart, or replaced if
 * their number or size changes. None of these loses a record.
 */
#ifndef CAPTURE_RINGS_H
#define CAPTURE_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "capture/ring.h"

/* Maximum number of replaced rings that still have records. */
#define RINGS_OLD_MAX (2 * METLO_RINGS_MAX)

struct rings {
	unsigned int n;
	struct ring ring[METLO_RINGS_MAX];
	/* Drain these before the others and in this order, with one thread that
	 * passes each record to worker hash & (n - 1). */
	unsigned int n_old;
	struct ring old[RINGS_OLD_MAX];
	char old_pin[RINGS_OLD_MAX][32];
};

struct rings_conf {
	const char *iface;
	int outer_fd;	/* metlo_rings */
	unsigned int n; /* a power of two */
	size_t size;	/* of each; a power of two of whole pages */
	uint32_t *mask; /* metlo_config.ring_mask, mapped: changes take
			 * effect immediately */
	bool adopt;	/* without privileges: fail instead of replacing them */
	const struct log *log;
};

/* Opens the pinned rings, or creates or replaces them to match conf. 0, or a
 * negative errno after logging why. */
int rings_open(struct rings *r, const struct rings_conf *conf);

/* Removes the pins of the old rings, which this process keeps open until
 * rings_close_old(). Needs the privileges of rings_open(). */
void rings_unpin_old(const struct rings *r, const char *iface);
/* Closes the old rings once they are drained. */
void rings_close_old(struct rings *r);

void rings_close(struct rings *r);

/* Reads the size of each pinned ring and the bytes waiting in all of them.
 * Returns the number of rings, or a negative errno. */
int rings_peek(const char *iface, size_t *size, size_t *waiting);

#endif
