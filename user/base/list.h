/* SPDX-License-Identifier: MIT */
/*
 * Counted arrays. A list is any struct with the members items and n; it is
 * declared as
 *
 *	struct subnets LIST_OF(struct subnet);
 *
 * and visited with
 *
 *	FOREACH(s, &subnets)
 *		printf("%s\n", s->id);
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stddef.h>

/* The body of a list struct. Zero-initialised is empty. */
#define LIST_OF(type)        \
	{                    \
		type *items; \
		size_t n;    \
	}

/*
 * Visits the items of a list in order through the pointer item, which is
 * declared for the loop only. The body may change items, break and continue,
 * but must not add or remove items. The list expression is evaluated more than
 * once. An empty list may have items NULL; comparing distances avoids NULL + 0,
 * which is undefined in C.
 */
#define FOREACH(item, list)                                    \
	for (__typeof__(*(list)->items) *item = (list)->items; \
	     item && (size_t)(item - (list)->items) < (list)->n; item++)

/* The position of an item that FOREACH visits. */
#define LIST_INDEX(item, list) ((size_t)((item) - (list)->items))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
