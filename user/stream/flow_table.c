/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/pages.h"
#include "stream/flow_table.h"

#define MIN_BITS 10
/* A flow is moved to the head of its list after this part of the idle
 * time-out at the earliest. */
#define LAZY_PART 64

static struct flow_slot *slots_new(uint32_t bits)
{
	size_t size = sizeof(struct flow_slot) << bits;

	return pages_new(size, size >= PAGES_HUGE);
}

static void slots_free(struct flow_slot *slots, uint32_t bits)
{
	pages_free(slots, sizeof(*slots) << bits);
}

int flow_table_init(struct stream_table *t)
{
	/* Each flow has at most one ext per direction. */
	uint64_t exts = 2ull * t->conf.max_flows;

	if (exts > UINT32_MAX / 2)
		return -ENOMEM;
	t->bits = MIN_BITS;
	t->lazy = ticks_of(t->conf.idle_timeout_ns / LAZY_PART);
	t->slots = slots_new(t->bits);
	if (!t->slots || slab_init(&t->flow_slab, t, t->conf.max_flows) ||
	    slab_init(&t->ext_slab, t, exts))
		return -ENOMEM;
	return 0;
}

void flow_table_destroy(struct stream_table *t)
{
	slots_free(t->slots, t->bits);
	t->slots = NULL;
	slab_destroy(&t->flow_slab);
	slab_destroy(&t->ext_slab);
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

	/* Any order will do, as long as both directions agree. */
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

/* Both halves of the 128-bit product: every input bit reaches every output
 * bit, and without the seeds nobody can steer which. */
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
			 const struct flow_key *key, uint32_t *pos)
{
	uint32_t mask = (1u << t->bits) - 1;

	for (;;) {
		const struct flow_slot *s = &t->slots[*pos];

		if (!s->flow)
			return 0;
		*pos = (*pos + 1) & mask;
		if (s->tag == tag) {
			const struct flow *f = flow_at(t, s->flow);

			__builtin_prefetch(&f->dir[0]);
			if (key_equal(&f->key, key))
				return s->flow;
		}
	}
}

uint32_t flow_table_ahead_flow(const struct stream_table *t, uint32_t tag)
{
	uint32_t mask = (1u << t->bits) - 1, pos = flow_table_home(t, tag);
	const struct flow_slot *s;

	for (s = &t->slots[pos]; s->flow; s = &t->slots[pos]) {
		if (s->tag == tag) {
			const struct flow *f = flow_at(t, s->flow);

			__builtin_prefetch(f);
			__builtin_prefetch(&f->dir[1]);
			return s->flow;
		}
		pos = (pos + 1) & mask;
	}
	return 0;
}

void flow_table_ahead_proto(const struct stream_table *t, uint32_t index,
			    void (*ahead)(const void *proto))
{
	const struct flow *f = flow_at(t, index);

	if (f->proto && ahead)
		ahead(f->proto);
	if (ticks_of(t->idle_clock) - f->moved <= t->lazy)
		return;
	/* It will be moved in its list: the neighbours. */
	if (f->prev)
		__builtin_prefetch(flow_at(t, f->prev));
	if (f->next)
		__builtin_prefetch(flow_at(t, f->next));
}

static void slot_put(struct flow_slot *slots, uint32_t bits,
		     struct flow_slot slot)
{
	uint32_t mask = (1u << bits) - 1, pos = slot.tag >> (32 - bits);

	while (slots[pos].flow)
		pos = (pos + 1) & mask;
	slots[pos] = slot;
}

/* Twice the slots. Places follow the top bits of the tag, so both tables are
 * walked from front to back. */
static int slots_grow(struct stream_table *t)
{
	struct flow_slot *slots = t->bits < 31 ? slots_new(t->bits + 1) : NULL;

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < 1u << t->bits; i++)
		if (t->slots[i].flow)
			slot_put(slots, t->bits + 1, t->slots[i]);
	slots_free(t->slots, t->bits);
	t->slots = slots;
	t->bits++;
	return 0;
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
	uint64_t room = 1ull << t->bits;
	struct flow *f;
	uint32_t index;

	/* Half full at most, or 7/8 when there is no memory to grow. */
	if (t->flows + 1ull > room / 2 && slots_grow(t) &&
	    t->flows + 1ull > room / 8 * 7)
		return 0;
	index = slab_alloc(&t->flow_slab);
	if (!index)
		return 0;
	f = flow_at(t, index);
	f->key = *key;
	f->used = ticks_of(t->idle_clock);
	slot_put(t->slots, t->bits, (struct flow_slot){tag, index});
	list_push(t, index, f, LIST_SYN);
	t->flows++;
	return index;
}

void flow_table_remove(struct stream_table *t, uint32_t index)
{
	struct flow *f = flow_at(t, index);
	uint32_t mask = (1u << t->bits) - 1, hole, pos;

	pos = flow_table_home(t, flow_table_tag(t, &f->key));
	while (t->slots[pos].flow != index)
		pos = (pos + 1) & mask;
	/* Those behind move up, if that does not take them before their
	 * home: no tombstones. */
	for (hole = pos;;) {
		uint32_t home;

		pos = (pos + 1) & mask;
		if (!t->slots[pos].flow)
			break;
		home = flow_table_home(t, t->slots[pos].tag);
		if (((pos - home) & mask) >= ((pos - hole) & mask)) {
			t->slots[hole] = t->slots[pos];
			hole = pos;
		}
	}
	t->slots[hole] = (struct flow_slot){0};
	list_unlink(t, f);
	slab_release(&t->flow_slab, index);
	t->flows--;
}
