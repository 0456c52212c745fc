/* SPDX-License-Identifier: MIT */
/* A bump allocator over a list of zeroed blocks, and growing lists inside
 * it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"
#include "base/list.h"

#define BLOCK_SIZE  4096
#define FIRST_ITEMS 8

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) uint8_t bytes[];
};

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	size_t size;
	void *p;

	if (n > SIZE_MAX / 2) {
		a->failed = true;
		return NULL;
	}
	n = (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (!b || b->size - b->used < n) {
		size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
		b = calloc(1, sizeof(*b) + size);
		if (!b) {
			a->failed = true;
			return NULL;
		}
		b->size = size;
		b->next = a->blocks;
		a->blocks = b;
	}
	p = b->bytes + b->used;
	b->used += n;
	return p;
}

const char *arena_dup_n(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (!p)
		return "";
	if (n)
		memcpy(p, s, n);
	return p;
}

const char *arena_dup(struct arena *a, const char *s)
{
	return arena_dup_n(a, s, s ? strlen(s) : 0);
}

const char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		a->failed = true;
		return "";
	}
	p = arena_alloc(a, (size_t)n + 1);
	if (!p)
		return "";
	vsnprintf(p, (size_t)n + 1, fmt, args);
	return p;
}

const char *arena_printf(struct arena *a, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = arena_vprintf(a, fmt, args);
	va_end(args);
	return text;
}

/* Lists have capacity FIRST_ITEMS, then the next power of two, so the length
 * alone tells whether one is full. The new slot must be cleared: a list that
 * shrank still has old items past its end. */
void *arena_grow(struct arena *a, void *items, size_t n, size_t size)
{
	void *to;

	if (n && (n < FIRST_ITEMS || (n & (n - 1)))) {
		memset((uint8_t *)items + n * size, 0, size);
		return items;
	}
	if (n > SIZE_MAX / 4 / size) {
		a->failed = true;
		return NULL;
	}
	to = arena_alloc(a, (n ? 2 * n : FIRST_ITEMS) * size);
	if (to && n)
		memcpy(to, items, n * size);
	return to;
}

void arena_free(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){0};
}

bool str_list_has(const struct str_list *l, const char *s)
{
	FOREACH(item, l)
		if (!strcmp(*item, s))
			return true;
	return false;
}

void str_list_add(struct arena *a, struct str_list *l, const char *s)
{
	const char **item;

	if (str_list_has(l, s))
		return;
	item = ARENA_ADD(a, l);
	if (item)
		*item = arena_dup(a, s);
}

const char *str_list_text(struct arena *a, const struct str_list *l, size_t max)
{
	size_t n = l->n > max ? max : l->n;
	const char *text = "";

	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == l->n;

		text = arena_printf(a, "%s%s%s", text,
				    !i	   ? ""
				    : last ? " and "
					   : ", ",
				    l->items[i]);
	}
	if (n < l->n)
		text = arena_printf(a, "%s and %zu more", text, l->n - n);
	return text;
}

bool str_same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}
