/* SPDX-License-Identifier: MIT */
/* Numbers VNIs in the order in which they are first seen, up to a limit. */
#ifndef RUN_VNI_INDEX_H
#define RUN_VNI_INDEX_H

#include <stdbool.h>
#include <stdint.h>

/* VNIs that are told apart; those beyond share number 0. */
#define VNI_INDEX_MAX 16383u

/* One thread adds; others may read n, then vni[1] to vni[n]. */
struct vni_index {
	uint32_t n;
	uint32_t *vni;	/* by number */
	uint16_t *slot; /* open addressing: numbers, 0 is empty */
};

/* False: out of memory. */
bool vni_index_init(struct vni_index *x);
void vni_index_free(struct vni_index *x);

/* The number of a VNI; adds it if it is new. 0: there are too many. */
uint32_t vni_index_add(struct vni_index *x, uint32_t vni);

/* How many VNIs there are, for other threads. */
uint32_t vni_index_count(const struct vni_index *x);

#endif
