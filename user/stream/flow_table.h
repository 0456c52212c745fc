/* SPDX-License-Identifier: MIT */
/*
 * Flows by addresses and ports, and by how recently they were used. Several
 * flows may have the same key (see match.h).
 */
#ifndef STREAM_FLOW_TABLE_H
#define STREAM_FLOW_TABLE_H

#include "stream/flow.h"

/* Flows with one key at most: more of them displace each other. */
#define FLOW_TABLE_SAME_KEY 16u

/* Sets up slots, slabs and lists. 0 or -ENOMEM. */
int flow_table_init(struct stream_table *t);
void flow_table_destroy(struct stream_table *t);

/* Key of a record; returns the index of the endpoint that sent it. */
unsigned int flow_key_of(const struct metlo_rec *rec, struct flow_key *key);
/* Keyed by conf.seed: safe also where records carry a guessable hash. */
uint32_t flow_table_tag(const struct stream_table *t,
			const struct flow_key *key);

/* Begins a search for the flows with a key of this tag. */
static inline struct slot_walk flow_table_walk(const struct stream_table *t,
					       uint32_t tag)
{
	return slots_walk(&t->slots, tag);
}

/* The next one, or 0 when there is no more. Nothing may be added or removed
 * meanwhile. */
uint32_t flow_table_next(const struct stream_table *t, uint32_t tag,
			 const struct flow_key *key, struct slot_walk *walk);

/* In three steps, with time for the memory between them: prefetches the slot
 * of a tag; the flow that is probably meant (0: none), which is returned; and
 * what touching and delivering to that needs. */
static inline void flow_table_prefetch_slot(const struct stream_table *t,
					    uint32_t tag)
{
	const struct slot_array *a = &t->slots.now;

	__builtin_prefetch(&a->v[slots_home(a, tag)]);
}
uint32_t flow_table_prefetch_flow(const struct stream_table *t, uint32_t tag);
void flow_table_prefetch_proto(const struct stream_table *t, uint32_t index,
			       void (*prefetch)(const void *proto));

/* A new flow in LIST_HALF_OPEN, or 0: out of memory. The caller keeps the number
 * of flows below the cap. */
uint32_t flow_table_add(struct stream_table *t, uint32_t tag,
			const struct flow_key *key);
void flow_table_remove(struct stream_table *t, uint32_t index);

/* Puts a flow at the head of a list. */
void flow_table_move(struct stream_table *t, uint32_t index,
		     enum flow_list list);
/* A record came: the flow becomes the most recently used of its list, unless
 * it did so a short while ago. Lists are in order to within that while, and a
 * busy flow does not drag its neighbours through the cache. */
static inline void flow_table_touch(struct stream_table *t, uint32_t index,
				    struct flow *f)
{
	uint32_t now = ticks_of(t->idle_clock);

	f->used = now;
	if (now - f->moved > t->requeue_ticks)
		flow_table_move(t, index, f->list);
}

#endif
