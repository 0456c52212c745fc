/* SPDX-License-Identifier: MIT */
/*
 * Allocator of SLAB_OBJECT-byte objects addressed by 32-bit index (0 = none).
 * Indices halve the size of links, and chunks aligned to their own size lead
 * from an object back to the owner of its slab. Memory is touched only when an
 * object is first used, and returned only by slab_destroy().
 */
#ifndef STREAM_SLAB_H
#define STREAM_SLAB_H

#include <stdint.h>

#include "base/pages.h"

#define SLAB_OBJECT 128u
#define SLAB_CHUNK  PAGES_HUGE
#define SLAB_PER    (SLAB_CHUNK / SLAB_OBJECT)

/* Occupies the first object of each chunk. */
struct slab_header {
	void *owner;
	uint32_t number; /* index of the chunk */
};

struct slab {
	void *owner;
	uint8_t **chunks;
	uint32_t n_chunks, max_chunks;
	uint32_t unused; /* lowest index never allocated */
	uint32_t free;	 /* free list, linked through the first word */
	uint32_t in_use;
};

/* Reserves indices for at least max objects. 0 or -ENOMEM. */
int slab_init(struct slab *s, void *owner, uint32_t max);
void slab_destroy(struct slab *s);

/* All indices are below this. */
static inline uint32_t slab_indices(const struct slab *s)
{
	return s->max_chunks * SLAB_PER;
}

/* Index of a zeroed object, or 0: out of memory or of indices. */
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

/* Index of an object, the inverse of slab_at(). */
static inline uint32_t slab_index(const void *object)
{
	const struct slab_header *h = slab_header(object);

	return h->number * SLAB_PER +
	       (uint32_t)(((uintptr_t)object - (uintptr_t)h) / SLAB_OBJECT);
}

/* Owner of the slab that the object belongs to. */
static inline void *slab_owner(const void *object)
{
	return slab_header(object)->owner;
}

#endif
