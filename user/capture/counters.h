/* SPDX-License-Identifier: MIT */
/* Reads the counters of the XDP program. Needs no privileges, given open file
 * descriptors. */
#ifndef CAPTURE_COUNTERS_H
#define CAPTURE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "capture/maps.h"
#include "metlo_record.h"

/* Sums the map metlo_stats over all CPUs. 0 or a negative errno. */
int counters_read(int stats_fd, struct metlo_stats *sum);

/* The same for all counters in m: those of its program, of whatever layout, and
 * those adopted from programs of earlier layouts. */
int counters_read_all(const struct maps *m, struct metlo_stats *sum);

struct counters_vni {
	uint32_t vni;
	struct metlo_vni_stats stats;
};

/* Sums metlo_vni and metlo_vni_cpu over all CPUs, sorted by VNI; the caller
 * frees *vnis. 0 or a negative errno. */
int counters_read_vnis(int vni_fd, int vni_cpu_fd, struct counters_vni **vnis,
		       size_t *n);

#endif
