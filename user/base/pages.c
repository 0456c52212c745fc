/* SPDX-License-Identifier: MIT */
/* Anonymous mappings aligned to huge pages: maps a huge page more than needed
 * and unmaps the excess at both ends. */
#include <stdint.h>
#include <sys/mman.h>

#include "base/pages.h"

void *pages_new(size_t size, bool huge)
{
	size_t extra = size >= PAGES_HUGE ? PAGES_HUGE : 0;
	size_t front;
	uint8_t *p;

	if (size > SIZE_MAX - PAGES_HUGE)
		return NULL;
	p = mmap(NULL, size + extra, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (!extra)
		return p;
	front = -(uintptr_t)p % PAGES_HUGE;
	if (front)
		munmap(p, front);
	p += front;
	/* size need not be a multiple of the page size; munmap() would round
	 * the length up and its start must be aligned */
	if (extra - front)
		munmap((void *)(((uintptr_t)p + size + 4095) &
				~(uintptr_t)4095),
		       extra - front);
	if (huge)
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

void pages_free(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}
