/* SPDX-License-Identifier: MIT */
/*
 * Objects of SLAB_OBJECT bytes, named by 32-bit index (0 = none). Grows by
 * aligned chunks, so that an object leads back to the owner of its slab, and
 * memory is touched only as objects come into use.
 */
#ifndef STREAM_SLAB_H
#define STREAM_SLAB_H

#include <stdint.h>

#include "base/pages.h"

#define SLAB_OBJECT 128u
#define SLAB_CHUNK  PAGES_HUGE
#define SLAB_PER    (SLAB_CHUNK / SLAB_OBJECT)

/* In place of the first object of a chunk. */
struct slab_header {
	void *owner;
	uint32_t number; /* of the chunk */
};

struct slab {
	void *owner;
	uint8_t **chunks;
	uint32_t n_chunks, max_chunks;
	uint32_t unused; /* index never handed out so far */
	uint32_t free;	 /* list through the first word of freed objects */
	uint32_t in_use;
};

/* 0 or -ENOMEM. At least max objects fit. */
int slab_init(struct slab *s, void *owner, uint32_t max);
void slab_destroy(struct slab *s);

/* A zeroed object, or 0: out of memory or more than max. */
uint32_t slab_alloc(struct slab *s);
void slab_release(struct slab *s, uint32_t index);

static inline void *slab_at(const struct slab *s, uint32_t index)
{
	return s->chunks[index / SLAB_PER] +
	       (uint64_t)(index % SLAB_PER) * SLAB_OBJECT;
}

static inline const struct slab_header *slab_header(const void *object)
{
	return (const void *)((uintptr_t)object & ~(uintptr_t)(SLAB_CHUNK - 1));
}

/* The index of object (from slab_at()). */
static inline uint32_t slab_index(const void *object)
{
	const struct slab_header *h = slab_header(object);

	return h->number * SLAB_PER +
	       (uint32_t)(((uintptr_t)object - (uintptr_t)h) / SLAB_OBJECT);
}

/* The owner of the slab that object (from slab_at()) lies in. */
static inline void *slab_owner(const void *object)
{
	return slab_header(object)->owner;
}

#endif
