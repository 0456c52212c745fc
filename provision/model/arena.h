/* SPDX-License-Identifier: MIT */
/*
 * Memory that is freed all at once: a plan is many small strings and lists that
 * live and die together. Zero-initialised is empty and valid. A failed
 * allocation sets failed, which stays set: what is in the arena is incomplete
 * then, and who builds something checks it once, at the end.
 */
#ifndef MODEL_ARENA_H
#define MODEL_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	bool failed;
};

/* n zeroed bytes, aligned for anything, or NULL. */
void *arena_alloc(struct arena *a, size_t n);

/* Copies; "" when memory ran out, never NULL. NULL is copied as "". */
const char *arena_dup(struct arena *a, const char *s);
const char *arena_dup_n(struct arena *a, const char *s, size_t n);
const char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/* The list of n items of that size with room for one more, which is zeroed; or
 * NULL, and the list stays as it was. */
void *arena_grow(struct arena *a, void *items, size_t n, size_t size);

/* A new last item of a list {items, n}: its address, or NULL. */
#define ARENA_ADD(a, list)                                                    \
	({                                                                    \
		__typeof__((list)->items) grown_ = arena_grow(                \
			a, (list)->items, (list)->n, sizeof(*(list)->items)); \
		if (grown_)                                                   \
			(list)->items = grown_;                               \
		grown_ ? &(list)->items[(list)->n++] : NULL;                  \
	})

void arena_free(struct arena *a);

/* A list of strings; who owns them is said where it is used. */
struct str_list {
	const char **items;
	size_t n;
};

bool str_list_has(const struct str_list *l, const char *s);

/* Adds a copy unless an equal string is there. */
void str_list_add(struct arena *a, struct str_list *l, const char *s);

/* "a, b and c"; at most max names, then "and N more". */
const char *str_list_text(struct arena *a, const struct str_list *l,
			  size_t max);

/* Equal strings; NULL and "" are the same. */
bool str_same(const char *a, const char *b);
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}

#endif
