/* SPDX-License-Identifier: MIT */
/* The per-VNI counters: the sum of metlo_vni and of what each CPU still holds
 * in metlo_vni_cpu. */
#ifndef CAPTURE_VNI_H
#define CAPTURE_VNI_H

#include <stdint.h>
#include <linux/types.h>

#include "metlo_record.h"

typedef void (*vni_fn)(void *ctx, uint32_t vni,
		       const struct metlo_vni_stats *s);

/*
 * Calls fn for each VNI in ascending order. vni_fd and cpu_fd are the maps of
 * these names. 0 or -errno. Exact also while packets flow, as far as several
 * CPUs can be read at one moment: nothing is counted twice or left out.
 */
int vni_read(int vni_fd, int cpu_fd, vni_fn fn, void *ctx);

#endif
