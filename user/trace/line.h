/* SPDX-License-Identifier: MIT */
/*
 * One line of JSON being appended to a struct buf: a cursor that checks for
 * room once per item instead of once per byte. After a failed allocation
 * everything goes on harmlessly and failed is set.
 */
#ifndef TRACE_LINE_H
#define TRACE_LINE_H

#include "base/json.h"

/* Room for fixed text and numbers that is left behind every item. */
#define LINE_ROOM 512

struct line {
	struct buf *b;
	uint8_t *w, *end; /* cursor and end of the room in b */
	bool failed;
	enum json_invalid invalid;
	bool refused; /* a text that was tried turned out not to be UTF-8 */
	size_t text_start;
	bool base64; /* pieces are encoded so; what is left of a group of 3: */
	uint8_t carry[3];
	unsigned int n_carry;
};

/* Text that needs no escaping; the caller has made room. */
#define LINE_COPY(w, text) \
	((uint8_t *)memcpy(w, text, sizeof(text) - 1) + sizeof(text) - 1)
#define LINE_PUT(l, text) ((l)->w = LINE_COPY((l)->w, text))

/* false: out of memory, b->failed is set. */
bool line_begin(struct line *l, struct buf *b);

bool line_grow(struct line *l, size_t n);

/* Makes room for n bytes at l->w; false when there is no memory. Otherwise
 * l->w and l->end may have moved. */
static inline bool line_room(struct line *l, size_t n)
{
	return (size_t)(l->end - l->w) >= n || line_grow(l, n);
}

static inline void line_u64(struct line *l, uint64_t v)
{
	if (v < 10)
		*l->w++ = (uint8_t)('0' + v);
	else
		l->w = json_put_u64(l->w, v);
}

/* Escaped, with LINE_ROOM behind it unless n is 0. */
void line_text(struct line *l, const uint8_t *p, size_t n);

/* The same for text in larger memory, which may be read up to readable, from
 * l->w = w on. Returns the new l->w, which is set only where it is reported to
 * have grown: a cursor in a register is much of what this is for. */
static inline uint8_t *line_part(struct line *l, uint8_t *w, const uint8_t *p,
				 size_t n, const uint8_t *readable)
{
	if (n <= JSON_PLAIN_MAX &&
	    (uintptr_t)p + JSON_PLAIN_MAX <= (uintptr_t)readable &&
	    (size_t)(l->end - w) >= JSON_PLAIN_MAX + LINE_ROOM &&
	    json_copy_plain(w, p, n))
		return w + n;
	l->w = w;
	line_text(l, p, n);
	return l->w;
}

/*
 * A text in pieces that may prove not to be text:
 *	line_try_text(l); line_piece(...)...; if (line_is_text(l)) done;
 *	else the same pieces again, now as base64, and line_end_base64(l).
 */
void line_try_text(struct line *l);
void line_piece(void *line, const void *p, size_t n);
bool line_is_text(struct line *l);
void line_end_base64(struct line *l);

#endif
