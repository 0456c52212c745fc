/* SPDX-License-Identifier: MIT */
/* The hash table of slots.h: insertion, incremental growth, removal. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/pages.h"
#include "stream/slots.h"

#define MIN_BITS 10
#define MAX_BITS 31
/* Positions of the old table migrated per insertion: enough to empty it long
 * before the new table fills up. */
#define MIGRATE_STEP 16u

static bool array_new(struct slot_array *a, uint32_t bits)
{
	size_t size = sizeof(struct slot) << bits;

	*a = (struct slot_array){.bits = bits};
	a->v = pages_new(size, size >= PAGES_HUGE);
	return a->v;
}

static void array_free(struct slot_array *a)
{
	pages_free(a->v, sizeof(struct slot) << a->bits);
	*a = (struct slot_array){0};
}

int slots_init(struct slots *s)
{
	*s = (struct slots){0};
	return array_new(&s->now, MIN_BITS) ? 0 : -ENOMEM;
}

void slots_destroy(struct slots *s)
{
	array_free(&s->now);
	array_free(&s->old);
}

static void put(struct slot_array *a, struct slot slot)
{
	uint32_t mask = (1u << a->bits) - 1, pos = slots_home(a, slot.tag);

	while (a->v[pos].flow)
		pos = (pos + 1) & mask;
	a->v[pos] = slot;
	a->n++;
}

/* Migrates the run of occupied slots around pos. Moving whole runs keeps the
 * rest of the old table searchable. */
static void move_run(struct slots *s, uint32_t pos)
{
	struct slot_array *old = &s->old;
	uint32_t mask = (1u << old->bits) - 1;

	if (!old->v[pos].flow)
		return;
	while (old->v[(pos - 1) & mask].flow)
		pos = (pos - 1) & mask;
	for (; old->v[pos].flow; pos = (pos + 1) & mask) {
		put(&s->now, old->v[pos]);
		old->v[pos] = (struct slot){0};
		old->n--;
	}
}

static void move_some(struct slots *s, uint32_t slots)
{
	for (; slots && s->old.n; slots--)
		move_run(s, s->moved++);
	if (!s->old.n)
		array_free(&s->old);
}

static int grow(struct slots *s)
{
	struct slot_array larger;

	if (s->now.bits == MAX_BITS || !array_new(&larger, s->now.bits + 1))
		return -ENOMEM;
	s->old = s->now;
	s->now = larger;
	s->moved = 0;
	return 0;
}

int slots_add(struct slots *s, uint32_t tag, uint32_t flow)
{
	uint64_t n = (uint64_t)s->now.n + s->old.n + 1;
	uint64_t room = 1ull << s->now.bits;

	/* Load factor of at most 3/4, or 7/8 if growing fails. */
	if (n > room / 4 * 3 && !s->old.v && grow(s) && n > room / 8 * 7)
		return -ENOMEM;
	if (s->old.v) {
		/* Keep all entries of a tag in one table, in order. */
		move_run(s, slots_home(&s->old, tag));
		move_some(s, MIGRATE_STEP);
	}
	put(&s->now, (struct slot){tag, flow});
	return 0;
}

/* Position of the entry, UINT32_MAX if absent. */
static uint32_t find(const struct slot_array *a, uint32_t tag, uint32_t flow)
{
	uint32_t mask = (1u << a->bits) - 1, pos = slots_home(a, tag);

	for (; a->v[pos].flow; pos = (pos + 1) & mask)
		if (a->v[pos].flow == flow)
			return pos;
	return UINT32_MAX;
}

void slots_remove(struct slots *s, uint32_t tag, uint32_t flow)
{
	struct slot_array *a = &s->now;
	uint32_t hole = find(a, tag, flow), mask, pos;

	if (hole == UINT32_MAX) {
		a = &s->old;
		hole = find(a, tag, flow);
	}
	mask = (1u << a->bits) - 1;
	/* Backward-shift deletion: later entries of the run move up unless
	 * that would put them before their home. No tombstones. */
	for (pos = (hole + 1) & mask; a->v[pos].flow; pos = (pos + 1) & mask) {
		uint32_t home = slots_home(a, a->v[pos].tag);

		if (((pos - home) & mask) >= ((pos - hole) & mask)) {
			a->v[hole] = a->v[pos];
			hole = pos;
		}
	}
	a->v[hole] = (struct slot){0};
	a->n--;
}
