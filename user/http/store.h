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

#define STORE_CLASSES 25 /* 64 B to 256 KiB: 64 << k and 96 << k */

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

/* Frees half of the blocks of each class that were not needed since the last
 * call, at most a few hundred; the rest follows with the next calls. */
void store_decay(struct store *s);

/* Counts memory that libraries allocate for us. False: the limit is reached. */
bool store_charge(struct store *s, size_t n);
void store_uncharge(struct store *s, size_t n);

#endif
