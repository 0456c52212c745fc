/* SPDX-License-Identifier: MIT */
/*
 * Index of the flows: by key (addresses and ports), and by recency in LRU
 * lists. Several flows may share a key (see match.h).
 */
#ifndef STREAM_FLOW_TABLE_H
#define STREAM_FLOW_TABLE_H

#include "stream/flow.h"

/* Limit of flows with one key; at the limit a new one evicts the oldest. */
#define FLOW_TABLE_SAME_KEY 16u

/* Initializes slots, slabs and lists. 0 or -ENOMEM. */
int flow_table_init(struct stream_table *t);
void flow_table_destroy(struct stream_table *t);

/* Fills in the key of a record; returns the sender's index in it. */
unsigned int flow_key_of(const struct metlo_rec *rec, struct flow_key *key);
/* Hash of the key, keyed by conf.seed. rec->hash would not do: in replay it
 * is predictable. */
uint32_t flow_table_tag(const struct stream_table *t,
			const struct flow_key *key);

/* Starts a search for the flows whose key has this tag. */
static inline struct slot_walk flow_table_walk(const struct stream_table *t,
					       uint32_t tag)
{
	return slots_walk(&t->slots, tag);
}

/* The next match, or 0. Adding or removing a flow invalidates the walk. */
uint32_t flow_table_next(const struct stream_table *t, uint32_t tag,
			 const struct flow_key *key, struct slot_walk *walk);

/*
 * Prefetching in three steps, each dependent on the memory of the one before:
 * the slot of a tag; the flow it probably leads to, which is returned (0:
 * none); and the memory that touching and delivering to that flow needs.
 */
static inline void flow_table_prefetch_slot(const struct stream_table *t,
					    uint32_t tag)
{
	const struct slot_array *a = &t->slots.now;

	__builtin_prefetch(&a->v[slots_home(a, tag)]);
}
uint32_t flow_table_prefetch_flow(const struct stream_table *t, uint32_t tag);
void flow_table_prefetch_proto(const struct stream_table *t, uint32_t index);

/* Index of a new flow in LIST_HALF_OPEN, or 0: out of memory. The caller
 * enforces max_flows. */
uint32_t flow_table_add(struct stream_table *t, uint32_t tag,
			const struct flow_key *key);
void flow_table_remove(struct stream_table *t, uint32_t index);

/* Moves a flow to the head of a list. */
void flow_table_move(struct stream_table *t, uint32_t index,
		     enum flow_list list);
/* A record arrived: moves the flow to the head of its list unless that
 * happened less than requeue_ticks ago. This bounds the error of the order,
 * and spares a busy flow the cache misses on its neighbors. */
static inline void flow_table_touch(struct stream_table *t, uint32_t index,
				    struct flow *f)
{
	uint32_t now = ticks_of(t->idle_clock);

	f->used = now;
	if (now - f->moved > t->requeue_ticks)
		flow_table_move(t, index, f->list);
}

#endif
