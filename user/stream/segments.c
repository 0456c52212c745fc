/* SPDX-License-Identifier: MIT */
/*
 * Out-of-order segments of one direction, as a sorted array: lookups are
 * binary, appends are the common case, and the front advances without moving
 * the rest.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stream/segments.h"
#include "stream/seq.h"

/* Slices of up to TINY bytes share buffers of TINY_ROOM, so that a flood of
 * one-byte segments does not cost one allocation each. */
#define TINY	  64u
#define TINY_ROOM 256u

static struct seg *at(const struct segs *s, unsigned int i)
{
	return &s->v[s->first + i];
}

/* Index of the first segment that ends after seq. */
static unsigned int find(const struct segs *s, uint32_t seq)
{
	unsigned int lo = 0, hi = s->n;

	/* The common case: append. */
	if (!s->n || !seq_before(seq, segs_end(s)))
		return s->n;
	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;
		const struct seg *g = at(s, mid);

		if (seq_before(seq, g->seq + g->len))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Opens a gap in the array at index i; its contents are undefined. */
static int open_slot(struct segs *s, unsigned int i)
{
	if (s->n >= SEGS_MAX)
		return -ENOSPC;
	if (s->first + s->n == s->cap && s->first) {
		memmove(s->v, s->v + s->first, s->n * sizeof(*s->v));
		s->first = 0;
	}
	if (s->n == s->cap) {
		unsigned int cap = s->cap ? s->cap * 2 : 8;
		struct seg *v = realloc(s->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->memory += (cap - s->cap) * sizeof(*v);
		s->v = v;
		s->cap = cap;
	}
	memmove(at(s, i + 1), at(s, i), (s->n - i) * sizeof(*s->v));
	s->n++;
	return 0;
}

static void close_slot(struct segs *s, unsigned int i)
{
	memmove(at(s, i), at(s, i + 1), (s->n - i - 1) * sizeof(*s->v));
	s->n--;
}

/* Appends a tiny slice to the segment before index i if it continues that
 * segment and fits. */
static bool append_tiny(struct segs *s, unsigned int i, const struct seg *slice)
{
	struct seg *prev;

	if (!i || slice->kind != SEG_DATA || slice->len > TINY)
		return false;
	prev = at(s, i - 1);
	if (prev->kind != SEG_DATA || prev->seq + prev->len != slice->seq ||
	    prev->room - prev->len < slice->len ||
	    prev->has_ack != slice->has_ack || prev->ack != slice->ack)
		return false;
	memcpy(prev->data + prev->len, slice->data, slice->len);
	prev->len += slice->len;
	s->bytes += slice->len;
	return true;
}

/* Stores a slice that overlaps nothing, at index i. */
static int store(struct segs *s, unsigned int i, const struct seg *slice,
		 bool *appended)
{
	struct seg new = *slice;
	int err;

	*appended = append_tiny(s, i, slice);
	if (*appended)
		return 0;
	if (slice->kind == SEG_DATA) {
		new.room = slice->len > TINY ? slice->len : TINY_ROOM;
		new.data = malloc(new.room);
		if (!new.data)
			return -ENOMEM;
		memcpy(new.data, slice->data, slice->len);
	} else {
		new.data = NULL;
		new.room = 0;
	}
	err = open_slot(s, i);
	if (err) {
		free(new.data);
		return err;
	}
	*at(s, i) = new;
	s->memory += new.room;
	if (new.kind == SEG_DATA)
		s->bytes += new.len;
	return 0;
}

/* Removes [seq, seq + len), which lies within it, from the placeholder at *i,
 * and sets *i to the index where the bytes belong. */
static int carve(struct segs *s, unsigned int *i, uint32_t seq, uint32_t len)
{
	struct seg *g = at(s, *i);
	uint32_t before = seq - g->seq, after = g->len - before - len;
	int err;

	if (!before && !after) {
		close_slot(s, *i);
		return 0;
	}
	if (before && after) {
		err = open_slot(s, *i);
		if (err)
			return err;
		g = at(s, *i);
		g[0] = g[1];
		g[1].seq = seq + len;
		g[1].len = after;
	} else if (after) {
		g->seq = seq + len;
		g->len = after;
		return 0;
	}
	g->len = before;
	++*i;
	return 0;
}

static bool replaceable(const struct seg *there, const struct seg *slice)
{
	return (slice->kind == SEG_DATA || slice->kind == SEG_URGENT) &&
	       (there->kind == SEG_TRUNCATED || there->kind == SEG_SKIPPED);
}

static void count(struct segs_result *r, const struct seg *slice, int err)
{
	if (slice->kind != SEG_DATA)
		r->filled += err ? 0 : slice->len;
	else if (err)
		r->failed += slice->len;
	else
		r->added += slice->len;
}

int segs_insert(struct segs *s, const struct seg *slice, struct segs_result *r)
{
	unsigned int i = find(s, slice->seq);
	struct seg rest = *slice;
	bool appended;
	int err = 0;

	*r = (struct segs_result){0};
	while (rest.len && !err) {
		struct seg part = rest, *g = i < s->n ? at(s, i) : NULL;
		uint32_t gap = g ? g->seq - rest.seq : 0, n;

		if (!g || (seq_before(rest.seq, g->seq) && gap >= rest.len)) {
			err = store(s, i, &part, &appended);
			count(r, &part, err);
			return err;
		}
		if (seq_before(rest.seq, g->seq)) {
			part.len = gap;
			err = store(s, i, &part, &appended);
			count(r, &part, err);
			i += !appended;
			seg_advance(&rest, gap);
			continue;
		}
		n = g->seq + g->len - rest.seq;
		part.len = n < rest.len ? n : rest.len;
		if (replaceable(g, &part)) {
			err = carve(s, &i, part.seq, part.len);
			if (!err)
				err = store(s, i, &part, &appended);
			else
				appended = true;
			count(r, &part, err);
			i += !appended;
		} else {
			if (part.kind == SEG_DATA) {
				r->duplicate += part.len;
				if (g->kind == SEG_DATA &&
				    memcmp(g->data + (part.seq - g->seq),
					   part.data, part.len))
					r->conflicts++;
			}
			i++;
		}
		seg_advance(&rest, part.len);
	}
	if (err && rest.kind == SEG_DATA)
		r->failed += rest.len;
	return err;
}

void segs_pop(struct segs *s)
{
	struct seg *g = at(s, 0);

	if (g->kind == SEG_DATA)
		s->bytes -= g->len;
	s->memory -= g->room;
	free(g->data);
	s->first++;
	if (!--s->n)
		s->first = 0;
}

void segs_free(struct segs *s)
{
	while (s->n)
		segs_pop(s);
	free(s->v);
	*s = (struct segs){0};
}
