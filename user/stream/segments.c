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

/*
 * Where and when an appended slice begins. The joints of a segment are at the end
 * of its buffer, the last one first.
 */
struct joint {
	uint32_t seq;
	uint32_t after_ns; /* after the segment's ts_ns */
};

static struct joint joint_at(const struct seg *g, unsigned int i)
{
	struct joint joint;

	memcpy(&joint, g->data + g->room - (i + 1) * sizeof(joint),
	       sizeof(joint));
	return joint;
}

static uint32_t free_room(const struct seg *g)
{
	return g->room - g->len - g->joints * (uint32_t)sizeof(struct joint);
}

/* Does a slice of this time need a joint to be appended to g, which has room for
 * both? False in *fits: it cannot be appended. */
static bool needs_joint(const struct seg *g, const struct seg *slice,
			bool *fits)
{
	uint32_t last = g->joints ? joint_at(g, g->joints - 1u).after_ns : 0;
	uint64_t after = slice->ts_ns - g->ts_ns;
	uint32_t room = free_room(g);

	if (after == last) {
		*fits = room >= slice->len;
		return false;
	}
	*fits = after <= UINT32_MAX &&
		room >= slice->len + sizeof(struct joint);
	return true;
}

uint32_t segs_together(const struct seg *g, uint32_t seq, uint64_t *ts_ns)
{
	uint32_t end = g->seq + g->len;

	*ts_ns = g->ts_ns;
	for (unsigned int i = 0; i < g->joints; i++) {
		struct joint joint = joint_at(g, i);

		if (seq_before(seq, joint.seq)) {
			end = seq_min(end, joint.seq);
			break;
		}
		*ts_ns = g->ts_ns + joint.after_ns;
	}
	return end - seq;
}

/* Appends a tiny slice to the segment before index i if it continues that
 * segment and fits. */
static bool append_tiny(struct segs *s, unsigned int i, const struct seg *slice)
{
	struct seg *prev;
	bool joint, fits;

	if (!i || slice->kind != SEG_DATA || slice->len > TINY || slice->doubt)
		return false;
	prev = at(s, i - 1);
	if (prev->kind != SEG_DATA || prev->seq + prev->len != slice->seq ||
	    prev->has_ack != slice->has_ack || prev->ack != slice->ack ||
	    prev->doubt || prev->ambiguous != slice->ambiguous)
		return false;
	joint = needs_joint(prev, slice, &fits);
	if (!fits)
		return false;
	if (joint) {
		struct joint new = {slice->seq,
				    (uint32_t)(slice->ts_ns - prev->ts_ns)};

		prev->joints++;
		memcpy(prev->data + prev->room - prev->joints * sizeof(new),
		       &new, sizeof(new));
	}
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
	return slice->kind == SEG_DATA && there->kind != SEG_DATA;
}

/* Does the new segment replace the bytes of the one that is there? Doubtful
 * bytes replace nothing. */
static bool prevails(const struct seg *slice, const struct seg *there)
{
	if (slice->doubt)
		return false;
	return seq_before(slice->seq, there->seq) ||
	       (slice->seq == there->seq && slice->len > there->len);
}

/* part of slice overlaps data of g: settles which bytes stay. */
static void overlap(struct seg *g, const struct seg *slice,
		    const struct seg *part, struct segs_result *r)
{
	uint8_t *there = g->data + (part->seq - g->seq);

	r->duplicate += part->len;
	if (!memcmp(there, part->data, part->len))
		return;
	r->conflicts++;
	if (!slice->doubt)
		g->ambiguous = 1;
	if (prevails(slice, g))
		memcpy(there, part->data, part->len);
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
			if (part.kind == SEG_DATA)
				overlap(g, slice, &part, r);
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

/* Removes the first n bytes of a segment, but not all of it. */
static void trim_front(struct segs *s, struct seg *g, uint32_t n)
{
	g->seq += n;
	g->len -= n;
	if (g->kind != SEG_DATA)
		return;
	memmove(g->data, g->data + n, g->len);
	s->bytes -= n;
}

void segs_trim(struct segs *s, uint32_t seq)
{
	struct seg *g;

	while ((g = segs_first(s)) && seq_before(g->seq, seq)) {
		if (seq - g->seq >= g->len)
			segs_pop(s);
		else
			trim_front(s, g, seq - g->seq);
	}
}

/* Removes the segment at index i. */
static void erase(struct segs *s, unsigned int i)
{
	struct seg *g = at(s, i);

	if (g->kind == SEG_DATA)
		s->bytes -= g->len;
	s->memory -= g->room;
	free(g->data);
	close_slot(s, i);
}

void segs_drop_doubt(struct segs *s, const struct seg *sure)
{
	uint32_t end = sure->seq + sure->len;
	unsigned int i = find(s, sure->seq);

	while (i < s->n && seq_before(at(s, i)->seq, end)) {
		struct seg *g = at(s, i);
		uint32_t from = seq_max(g->seq, sure->seq);
		uint32_t to = seq_min(g->seq + g->len, end);

		if (!g->doubt || (sure->doubt && !doubt_dropped(g->doubt))) {
			i++;
		} else if ((from == g->seq && to == g->seq + g->len) ||
			   g->kind != SEG_DATA ||
			   memcmp(g->data + (from - g->seq),
				  sure->data + (from - sure->seq), to - from)) {
			erase(s, i);
		} else if (from == g->seq) {
			trim_front(s, g, to - from);
			i++;
		} else {
			s->bytes -= g->seq + g->len - from;
			g->len = from - g->seq;
			i++;
		}
	}
	if (!s->n)
		s->first = 0;
}

void segs_drop_dropped(struct segs *s)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < s->n; i++) {
		struct seg *g = at(s, i);

		if (!doubt_dropped(g->doubt)) {
			*at(s, kept++) = *g;
			continue;
		}
		if (g->kind == SEG_DATA)
			s->bytes -= g->len;
		s->memory -= g->room;
		free(g->data);
	}
	s->n = kept;
	if (!s->n)
		s->first = 0;
}

bool segs_differ(const struct segs *s, uint32_t seq, const uint8_t *data,
		 uint32_t len)
{
	for (unsigned int i = find(s, seq); i < s->n; i++) {
		const struct seg *g = at(s, i);
		uint32_t from = seq_max(g->seq, seq);
		uint32_t to = seq_min(g->seq + g->len, seq + len);

		if (!seq_before(g->seq, seq + len))
			return false;
		if (g->kind == SEG_DATA &&
		    memcmp(g->data + (from - g->seq), data + (from - seq),
			   to - from))
			return true;
	}
	return false;
}

void segs_free(struct segs *s)
{
	while (s->n)
		segs_pop(s);
	free(s->v);
	*s = (struct segs){0};
}
