/* SPDX-License-Identifier: MIT */
/* Size classes and free lists. A free block stays cached while the limit has
 * room for it; allocation evicts the largest cached blocks first. */
#include "http/store.h"

#include <stdlib.h>
#include <string.h>

#define CLASS_MIN 64u
/* Blocks of a class that one store_decay() frees: it runs on the packet path. */
#define DECAY_MAX 64u

void store_init(struct store *s, uint64_t limit)
{
	memset(s, 0, sizeof(*s));
	s->limit = limit;
}

/* Even classes are 64 << k, odd ones half as much again. */
static size_t class_size(unsigned int c)
{
	return (size_t)(c & 1 ? CLASS_MIN / 2 * 3 : CLASS_MIN) << (c / 2);
}

/* The smallest class that fits; STORE_CLASSES if none does. */
static unsigned int class_of(size_t size)
{
	size_t last = size > CLASS_MIN ? size - 1 : CLASS_MIN - 1;
	unsigned int k = 63u - (unsigned int)__builtin_clzll(last), c;

	/* 2^k <= last < 2^(k+1). Its upper two bits are 2 if size fits into half
	 * as much again as 2^k, else 3. For the smallest class k is 5. */
	c = 2 * (k - 5) - 3 + (unsigned int)(last >> (k - 1));
	return c < STORE_CLASSES ? c : STORE_CLASSES;
}

static void *take(struct store *s, unsigned int c)
{
	struct store_list *l = &s->free[c];
	struct store_free *f = l->first;

	l->first = f->next;
	l->n--;
	if (l->n < l->idle)
		l->idle = l->n;
	s->cached -= class_size(c);
	return f;
}

/* Frees cached blocks, the largest first, until need bytes fit. */
static bool make_room(struct store *s, size_t need)
{
	if (s->used + need > s->limit)
		return false;
	for (unsigned int c = STORE_CLASSES; c-- > 0;) {
		while (s->used + s->cached + need > s->limit &&
		       s->free[c].first)
			free(take(s, c));
	}
	return true;
}

void *store_alloc(struct store *s, size_t size, size_t *cap)
{
	unsigned int c = class_of(size);
	size_t n = size;
	void *p;

	if (c < STORE_CLASSES) {
		n = class_size(c);
		if (s->free[c].first) {
			s->used += n;
			*cap = n;
			return take(s, c);
		}
	}
	if (n < size ||
	    (s->used + s->cached + n > s->limit && !make_room(s, n)))
		return NULL;
	p = malloc(n);
	if (!p)
		return NULL;
	s->used += n;
	*cap = n;
	return p;
}

void store_free(struct store *s, void *p, size_t cap)
{
	unsigned int c;
	struct store_free *f = p;

	if (!p)
		return;
	s->used -= cap;
	c = class_of(cap);
	/* Cache at most a quarter of the limit, so that blocks of a rare size
	 * do not use it up. */
	if (c == STORE_CLASSES || s->cached + cap > s->limit / 4) {
		free(p);
		return;
	}
	f->next = s->free[c].first;
	s->free[c].first = f;
	s->free[c].n++;
	s->cached += cap;
}

void store_decay(struct store *s)
{
	for (unsigned int c = 0; c < STORE_CLASSES; c++) {
		struct store_list *l = &s->free[c];
		uint32_t n = l->idle - l->idle / 2;

		if (n > DECAY_MAX)
			n = DECAY_MAX;
		while (n--)
			free(take(s, c));
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
			free(take(s, c));
}
