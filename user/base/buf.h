/* SPDX-License-Identifier: MIT */
/* A growable byte buffer. All zeros is a valid, empty buffer. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	uint8_t *p;
	size_t len, cap;
	bool failed; /* an allocation failed: the contents are incomplete */
};

/* Makes room for n more bytes and returns p + len. On failure returns NULL and
 * sets failed. */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_free(struct buf *b);
/* Clears a buffer, and frees it if it has grown beyond keep bytes: for buffers
 * that live as long as the process and once held something huge. */
void buf_give_back(struct buf *b, size_t keep);

static inline void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	uint8_t *to;

	if (!n)
		return;
	to = b->cap - b->len >= n ? b->p + b->len : buf_reserve(b, n);
	if (!to)
		return;
	memcpy(to, p, n);
	b->len += n;
}

static inline void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

#endif
