/* SPDX-License-Identifier: MIT */
/*
 * What makes nine bytes a frame header. A header is little evidence by itself;
 * one more at the place that its length names, or the end of a segment there, is
 * much: TCP segments of HTTP/2 usually end with a frame.
 */
#include "http2/frame.h"

#include <string.h>

#define ANY 0xffffffu
/* Ids of streams above this are no evidence of a frame. */
#define LONG_STREAM_MAX (1u << 22)

/* Rules for the header of each type: sections 6.1 to 6.10. */
static const struct {
	uint32_t min, max;	 /* length */
	uint8_t flags;		 /* defined ones */
	bool stream, connection; /* may concern */
} rules[FRAME_TYPES] = {
	[FRAME_DATA] = {0, ANY, FRAME_END_STREAM | FRAME_PADDED, true, false},
	[FRAME_HEADERS] = {1, ANY, /* see also frame_is_blank() */
			   FRAME_END_STREAM | FRAME_END_HEADERS | FRAME_PADDED |
				   FRAME_PRIO,
			   true, false},
	[FRAME_PRIORITY] = {5, 5, 0, true, false},
	[FRAME_RST_STREAM] = {4, 4, 0, true, false},
	[FRAME_SETTINGS] = {0, 600, FRAME_ACK, false, true},
	[FRAME_PUSH_PROMISE] = {5, ANY, FRAME_END_HEADERS | FRAME_PADDED, true,
				false},
	[FRAME_PING] = {8, 8, FRAME_ACK, false, true},
	[FRAME_GOAWAY] = {8, ANY, 0, false, true},
	[FRAME_WINDOW_UPDATE] = {4, 4, 0, true, true},
	[FRAME_CONTINUATION] = {0, ANY, FRAME_END_HEADERS, true, false},
};

struct frame frame_read(const uint8_t *p)
{
	return (struct frame){
		.length = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2],
		.type = p[3],
		.flags = p[4],
		.reserved = p[5] & 0x80,
		.stream = (uint32_t)(p[5] & 0x7f) << 24 | (uint32_t)p[6] << 16 |
			  (uint32_t)p[7] << 8 | p[8],
	};
}

bool frame_possible(const struct frame *f)
{
	if (f->type >= FRAME_TYPES)
		return f->length <= FRAME_LENGTH_PLAUSIBLE;
	return f->stream ? rules[f->type].stream : rules[f->type].connection;
}

/* ALTSVC (RFC 7838), ORIGIN (RFC 8336), PRIORITY_UPDATE (RFC 9218) */
static bool is_extension(const struct frame *f)
{
	return (f->type == 0x0a || f->type == 0x0c || f->type == 0x10) &&
	       !f->flags && !f->reserved && f->length && f->length <= 16384 &&
	       (f->type == 0x0a || !f->stream);
}

static bool plausible(const struct frame *f, uint32_t longest)
{
	if (is_extension(f))
		return true;
	if (f->type >= FRAME_TYPES || f->reserved || !frame_possible(f) ||
	    f->length > longest || f->length < rules[f->type].min ||
	    f->length > rules[f->type].max || f->flags & ~rules[f->type].flags)
		return false;
	if (frame_is_blank(f)) /* a row of zeros is no frame */
		return false;
	if (f->type == FRAME_SETTINGS)
		return f->flags & FRAME_ACK ? !f->length : !(f->length % 6);
	return true;
}

bool frame_plausible(const struct frame *f)
{
	return plausible(f, FRAME_LENGTH_PLAUSIBLE);
}

/* Is f plausible after last, which is zeros if it is the first? Only a CONTINUATION
 * may follow a block without END_HEADERS (RFC 9113 section 6.2). */
static bool may_follow(const struct frame *last, const struct frame *f)
{
	const bool block = last->stream && (last->type == FRAME_HEADERS ||
					    last->type == FRAME_PUSH_PROMISE ||
					    last->type == FRAME_CONTINUATION);

	if (block && (f->type == FRAME_CONTINUATION) ==
			     !!(last->flags & FRAME_END_HEADERS))
		return false;
	if (f->type == FRAME_CONTINUATION && block)
		return f->stream == last->stream && frame_plausible(f);
	if (!frame_is_blank(f)) /* the place is evidence, too */
		return plausible(f, (last->stream || last->type) &&
						    f->type == FRAME_DATA
					    ? ANY
					    : FRAME_LENGTH_PLAUSIBLE);
	return f->type == FRAME_HEADERS ||
	       (last->stream && f->stream == last->stream);
}

struct frame_chain frame_chain(const uint8_t *p, size_t n)
{
	struct frame_chain c = {0};

	while (n >= FRAME_HEADER && c.n < FRAME_CHAIN_MAX) {
		const struct frame f = frame_read(p);

		if (!may_follow(&c.last, &f)) {
			c.broken = true;
			return c;
		}
		c.last = f;
		if (!c.n++)
			c.first = f;
		else if (c.n == 2)
			c.related = f.stream && f.stream == c.first.stream;
		if (n - FRAME_HEADER < f.length)
			return c;
		p += FRAME_HEADER + f.length;
		n -= FRAME_HEADER + f.length;
	}
	c.exact = !n && !frame_is_blank(&c.last);
	return c;
}

bool frame_chain_within(const uint8_t *p, size_t n)
{
	const uint8_t *const end = p + n;

	/* Text has no zeros, with which the length of most frames begins. */
	while ((p = memchr(p, 0, (size_t)(end - p))) != NULL) {
		struct frame_chain c;

		if (end - p < FRAME_CHAIN_MAX * FRAME_HEADER)
			return false;
		if (p[3] < FRAME_TYPES) {
			c = frame_chain(p, (size_t)(end - p));
			if (!c.broken && c.n == FRAME_CHAIN_MAX)
				return true;
		}
		p++;
	}
	return false;
}

bool frame_long_headers(const uint8_t *p, size_t n)
{
	struct frame f;
	unsigned int at = FRAME_HEADER;
	uint8_t prefix;

	if (n < 64)
		return false;
	f = frame_read(p);
	if (f.type != FRAME_HEADERS || f.length <= n - FRAME_HEADER ||
	    f.stream >= LONG_STREAM_MAX || !frame_plausible(&f))
		return false;
	if (f.flags & FRAME_PADDED)
		at++;
	if (f.flags & FRAME_PRIO)
		at += 5;
	/* Blocks begin with a pseudo-header, whose name is an entry of a table, or
	 * with a size update. */
	prefix = p[at];
	if (prefix & 0x80)
		return (prefix & 0x7f) > 1 &&
		       ((prefix & 0x7f) < 15 || (prefix & 0x7f) > 61);
	if ((prefix & 0xe0) == 0x20)
		return true;
	prefix &= prefix & 0x40 ? 0x3f : 0x0f;
	return prefix && (prefix < 9 || prefix > 61);
}

bool frame_chain_convincing(const struct frame_chain *c)
{
	return !c->broken &&
	       (c->n >= 3 || (c->n && c->exact) || (c->n == 2 && c->related));
}
