/* SPDX-License-Identifier: MIT */
/*
 * Memory of one engine: blocks of a few size classes with free lists, so that
 * the steady state calls malloc() rarely, under one hard limit. Blocks that a
 * burst has left behind are freed over time: without that, the free lists would
 * hold the largest number of blocks that each class ever needed.
 */
#ifndef HTTP_STORE_H
#define HTTP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_CLASSES	25 /* 64 B to 256 KiB: 64 << k and 96 << k */
#define STORE_CLASS_MIN 64u

struct store_free {
	struct store_free *next;
};

struct store_list {
	struct store_free *first;
	uint32_t n;
	uint32_t idle; /* the least n since the last store_decay() */
};

struct store {
	uint64_t limit;
	uint64_t used;	 /* bytes in use */
	uint64_t cached; /* bytes on free lists; used + cached <= limit */
	struct store_list free[STORE_CLASSES];
};

void store_init(struct store *s, uint64_t limit);
/* Every block must have been freed before. */
void store_destroy(struct store *s);

/* At least size bytes, aligned for any type; *cap is the usable size. NULL at
 * the limit or if malloc() fails. */
void *store_alloc(struct store *s, size_t size, size_t *cap);
/* cap: as store_alloc() set it. p may be NULL. */
void store_free(struct store *s, void *p, size_t cap);

/* Even classes are 64 << k, odd ones half as much again. */
static inline size_t store_class_size(unsigned int c)
{
	return (size_t)(c & 1 ? STORE_CLASS_MIN / 2 * 3 : STORE_CLASS_MIN)
	       << (c / 2);
}

/* The smallest class that fits; STORE_CLASSES if none does. */
static inline unsigned int store_class_of(size_t size)
{
	size_t last = size > STORE_CLASS_MIN ? size - 1 : STORE_CLASS_MIN - 1;
	unsigned int k = 63u - (unsigned int)__builtin_clzll(last), c;

	/* 2^k <= last < 2^(k+1). Its upper two bits are 2 if size fits into half
	 * as much again as 2^k, else 3. For the smallest class k is 5. */
	c = 2 * (k - 5) - 3 + (unsigned int)(last >> (k - 1));
	return c < STORE_CLASSES ? c : STORE_CLASSES;
}

/* Takes a block of class c, whose list is not empty, from the cache. */
static inline void *store_take(struct store *s, unsigned int c)
{
	struct store_list *l = &s->free[c];
	struct store_free *f = l->first;

	l->first = f->next;
	l->n--;
	if (l->n < l->idle)
		l->idle = l->n;
	s->cached -= store_class_size(c);
	return f;
}

/* Caches a block of class c. False: too many are; the caller frees it. */
static inline bool store_cache(struct store *s, void *p, unsigned int c)
{
	size_t n = store_class_size(c);
	struct store_free *f = p;

	/* Cache at most a quarter of the limit, so that blocks of a rare size
	 * do not use it up. */
	if (s->cached + n > s->limit / 4)
		return false;
	f->next = s->free[c].first;
	s->free[c].first = f;
	s->free[c].n++;
	s->cached += n;
	return true;
}

/* Allocates a block of exactly n bytes; NULL as for store_alloc(). */
void *store_grow(struct store *s, size_t n);

/* store_alloc() and store_free() for a size that is a constant of at most
 * 256 KiB: the compiler finds the class. */
__attribute__((always_inline)) static inline void *store_new(struct store *s,
							     size_t size)
{
	const unsigned int c = store_class_of(size);

	if (!s->free[c].first)
		return store_grow(s, store_class_size(c));
	s->used += store_class_size(c);
	return store_take(s, c);
}

__attribute__((always_inline)) static inline void
store_delete(struct store *s, void *p, size_t size)
{
	const unsigned int c = store_class_of(size);

	if (store_cache(s, p, c))
		s->used -= store_class_size(c);
	else
		store_free(s, p, store_class_size(c));
}

/* Frees half of the blocks of each class that were not needed since the last
 * call, at most a few hundred; the rest follows with the next calls. */
void store_decay(struct store *s);

/* Counts memory that libraries allocate for us. False: the limit is reached. */
bool store_charge(struct store *s, size_t n);
void store_uncharge(struct store *s, size_t n);

#endif
