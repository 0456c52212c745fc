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
#include "capture/retired.h"
#include "capture/ring.h"

struct rings {
	unsigned int n;
	struct ring ring[METLO_RINGS_MAX];
	/* Drain these before the others and in this order, with one thread that
	 * passes each record to worker hash & (n - 1). */
	unsigned int n_old;
	struct ring old[RETIRED_MAX];
	char old_pin[RETIRED_MAX][48];
	int old_folder; /* of their pins; negative: none */
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

/* Opens the rings that were retired, by this start or an earlier one. 0, or a
 * negative errno after logging why. */
int rings_open_old(struct rings *r, const char *iface, const struct log *log);

/* Closes the old rings, and removes the pins of those that are drained. */
void rings_close_old(struct rings *r);

void rings_close(struct rings *r);

/* Reads the size of each ring that is pinned for a layout version, and the bytes
 * waiting in all of them and in the retired ones. Returns the number of rings, or
 * a negative errno. */
int rings_peek(const char *iface, int version, size_t *size, size_t *waiting);

#endif
