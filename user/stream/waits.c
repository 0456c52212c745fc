/* SPDX-License-Identifier: MIT */
/* Allocation of exts and the queue of waits, oldest first. */
#include <stdlib.h>

#include "stream/waits.h"

struct dir_ext *ext_get(struct stream_table *t, uint32_t flow, unsigned int dir)
{
	struct flow *f = flow_at(t, flow);
	struct flow_dir *d = &f->dir[dir];
	const struct dir_ext *other = dir_ext(t, &f->dir[!dir]);
	struct dir_ext *x;
	uint32_t index;

	if (d->ext)
		return ext_at(t, d->ext);
	index = slab_alloc(&t->ext_slab);
	if (!index)
		return NULL;
	x = ext_at(t, index);
	x->flow = flow;
	x->dir = dir;
	/* The flow's first ext is allocated while its own record is being
	 * processed, so t->hash is that of the flow. */
	x->hash = other ? other->hash : t->hash;
	d->ext = index;
	return x;
}

void ext_proven(struct stream_table *t, struct dir_ext *x)
{
	x->flags &= ~(X_UNPROVEN | X_CUT);
	if (x->unproven_data)
		t->ooo_memory -= x->unproven_to - x->unproven_from;
	free(x->unproven_data);
	x->unproven_data = NULL;
}

void ext_drop(struct stream_table *t, struct flow_dir *d)
{
	struct dir_ext *x = dir_ext(t, d);

	if (!x)
		return;
	wait_end(t, d->ext);
	ext_proven(t, x);
	t->stats.bytes_discarded += x->segs.bytes;
	t->stats.bytes_buffered -= x->segs.bytes;
	t->ooo_memory -= x->segs.memory;
	segs_free(&x->segs);
	slab_release(&t->ext_slab, d->ext);
	d->ext = 0;
}

void ext_drop_unused(struct stream_table *t, struct flow_dir *d)
{
	struct dir_ext *x = dir_ext(t, d);

	if (x && !x->segs.n && x->segs.memory) {
		t->ooo_memory -= x->segs.memory;
		segs_free(&x->segs);
	}
	if (x && !x->flags && x->wait == WAIT_NONE && !x->skip && !x->segs.n &&
	    !x->far_count && x->shunt == METLO_SHUNT_OFF)
		ext_drop(t, d);
}

void wait_begin(struct stream_table *t, uint32_t ext, enum ext_wait wait)
{
	struct dir_ext *x = ext_at(t, ext);

	wait_end(t, ext);
	x->wait = wait;
	x->since = t->wait_clock;
	x->wait_traffic = 0;
	x->prev = t->wait_newest;
	x->next = 0;
	if (t->wait_newest)
		ext_at(t, t->wait_newest)->next = ext;
	else
		t->wait_oldest = ext;
	t->wait_newest = ext;
}

void wait_end(struct stream_table *t, uint32_t ext)
{
	struct dir_ext *x = ext_at(t, ext);

	if (!wait_queued(x))
		return;
	x->wait = WAIT_NONE;
	if (x->prev)
		ext_at(t, x->prev)->next = x->next;
	else
		t->wait_oldest = x->next;
	if (x->next)
		ext_at(t, x->next)->prev = x->prev;
	else
		t->wait_newest = x->prev;
}
