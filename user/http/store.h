/* SPDX-License-Identifier: MIT */
/*
 * Memory of one engine: blocks of a few sizes, kept on free lists, so that
 * the steady path does not call malloc; a hard limit on all of them together.
 */
#ifndef HTTP_STORE_H
#define HTTP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_CLASSES 25 /* 64 B to 256 KiB in steps of 2 and 1.5 */

struct store_free {
	struct store_free *next;
};

struct store {
	uint64_t limit;
	uint64_t used;	 /* in blocks handed out */
	uint64_t cached; /* in free lists; used + cached <= limit */
	struct store_free *free[STORE_CLASSES];
};

void store_init(struct store *s, uint64_t limit);
/* Frees the free lists: everything must have been given back. */
void store_destroy(struct store *s);

/* At least size bytes, aligned for any type; *cap is what can be used. NULL
 * when the limit or the machine does not allow it. */
void *store_alloc(struct store *s, size_t size, size_t *cap);
/* cap as told by store_alloc(). p may be NULL. */
void store_free(struct store *s, void *p, size_t cap);

/* Memory that others allocate for us (decoders). False: no room. */
bool store_charge(struct store *s, size_t n);
void store_uncharge(struct store *s, size_t n);

#endif
