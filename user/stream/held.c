/* SPDX-License-Identifier: MIT */
/*
 * Delivery of held data. Order of arrival across the two directions is kept,
 * because the protocol pairs requests with responses by it.
 */
#include "stream/deliver.h"
#include "stream/held.h"
#include "stream/match.h"
#include "stream/waits.h"

static void drop_first(struct stream_table *t, struct dir_ext *x)
{
	uint32_t bytes = x->segs.bytes, memory = x->segs.memory;

	segs_pop(&x->segs);
	t->stats.bytes_buffered -= bytes - x->segs.bytes;
	t->ooo_memory -= memory - x->segs.memory;
}

/* Can this direction advance? *order is the serial number of the record that
 * would be delivered. */
static bool can_deliver(const struct stream_table *t, const struct flow_dir *d,
			uint32_t *order)
{
	const struct dir_ext *x = dir_ext(t, d);
	const struct seg *s;
	uint32_t to;

	if (!x || !dir_started(d) || d->flags & D_FIN)
		return false;
	s = segs_first(&x->segs);
	if (!s && !(x->flags & X_FIN))
		return false;
	to = s ? s->seq : x->fin;
	*order = s ? s->order : x->fin_order;
	return to == d->next || dir_skip_left(d, x);
}

static void deliver_one(struct stream_table *t, struct flow *f,
			unsigned int dir, uint64_t ts_ns)
{
	struct flow_dir *d = &f->dir[dir];
	struct dir_ext *x = dir_ext(t, d);
	struct seg *s = segs_first(&x->segs);
	uint32_t to = s ? s->seq : x->fin;

	if (to != d->next) {
		/* A hole, but its bytes are to be skipped anyway. */
		uint64_t skip = dir_skip_left(d, x);
		uint32_t n = to - d->next;

		deliver_gap(t, f, dir, skip < n ? (uint32_t)skip : n,
			    STREAM_GAP_SKIPPED, ts_ns);
		return;
	}
	if (!s) {
		x->flags &= ~X_FIN;
		deliver_fin(t, f, dir, ts_ns);
		return;
	}
	if (s->kind == SEG_URGENT)
		d->next += s->len;
	else if (s->kind == SEG_DATA)
		deliver_data(t, f, dir, s->data, s->len, s->ts_ns,
			     s->has_ack ? &s->ack : NULL);
	else
		deliver_gap(t, f, dir, s->len, gap_kind_of(s->kind), s->ts_ns);
	drop_first(t, x);
}

void held_deliver(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	while (!flow_holding(f)) {
		uint32_t order[2] = {0, 0};
		bool can[2] = {can_deliver(t, &f->dir[0], &order[0]),
			       can_deliver(t, &f->dir[1], &order[1])};

		if (!can[0] && !can[1])
			return;
		if (can[0] && can[1])
			can[0] = seq_before(order[0], order[1]);
		deliver_one(t, f, can[0] ? 0 : 1, ts_ns);
	}
}

void held_give_up(struct stream_table *t, struct flow *f, unsigned int dir,
		  uint32_t to, uint64_t ts_ns, const char *reason)
{
	EXPLAIN(t, f, FLOW_GAP, dir, .offset = f->dir[dir].offset,
		.len = to - f->dir[dir].next, .reason = reason);
	deliver_gap(t, f, dir, to - f->dir[dir].next, STREAM_GAP_LOST, ts_ns);
	held_deliver(t, f, ts_ns);
}

bool held_hole_end(const struct stream_table *t, const struct flow_dir *d,
		   uint32_t *to)
{
	const struct dir_ext *x = dir_ext(t, d);

	if (!x || !dir_started(d) || d->flags & D_FIN)
		return false;
	if (x->segs.n)
		*to = segs_first(&x->segs)->seq;
	else if (x->flags & X_FIN)
		*to = x->fin;
	else
		return false;
	return true;
}

bool held_acked_beyond(const struct stream_table *t, const struct flow_dir *d)
{
	uint32_t to;

	return d->flags & D_ACKED && held_hole_end(t, d, &to) &&
	       !seq_before(d->acked, to);
}

void held_release(struct stream_table *t, struct flow *f, uint64_t ts_ns)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct flow_dir *d = &f->dir[dir];
		struct dir_ext *x = dir_ext(t, d);

		if (x && x->wait == WAIT_EXPIRED)
			x->wait = WAIT_NONE;
		if (d->state != DIR_HELD)
			continue;
		if (!(d->flags & D_CANDIDATE) ||
		    (uint32_t)(d->next - d->start) > MATCH_SYN_WINDOW)
			d->start = d->next;
		d->next = d->start;
		EXPLAIN(t, f, FLOW_START, dir,
			.reason =
				d->flags & D_CANDIDATE
					? "where the peer's acknowledgment puts it"
					: "no acknowledgment: the lowest byte seen");
		d->flags &= ~D_CANDIDATE;
		d->state = DIR_MIDSTREAM;
	}
	held_deliver(t, f, ts_ns);
}

void held_close_soon(struct stream_table *t, uint32_t index, unsigned int dir,
		     enum stream_end why)
{
	struct flow *f = flow_at(t, index);
	struct dir_ext *x;

	if (f->flags & (F_CLOSING | F_CLOSED))
		return;
	EXPLAIN(t, f, FLOW_CLOSING, dir,
		.reason = why == STREAM_END_RST
				  ? "RST"
				  : "another connection uses the tuple");
	x = ext_get(t, index, dir);
	f->flags |= F_CLOSING;
	f->why = why;
	if (!x)
		return; /* out of memory: it ends by the idle timeout */
	wait_begin(t, f->dir[dir].ext, WAIT_CLOSE);
}
