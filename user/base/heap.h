/* SPDX-License-Identifier: MIT */
/*
 * Gives memory that free() keeps back to the kernel. glibc returns only the top
 * of a heap: after a burst, one small block that lives on keeps megabytes below
 * it resident, in each thread's arena, and over months every burst adds to that.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdint.h>

/* Call before any thread is started: fixes from which size on blocks are mapped,
 * and how much free memory a heap keeps at its top. glibc raises both each time
 * a larger mapped block is freed, up to 32 and 64 MiB, and heap_trim() cannot reach
 * the top of a thread's heap: what a daemon holds would follow the largest block
 * it ever freed. */
void heap_bound(void);

struct heap_trimmer {
	uint64_t last_ns;
};

/* Call about once a second with CLOCK_MONOTONIC: once a minute, returns the
 * pages of all heaps that hold no block. A thread that allocates meanwhile waits
 * until its heap has been walked, well below a millisecond per 10,000 free
 * blocks. Does nothing with C libraries that cannot. */
void heap_trim(struct heap_trimmer *t, uint64_t now_ns);

#endif
