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

/* Calls fn for each VNI in the map metlo_vni; the table may change meanwhile,
 * at most max are reported. 0 or a negative errno. */
int counters_each_vni(int vni_fd, size_t max,
		      void (*fn)(void *ctx, uint32_t vni,
				 const struct metlo_vni_stats *s),
		      void *ctx);

#endif
