/* SPDX-License-Identifier: MIT */
/*
 * The index of flows. Keys are hashed with a secret seed, so an attacker cannot
 * aim connections at one bucket; the lists are intrusive and linked by index.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/flow_table.h"

/* A flow moves to the head of its list at most once per this fraction of the
 * idle timeout. */
#define REQUEUE_PART 64

int flow_table_init(struct stream_table *t)
{
	/* Each flow has at most one ext per direction. */
	uint64_t exts = 2ull * t->conf.max_flows;

	if (exts > UINT32_MAX / 2)
		return -ENOMEM;
	t->requeue_ticks = ticks_of(t->conf.idle_timeout_ns / REQUEUE_PART);
	if (slots_init(&t->slots) ||
	    slab_init(&t->flow_slab, t, t->conf.max_flows) ||
	    slab_init(&t->ext_slab, t, exts))
		return -ENOMEM;
	/* Like the slab, touched only where a flow is. */
	t->stamps = calloc(slab_indices(&t->flow_slab), sizeof(*t->stamps));
	return t->stamps ? 0 : -ENOMEM;
}

void flow_table_destroy(struct stream_table *t)
{
	slots_destroy(&t->slots);
	slab_destroy(&t->flow_slab);
	slab_destroy(&t->ext_slab);
	free(t->stamps);
}

static uint64_t load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

unsigned int flow_key_of(const struct metlo_rec *rec, struct flow_key *key)
{
	uint64_t s0 = load64(rec->saddr), s1 = load64(rec->saddr + 8);
	uint64_t d0 = load64(rec->daddr), d1 = load64(rec->daddr + 8);
	unsigned int from;

	/* Any order works if both directions agree on it. */
	if (s1 != d1)
		from = s1 > d1;
	else if (s0 != d0)
		from = s0 > d0;
	else
		from = rec->sport > rec->dport;
	memcpy(key->addr[from], rec->saddr, 16);
	memcpy(key->addr[!from], rec->daddr, 16);
	key->port[from] = rec->sport;
	key->port[!from] = rec->dport;
	return from;
}

/* Folds the halves of the 128-bit product: each input bit affects all of the
 * output, in a way that is unpredictable without the seeds. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint32_t flow_table_tag(const struct stream_table *t,
			const struct flow_key *key)
{
	const uint64_t *seed = t->conf.seed;
	uint64_t a, b, ports;

	ports = (uint64_t)key->port[0] << 16 | key->port[1];
	a = fold(load64(key->addr[0]) ^ seed[0] ^ 0x9e3779b97f4a7c15,
		 load64(key->addr[0] + 8) ^ seed[1]);
	b = fold(load64(key->addr[1]) ^ seed[1] ^ 0xc2b2ae3d27d4eb4f,
		 load64(key->addr[1] + 8) ^ seed[0]);
	a = fold(a ^ seed[1] ^ ports, b ^ seed[0] ^ 0xd6e8feb86659fd93);
	return (uint32_t)(a ^ a >> 32);
}

static bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t differ = 0;

	for (unsigned int i = 0; i < 32; i += 8)
		differ |= load64((const uint8_t *)a + i) ^
			  load64((const uint8_t *)b + i);
	return !differ && a->port[0] == b->port[0] && a->port[1] == b->port[1];
}

uint32_t flow_table_next(const struct stream_table *t, uint32_t tag,
			 const struct flow_key *key, struct slot_walk *walk)
{
	uint32_t index;

	while ((index = slots_next(&t->slots, walk, tag))) {
		const struct flow *f = flow_at(t, index);

		__builtin_prefetch(&f->dir[0]);
		if (key_equal(&f->key, key))
			return index;
	}
	return 0;
}

uint32_t flow_table_prefetch_flow(const struct stream_table *t, uint32_t tag)
{
	struct slot_walk walk = slots_walk(&t->slots, tag);
	uint32_t index = slots_next(&t->slots, &walk, tag);
	const struct flow *f;

	if (!index)
		return 0;
	f = flow_at(t, index);
	__builtin_prefetch(f);
	__builtin_prefetch(&f->dir[1]);
	__builtin_prefetch(&t->stamps[index]);
	return index;
}

void flow_table_prefetch_proto(const struct stream_table *t, uint32_t index)
{
	const struct flow *f = flow_at(t, index);
	const struct stream_protocol *p = flow_protocol(t, f);

	if (f->proto && p->prefetch)
		p->prefetch(f->proto);
	if (ticks_of(t->idle_clock) - f->moved <= t->requeue_ticks)
		return;
	/* It is due to move to the head of its list: prefetch the neighbors. */
	if (f->prev)
		__builtin_prefetch(flow_at(t, f->prev));
	if (f->next)
		__builtin_prefetch(flow_at(t, f->next));
}

static void list_unlink(struct stream_table *t, struct flow *f)
{
	struct flow_queue *q = &t->lists[f->list];

	if (f->prev)
		flow_at(t, f->prev)->next = f->next;
	else
		q->head = f->next;
	if (f->next)
		flow_at(t, f->next)->prev = f->prev;
	else
		q->tail = f->prev;
	q->n--;
}

static void list_push(struct stream_table *t, uint32_t index, struct flow *f,
		      enum flow_list list)
{
	struct flow_queue *q = &t->lists[list];

	f->list = list;
	f->moved = ticks_of(t->idle_clock);
	f->prev = 0;
	f->next = q->head;
	if (q->head)
		flow_at(t, q->head)->prev = index;
	else
		q->tail = index;
	q->head = index;
	q->n++;
}

void flow_table_move(struct stream_table *t, uint32_t index,
		     enum flow_list list)
{
	struct flow *f = flow_at(t, index);

	list_unlink(t, f);
	list_push(t, index, f, list);
}

uint32_t flow_table_add(struct stream_table *t, uint32_t tag,
			const struct flow_key *key)
{
	uint32_t index = slab_alloc(&t->flow_slab);
	struct flow *f;

	if (!index)
		return 0;
	if (slots_add(&t->slots, tag, index)) {
		slab_release(&t->flow_slab, index);
		return 0;
	}
	f = flow_at(t, index);
	f->key = *key;
	t->stamps[index] = (struct flow_stamps){0};
	f->used = ticks_of(t->idle_clock);
	list_push(t, index, f, LIST_HALF_OPEN);
	t->flows++;
	return index;
}

void flow_table_remove(struct stream_table *t, uint32_t index)
{
	struct flow *f = flow_at(t, index);

	slots_remove(&t->slots, flow_table_tag(t, &f->key), index);
	list_unlink(t, f);
	slab_release(&t->flow_slab, index);
	t->flows--;
}
