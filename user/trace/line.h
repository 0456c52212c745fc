/* SPDX-License-Identifier: MIT */
/*
 * Appends one line of JSON to a struct buf. The cursor checks for room once per
 * item instead of once per byte. After a failed allocation, failed is set and
 * all functions have no effect.
 */
#ifndef TRACE_LINE_H
#define TRACE_LINE_H

#include "base/json.h"

/* Every item leaves this much room for fixed text and numbers after it. */
#define LINE_ROOM 512

struct line {
	struct buf *b;
	uint8_t *w, *end; /* cursor and end of the room in b */
	bool failed;
	bool reject;   /* since line_begin_text(): text must be UTF-8 */
	bool not_utf8; /* it is not */
	bool latin1;   /* a text was written as ISO 8859-1 */
	size_t text_start;
	bool base64; /* line_write() encodes; the rest of a group of 3: */
	uint8_t carry[3];
	unsigned int n_carry;
};

/* Fixed text without characters to escape; there must be room. */
#define LINE_COPY(w, text) \
	((uint8_t *)memcpy(w, text, sizeof(text) - 1) + sizeof(text) - 1)
#define LINE_PUT(l, text) ((l)->w = LINE_COPY((l)->w, text))

/* false: out of memory; b->failed is set. */
bool line_begin(struct line *l, struct buf *b);

bool line_grow(struct line *l, size_t n);

/* Makes room for n bytes at l->w, which may move together with l->end. false: out
 * of memory. */
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

/* Addresses, IPv4 as ::ffff:a.b.c.d unless ipv6; there must be room. */
void line_address(struct line *l, const uint8_t addr[16], bool ipv6);
/* As the host of an authority (RFC 3986 section 3.2): IPv6 in brackets. */
void line_host(struct line *l, const uint8_t addr[16], bool ipv6);
void line_endpoint(struct line *l, const uint8_t addr[16], uint16_t port,
		   bool ipv6);

/*
 * Escapes text. If it is not UTF-8, all of its bytes become the characters of the
 * same number, as in ISO 8859-1, which HTTP's fields once had (RFC 9110 section
 * 5.5), and l->latin1 is set: no two texts become the same. Leaves LINE_ROOM after
 * it unless n is 0.
 */
void line_text(struct line *l, const uint8_t *p, size_t n);

/* The same for text with JSON_ESCAPE_ROOM() at w; returns the new cursor. */
uint8_t *line_escape(struct line *l, uint8_t *w, const uint8_t *p, size_t n);

/* May text of this length be copied with a fixed size? */
static inline bool line_is_short(const uint8_t *p, size_t n,
				 const uint8_t *readable)
{
	return n <= JSON_PLAIN_MAX &&
	       (uintptr_t)p + JSON_PLAIN_MAX <= (uintptr_t)readable;
}

/*
 * As line_text(), for text in memory that may be read up to readable: short plain
 * text is copied with a fixed size, to the room that the item before it has left,
 * of which it uses up to JSON_PLAIN_MAX. Writes to w instead of l->w and returns
 * the new cursor, so the caller can keep it in a register; it must store it to
 * l->w before calling anything else.
 */
static inline uint8_t *line_span(struct line *l, uint8_t *w, const uint8_t *p,
				 size_t n, const uint8_t *readable)
{
	if (line_is_short(p, n, readable) && json_copy_plain(w, p, n))
		return w + n;
	l->w = w;
	line_text(l, p, n);
	return l->w;
}

/*
 * Text in several parts that may turn out not to be UTF-8:
 *	line_begin_text(l); line_write(...)...; if (line_end_text(l)) done;
 *	else the same parts again, now encoded as base64, and line_end_base64(l).
 */
void line_begin_text(struct line *l);
void line_write(void *line, const void *p, size_t n);
bool line_end_text(struct line *l);
void line_end_base64(struct line *l);

#endif
