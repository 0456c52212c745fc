/* SPDX-License-Identifier: MIT */
/*
 * Memory that is freed all at once: a plan consists of many small strings and
 * lists with the same lifetime. Zero initialisation yields a valid, empty
 * arena. A failed allocation sets the sticky flag failed; the contents are then
 * incomplete, so a builder checks the flag once, at the end.
 */
#ifndef MODEL_ARENA_H
#define MODEL_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	bool failed;
};

/* n zeroed bytes with maximum alignment, or NULL. */
void *arena_alloc(struct arena *a, size_t n);

/* Copies of strings. NULL is copied as "". Never NULL: "" if memory ran out. */
const char *arena_dup(struct arena *a, const char *s);
const char *arena_dup_n(struct arena *a, const char *s, size_t n);
const char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Returns a list of n items of this size with a zeroed slot appended, possibly
 * moved. NULL if memory ran out; the list is then unchanged. */
void *arena_grow(struct arena *a, void *items, size_t n, size_t size);

/* Appends a zeroed item to a list {items, n}. Returns its address, or NULL. */
#define ARENA_ADD(a, list)                                                    \
	({                                                                    \
		__typeof__((list)->items) grown_ = arena_grow(                \
			a, (list)->items, (list)->n, sizeof(*(list)->items)); \
		if (grown_)                                                   \
			(list)->items = grown_;                               \
		grown_ ? &(list)->items[(list)->n++] : NULL;                  \
	})

void arena_free(struct arena *a);

/* A list of strings; the place that declares one states who owns them. */
struct str_list LIST_OF(const char *);

bool str_list_has(const struct str_list *l, const char *s);

/* Adds a copy unless the list already contains an equal string. */
void str_list_add(struct arena *a, struct str_list *l, const char *s);

/* "a, b and c"; beyond max names, "and N more". */
const char *str_list_text(struct arena *a, const struct str_list *l,
			  size_t max);

/* Whether two strings are equal; NULL equals "". */
bool str_same(const char *a, const char *b);
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}

#endif
