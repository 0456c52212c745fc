/* SPDX-License-Identifier: MIT */
/* Size classes and free lists. A free block stays cached while the limit has
 * room for it; allocation evicts the largest cached blocks first. */
#include "http/store.h"

#include <stdlib.h>
#include <string.h>

/* Blocks of a class that one store_decay() frees: it runs on the packet path. */
#define DECAY_MAX 64u

void store_init(struct store *s, uint64_t limit)
{
	memset(s, 0, sizeof(*s));
	s->limit = limit;
}

/* Frees cached blocks, the largest first, until need bytes fit. */
static bool make_room(struct store *s, size_t need)
{
	if (s->used + need > s->limit)
		return false;
	for (unsigned int c = STORE_CLASSES; c-- > 0;) {
		while (s->used + s->cached + need > s->limit &&
		       s->free[c].first)
			free(store_take(s, c));
	}
	return true;
}

void *store_grow(struct store *s, size_t n)
{
	void *p;

	if (s->used + s->cached + n > s->limit && !make_room(s, n))
		return NULL;
	p = malloc(n);
	if (p)
		s->used += n;
	return p;
}

void *store_alloc(struct store *s, size_t size, size_t *cap)
{
	unsigned int c = store_class_of(size);
	size_t n = size;
	void *p;

	if (c < STORE_CLASSES) {
		n = store_class_size(c);
		if (s->free[c].first) {
			s->used += n;
			*cap = n;
			return store_take(s, c);
		}
	}
	p = n < size ? NULL : store_grow(s, n);
	if (p)
		*cap = n;
	return p;
}

void store_free(struct store *s, void *p, size_t cap)
{
	unsigned int c;

	if (!p)
		return;
	s->used -= cap;
	c = store_class_of(cap);
	if (c == STORE_CLASSES || !store_cache(s, p, c))
		free(p);
}

void store_decay(struct store *s)
{
	for (unsigned int c = 0; c < STORE_CLASSES; c++) {
		struct store_list *l = &s->free[c];
		uint32_t n = l->idle - l->idle / 2;

		if (n > DECAY_MAX)
			n = DECAY_MAX;
		while (n--)
			free(store_take(s, c));
		l->idle = l->n;
	}
}

bool store_charge(struct store *s, size_t n)
{
	if (s->used + s->cached + n > s->limit && !make_room(s, n))
		return false;
	s->used += n;
	return true;
}

void store_uncharge(struct store *s, size_t n)
{
	s->used -= n;
}

void store_destroy(struct store *s)
{
	for (unsigned int c = 0; c < STORE_CLASSES; c++)
		while (s->free[c].first)
			free(store_take(s, c));
}
