/* SPDX-License-Identifier: MIT */
/*
 * Hash table from tags to flow indices: open addressing, linear probing, and
 * incremental growth so that no single insertion stalls. When it is full, new
 * entries go to a table of twice the size, and each insertion migrates a few
 * entries until the old table is empty.
 */
#ifndef STREAM_SLOTS_H
#define STREAM_SLOTS_H

#include <stdint.h>

/* tag is the full hash; its top bits are the home position. */
struct slot {
	uint32_t tag;
	uint32_t flow; /* 0 = free */
};

struct slot_array {
	struct slot *v;
	uint32_t bits; /* 1 << bits slots */
	uint32_t n;    /* in use */
};

struct slots {
	struct slot_array now;
	struct slot_array old; /* v is NULL unless growing */
	uint32_t moved;	       /* positions of old below this are empty */
};

/* Position of a search. */
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

/* Starts a search for all flows with this tag. */
static inline struct slot_walk slots_walk(const struct slots *s, uint32_t tag)
{
	return (struct slot_walk){&s->now, slots_home(&s->now, tag)};
}

/* The next match in order of insertion, or 0. */
static inline uint32_t slots_next(const struct slots *s, struct slot_walk *w,
				  uint32_t tag)
{
	for (;;) {
		const struct slot *v = w->in->v;
		const uint32_t mask = (1u << w->in->bits) - 1;
		uint32_t pos = w->pos;

		while (v[pos].flow) {
			struct slot slot = v[pos];

			pos = (pos + 1) & mask;
			if (slot.tag == tag) {
				w->pos = pos;
				return slot.flow;
			}
		}
		w->pos = pos;
		if (w->in != &s->now || !s->old.v)
			return 0;
		*w = (struct slot_walk){&s->old, slots_home(&s->old, tag)};
	}
}

/* 0, or -ENOMEM if the table is full and cannot grow. */
int slots_add(struct slots *s, uint32_t tag, uint32_t flow);
/* The entry must exist. */
void slots_remove(struct slots *s, uint32_t tag, uint32_t flow);

#endif
