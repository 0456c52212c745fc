/* SPDX-License-Identifier: MIT */
/*
 * A mirror that sends one direction only shows in what that direction acknowledges: bytes
 * that nobody has seen.
 */
#include "stream/deliver.h"
#include "stream/sides.h"

void sides_opened(const struct stream_table *t, const struct metlo_rec *rec)
{
	if (t->conf.count)
		t->conf.count(t->conf.count_ctx, rec->vni, STREAM_COUNT_OPENED);
}

void sides_record(const struct stream_table *t, const struct flow *f,
		  unsigned int dir, const struct metlo_rec *rec)
{
	const struct flow_dir *o = &f->dir[!dir];

	if (!t->conf.count || !rec->wire_len ||
	    !(rec->tcp_flags & METLO_TCP_ACK))
		return;
	if (o->state == DIR_UNSEEN ||
	    (dir_started(o) && seq_before(o->next, rec->ack)))
		t->conf.count(t->conf.count_ctx, rec->vni, STREAM_COUNT_UNSEEN);
}

void sides_ended(const struct stream_table *t, const struct flow *f)
{
	const bool one_sided =
		f->dir[0].state == DIR_UNSEEN || f->dir[1].state == DIR_UNSEEN;
	struct stream_tuple tuple;

	if (!t->conf.count || f->list < LIST_WAITING)
		return;
	flow_tuple(f, &tuple);
	t->conf.count(t->conf.count_ctx, tuple.vni,
		      one_sided ? STREAM_COUNT_ONE_SIDED : STREAM_COUNT_ENDED);
}
