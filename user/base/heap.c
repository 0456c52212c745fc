/* SPDX-License-Identifier: MIT */
/* malloc_trim(3), which covers all arenas and the middle of heaps since glibc
 * 2.8. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/heap.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define TRIM_NS (60 * NSEC_PER_SEC)
/* Above the blocks of the steady state, which are not worth a system call. */
#define MAPPED_MIN (256 << 10)
#define TOP_MAX	   (512 << 10)

void heap_bound(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, MAPPED_MIN);
	mallopt(M_TRIM_THRESHOLD, TOP_MAX);
#endif
}

void heap_trim(struct heap_trimmer *t, uint64_t now_ns)
{
	if (now_ns - t->last_ns < TRIM_NS)
		return;
	t->last_ns = now_ns;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
