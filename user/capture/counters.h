/* SPDX-License-Identifier: MIT */
/* Reads the counters of the XDP program. Works without privileges on fds that
 * are open. */
#ifndef CAPTURE_COUNTERS_H
#define CAPTURE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "metlo_record.h"

/* The sum over all CPUs of the map metlo_stats. 0 or a negative errno. */
int counters_read(int stats_fd, struct metlo_stats *sum);

struct counters_vni {
	uint32_t vni;
	struct metlo_vni_stats stats;
};

/* The sums of metlo_vni and metlo_vni_cpu, by VNI; *vnis is to be freed by
 * the caller. 0 or a negative errno. */
int counters_read_vnis(int vni_fd, int vni_cpu_fd, struct counters_vni **vnis,
		       size_t *n);

#endif
