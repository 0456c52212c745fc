/* SPDX-License-Identifier: MIT */
/* Slab allocator: a bump pointer per chunk and a free list through the objects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "stream/slab.h"

int slab_init(struct slab *s, void *owner, uint32_t max)
{
	/* The header takes the place of one object per chunk. */
	uint64_t chunks = (uint64_t)max / (SLAB_PER - 1) + 1;

	*s = (struct slab){.owner = owner};
	if (chunks > UINT32_MAX / SLAB_PER)
		return -ENOMEM;
	s->chunks = calloc(chunks, sizeof(*s->chunks));
	if (!s->chunks)
		return -ENOMEM;
	s->max_chunks = chunks;
	return 0;
}

void slab_destroy(struct slab *s)
{
	for (uint32_t i = 0; i < s->n_chunks; i++)
		pages_free(s->chunks[i], SLAB_CHUNK);
	free(s->chunks);
	*s = (struct slab){0};
}

static int slab_grow(struct slab *s)
{
	uint8_t *chunk;

	if (s->n_chunks == s->max_chunks)
		return -ENOMEM;
	/* Only later chunks ask for huge pages: a small table must not cost
	 * 2 MiB. */
	chunk = pages_new(SLAB_CHUNK, s->n_chunks > 0);
	if (!chunk)
		return -ENOMEM;
	*(struct slab_header *)chunk =
		(struct slab_header){s->owner, s->n_chunks};
	s->unused = s->n_chunks * SLAB_PER + 1;
	s->chunks[s->n_chunks++] = chunk;
	return 0;
}

uint32_t slab_alloc(struct slab *s)
{
	uint32_t index = s->free;

	if (index) {
		memcpy(&s->free, slab_at(s, index), sizeof(s->free));
		memset(slab_at(s, index), 0, SLAB_OBJECT);
	} else {
		if (s->unused % SLAB_PER == 0 && slab_grow(s))
			return 0;
		index = s->unused++;
	}
	s->in_use++;
	return index;
}

void slab_release(struct slab *s, uint32_t index)
{
	memcpy(slab_at(s, index), &s->free, sizeof(s->free));
	s->free = index;
	s->in_use--;
}
