/* SPDX-License-Identifier: MIT */
/*
 * The hash table that finds flows: open addressing with linear probing, and
 * without a long pause where it grows. A new table of twice the size takes
 * what is added from then on, and each addition moves a few of the old one's
 * entries over, until that is empty.
 */
#ifndef STREAM_SLOTS_H
#define STREAM_SLOTS_H

#include <stdint.h>

/* The tag is the whole hash, its top bits the place. */
struct slot {
	uint32_t tag;
	uint32_t flow; /* 0 = free */
};

struct slot_array {
	struct slot *v;
	uint32_t bits; /* there are 1 << bits */
	uint32_t n;    /* in use */
};

struct slots {
	struct slot_array now;
	struct slot_array old; /* v is NULL unless it is being moved */
	uint32_t moved;	       /* nothing is left of old before this */
};

/* Where a search is. */
struct slot_walk {
	const struct slot_array *in;
	uint32_t pos;
};

/* 0 or -ENOMEM. */
int slots_init(struct slots *s);
void slots_destroy(struct slots *s);

static inline uint32_t slots_home(const struct slot_array *a, uint32_t tag)
{
	return tag >> (32 - a->bits);
}

/* Begins a search for all flows with this tag. */
static inline struct slot_walk slots_walk(const struct slots *s, uint32_t tag)
{
	return (struct slot_walk){&s->now, slots_home(&s->now, tag)};
}

/* The next one, in the order in which they were added, or 0. */
static inline uint32_t slots_next(const struct slots *s, struct slot_walk *w,
				  uint32_t tag)
{
	for (;;) {
		struct slot slot = w->in->v[w->pos];

		if (slot.flow) {
			w->pos = (w->pos + 1) & ((1u << w->in->bits) - 1);
			if (slot.tag == tag)
				return slot.flow;
		} else if (w->in == &s->now && s->old.v) {
			*w = (struct slot_walk){&s->old,
						slots_home(&s->old, tag)};
		} else {
			return 0;
		}
	}
}

/* 0, or -ENOMEM: there is no memory to grow. */
int slots_add(struct slots *s, uint32_t tag, uint32_t flow);
/* It must be there. */
void slots_remove(struct slots *s, uint32_t tag, uint32_t flow);

#endif
