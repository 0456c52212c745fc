/* SPDX-License-Identifier: MIT */
/*
 * A hash table that is never more than half full and never shrinks: other threads
 * read the list of VNIs without a lock.
 */
#include <stdlib.h>

#include "run/vni_index.h"

#define SLOT_BITS 15u
#define SLOTS	  (1u << SLOT_BITS)

_Static_assert(VNI_INDEX_MAX < SLOTS / 2 && VNI_INDEX_MAX <= UINT16_MAX,
	       "numbers fit into slots, of which half stay empty");

bool vni_index_init(struct vni_index *x)
{
	x->n = 0;
	x->vni = calloc(VNI_INDEX_MAX + 1, sizeof(*x->vni));
	x->slot = calloc(SLOTS, sizeof(*x->slot));
	return x->vni && x->slot;
}

void vni_index_free(struct vni_index *x)
{
	free(x->vni);
	free(x->slot);
	*x = (struct vni_index){0};
}

uint32_t vni_index_add(struct vni_index *x, uint32_t vni)
{
	uint32_t at = vni * 2654435761u >> (32 - SLOT_BITS);
	uint32_t number;

	for (; (number = x->slot[at]); at = (at + 1) % SLOTS)
		if (x->vni[number] == vni)
			return number;
	if (x->n == VNI_INDEX_MAX)
		return 0;
	number = x->n + 1;
	x->vni[number] = vni;
	x->slot[at] = (uint16_t)number;
	__atomic_store_n(&x->n, number, __ATOMIC_RELEASE);
	return number;
}

uint32_t vni_index_count(const struct vni_index *x)
{
	return __atomic_load_n(&x->n, __ATOMIC_ACQUIRE);
}
