/* SPDX-License-Identifier: MIT */
/*
 * The set of rings of one interface: made, found again after a restart, or
 * exchanged for others when their number or size is to change. No record is
 * lost in any of these.
 */
#ifndef CAPTURE_RINGS_H
#define CAPTURE_RINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "capture/ring.h"

/* Rings that were replaced and still have records. */
#define RINGS_OLD_MAX (2 * METLO_RINGS_MAX)

struct rings {
	unsigned int n;
	struct ring ring[METLO_RINGS_MAX];
	/* To be consumed before the others, in this order, by one thread that
	 * hands each record to the worker hash & (n - 1). */
	unsigned int n_old;
	struct ring old[RINGS_OLD_MAX];
	char old_pin[RINGS_OLD_MAX][32];
};

struct rings_conf {
	const char *iface;
	int outer_fd;	/* metlo_rings */
	unsigned int n; /* a power of two */
	size_t size;	/* of each; a power of two and of whole pages */
	uint32_t *mask; /* metlo_config.ring_mask, mapped: the program sees
			 * it change at once */
	const struct log *log;
};

/* 0, or a negative errno after having logged why. */
int rings_open(struct rings *r, const struct rings_conf *conf);

/* Forgets the old rings: from here on they live in this process alone. To be
 * done with the privileges of rings_open(). */
void rings_unpin_old(const struct rings *r, const char *iface);
/* They are empty now. */
void rings_close_old(struct rings *r);

void rings_close(struct rings *r);

/* Sizes and fill of the pinned rings, for status: how many there are, or a
 * negative errno. */
int rings_peek(const char *iface, size_t *size, size_t *waiting);

#endif
